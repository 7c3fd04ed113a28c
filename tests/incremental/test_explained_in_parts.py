"""Methods that perturb regions answer the same in parts as by plain passes, and leave no trace."""

import itertools

import pytest
import torch
from local_networks import random_network
from torch import nn

from explainers import explain
from explainers.errors import Cancelled
from explainers.passes import Passes
from explainers.perturbation.incremental import Incremental, answering

DNA = torch.eye(4)[torch.arange(400).mul(7).remainder(11).remainder(4)].T[None].contiguous()


@pytest.fixture
def plainly(monkeypatch):
    """A function that explains by plain passes only."""

    def explained(*args, **kwargs):
        with monkeypatch.context() as patch:
            patch.setattr(answering, "_may", lambda passes, inputs: False)
            return explain(*args, **kwargs)

    return explained


@pytest.fixture
def decided(monkeypatch):
    """What was decided of each model: whether parts pay. Here they do, whatever the clock says."""
    made = []

    class Kept(Incremental):
        def __init__(self, passes, inputs):
            super().__init__(passes, inputs)
            made.append(self)

    monkeypatch.setattr("explainers.context.Incremental", Kept)
    clock = itertools.cycle([1.0, 0.001])  # plainly, in parts
    monkeypatch.setattr(answering, "_seconds", lambda points, started: next(clock))
    return made


def convolutions():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv1d(4, 8, 7, padding=3),
        nn.BatchNorm1d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool1d(3),
        nn.Conv1d(8, 8, 3),
        nn.ReLU(),
        nn.AdaptiveMaxPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 3),
        nn.Softmax(1),
    ).eval()


QUESTIONS = {
    "mutagenesis": {"stop": 60},
    "occlusion": {"window": 6, "stride": 5},
    "ablation": {"by": "letter", "width": 9},
}


@pytest.mark.parametrize("score", ["output", "logit", "probability"])
@pytest.mark.parametrize("method", QUESTIONS)
def test_methods_answer_the_same(method, score, plainly, decided):
    model, options = convolutions(), {**QUESTIONS[method], "score": score, "target": 1}
    inputs = torch.cat([DNA, DNA.roll(7, 2)])
    seen, seen_plainly = [], []
    expected = plainly(model, inputs, method, **options, progress=seen_plainly.append)
    found = explain(model, inputs, method, **options, progress=seen.append)
    assert decided[-1].pays
    spread = float(expected.scores.abs().max())
    assert float((found.scores - expected.scores).abs().max()) < 1e-4 * spread
    assert found.passes == expected.passes
    last, plain_last = seen[-1], seen_plainly[-1]
    assert (last.done, last.total) == (plain_last.done, plain_last.total)


def test_occlusion_of_a_picture_answers_the_same(plainly, decided):
    model = random_network(0, 2, 64)
    x = torch.randn(1, 4, 64, 61, dtype=torch.float64)
    options = {"window": (4, 9, 9), "stride": (4, 5, 5), "target": 0}
    found, expected = (ask(model, x, "occlusion", **options) for ask in (explain, plainly))
    assert decided[0].pays
    torch.testing.assert_close(found.scores, expected.scores, rtol=1e-9, atol=1e-9)
    assert found.passes == expected.passes


def test_whichever_is_quicker_is_kept(monkeypatch, plainly, decided):
    monkeypatch.setattr(answering, "TRIALS", 1)
    clock = itertools.cycle([1.0, 1000.0])
    monkeypatch.setattr(answering, "_seconds", lambda points, started: next(clock))
    model = convolutions()
    found = explain(model, DNA, "mutagenesis", stop=60, target=0)
    assert decided[0].pays is False
    expected = plainly(model, DNA, "mutagenesis", stop=60, target=0)
    torch.testing.assert_close(found.scores, expected.scores)
    assert found.passes == expected.passes


def test_what_is_quick_is_not_tried(monkeypatch, decided):
    """Both ways take long, but there is little to do."""
    monkeypatch.setattr(Incremental, "in_parts", None)
    monkeypatch.setattr(answering, "WORTH_IT", 1000.0)
    explain(convolutions(), DNA, "mutagenesis", stop=60, target=0)
    assert decided[0].pays is False


def test_what_is_not_the_same_is_not_used(monkeypatch, plainly, decided):
    """A wrong rule, put there on purpose, is noticed by the trial."""
    in_parts = Incremental.in_parts
    monkeypatch.setattr(Incremental, "in_parts", lambda *args: in_parts(*args) * 1.001)
    model = convolutions()
    found = explain(model, DNA, "mutagenesis", stop=60, target=0)
    assert decided[0].pays is False
    expected = plainly(model, DNA, "mutagenesis", stop=60, target=0)
    torch.testing.assert_close(found.scores, expected.scores)


@pytest.mark.parametrize(("whole_points", "least"), [(0, 1), (4, 8)])
def test_slow_networks_are_asked_about_few_parts_at_once(whole_points, least, monkeypatch, decided):
    """Even about one, and about no fewer than take as long as some whole points."""
    passes, in_parts = [], Incremental.in_parts
    monkeypatch.setattr("explainers.batch_plan.SECONDS_TOO_LONG", -1.0)
    monkeypatch.setattr("explainers.batch_plan.SECONDS_TOO_SHORT", -2.0)
    monkeypatch.setattr(answering, "WHOLE_POINTS", whole_points)

    def counting(self, points, row):
        passes.append(len(points))
        return in_parts(self, points, row)

    monkeypatch.setattr(Incremental, "in_parts", counting)
    explain(convolutions(), DNA, "mutagenesis", stop=24, target=0)
    assert decided[0].pays and passes[0] == 8 and sum(passes) == 72
    assert passes[-2:] == [least, least]


class Mixing(nn.Module):
    """Takes the batch's mean away."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(4, 2, 5)

    def forward(self, x):
        x = self.convolution(x)
        return (x - x.mean(0)).amax(2) + x.amax(2)


class Drawing(nn.Module):
    """Draws random numbers in evaluation mode too."""

    def forward(self, x):
        return (x * torch.rand_like(x)).amax(2)


@pytest.mark.parametrize("kind", [Mixing, Drawing])
def test_rows_that_interact_and_random_models_are_not_asked_in_parts(kind, decided):
    torch.manual_seed(5)
    explain(kind(), DNA, "occlusion", window=6, target=0)
    assert [each.pays for each in decided] == [False]


def test_hooks_see_plain_tensors_and_the_model_is_left_as_found(decided):
    model = convolutions().train()
    model[4].weight.grad = torch.ones_like(model[4].weight)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    explain(model, DNA, "mutagenesis", stop=60, target=0)
    assert decided[0].pays
    assert all(module.training for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(model[4].weight.grad, torch.ones_like(model[4].weight))
    for name, tensor in model.state_dict().items():
        assert type(tensor) is torch.Tensor and torch.equal(tensor, before[name]), name
    seen = []
    model[4].register_forward_hook(lambda module, inputs, output: seen.append(type(inputs[0])))
    explain(model, DNA, "mutagenesis", stop=60, target=0)
    assert set(seen) == {torch.Tensor} and decided[1].pays is False
    assert len(model[4]._forward_hooks) == 1


def test_what_a_network_keeps_of_a_run_is_not_a_part():
    class Keeping(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside, self.last = convolutions(), None

        def forward(self, x):
            self.last = self.inside[0](x)
            return self.inside[1:](self.last)

    model = Keeping()
    explain(model, DNA, "mutagenesis", stop=60, target=0)
    assert model.last is None


def test_a_call_can_be_ended(decided):
    def end(progress):
        if decided and decided[0].pays:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain(convolutions(), DNA, "mutagenesis", target=0, progress=end)


def test_single_precision_stays_within_its_tolerance():
    """Against double precision, no further off than plain passes by more than rounding."""
    model, x = convolutions()[:-1], DNA
    points = x.repeat(400, 1, 1)
    for place in range(400):
        points[place, :, place] = points[place, :, place].roll(1)
    with torch.no_grad():
        found = Incremental(Passes(model), x).in_parts(points, 0)
        exact = convolutions()[:-1].double()(points.double())
    assert float((found - exact).abs().max() / (exact.max() - exact.min())) < 1e-5
