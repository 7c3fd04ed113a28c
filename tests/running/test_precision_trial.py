"""Another precision or layout is used only where it was quicker and says the same."""

import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from explainers import explain, session
from explainers.errors import ModelProblem, Problem
from explainers.running import precision_trial
from explainers.running.precision_trial import OWN, Tried, Way, best, rank_correlation, try_ways

BFLOAT, LAST = Way("bfloat16"), Way("auto", channels_last=True)
SCORES, MAPS = torch.tensor([0.0, 1.0, 3.0]), torch.arange(30.0).view(3, 10)


@pytest.fixture
def spent(monkeypatch):
    """Seconds on a clock that only the ways below move."""
    now = [0.0]
    monkeypatch.setattr(precision_trial, "clock", lambda: now[0])
    return now


def way(spent, seconds, scores=SCORES, maps=MAPS):
    def ask():
        spent[0] += seconds
        return scores, maps

    return ask


def net():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 36, 3)
    return nn.Sequential(*layers).eval()


def test_what_is_quicker_and_agrees_is_used(spent):
    found = try_ways({OWN: way(spent, 1.0), BFLOAT: way(spent, 0.5), LAST: way(spent, 0.25)})
    assert [one.quicker for one in found] == [2.0, 4.0]
    assert best(found).way == LAST


@pytest.mark.parametrize(
    "seconds, scores, maps",
    [
        (1.0, SCORES, MAPS),
        (0.9, SCORES, MAPS),
        (0.1, SCORES, MAPS.flip(1)),
        (0.1, SCORES + torch.tensor([0.0, 0.0, 0.1]), MAPS),
        (0.1, SCORES, torch.full_like(MAPS, float("nan"))),
    ],
    ids=["as slow", "hardly quicker", "other ranks", "other scores", "no numbers"],
)
def test_what_is_not_quicker_or_does_not_agree_is_not(spent, seconds, scores, maps):
    ways = {OWN: way(spent, 1.0), BFLOAT: way(spent, seconds, scores, maps)}
    (found,) = try_ways(ways)
    assert best([found]) is None
    assert "it was not used" in found.words


def test_a_way_that_the_model_does_not_take_is_left_out(spent):
    def refused():
        raise ModelProblem("no kernel")

    assert try_ways({OWN: way(spent, 1.0), BFLOAT: refused}) == []
    with pytest.raises(ModelProblem):
        try_ways({OWN: refused, BFLOAT: way(spent, 1.0)})


def test_ranks_are_spearmans():
    generator = torch.Generator().manual_seed(0)
    one = torch.randint(0, 9, (60,), generator=generator).double()
    two = one + torch.randint(0, 9, (60,), generator=generator)
    assert rank_correlation(one, two) == pytest.approx(spearmanr(one, two).statistic, abs=1e-12)


@pytest.mark.parametrize("chosen", [LAST, BFLOAT, None])
def test_the_answer_says_what_was_used_and_is_the_same(monkeypatch, chosen):
    asked = []

    def trial(ways):
        asked.append(list(ways))
        return [] if chosen is None else [Tried(chosen, 2.0, 0.9995, 0.001)]

    monkeypatch.setattr(session, "try_ways", trial)
    model, x = net(), torch.rand(2, 3, 8, 8)
    before = {name: values.clone() for name, values in model.state_dict().items()}
    answers = [explain(model, x, "integrated_gradients", precision="trial") for _ in range(2)]
    assert asked == [[OWN, LAST, BFLOAT, Way("bfloat16", channels_last=True)]], "once a model"
    plain = explain(model, x, "integrated_gradients", target=answers[0].target)
    for answer in answers:
        assert answer.precision == ("bfloat16" if chosen == BFLOAT else "float32")
        assert ("In a trial on this machine" in " ".join(answer.notes)) == (chosen is not None)
        assert answer.settings["precision"] == (chosen or OWN).words
        close = {"rtol": 0.05, "atol": 0.02} if chosen == BFLOAT else {}
        torch.testing.assert_close(answer.scores.float(), plain.scores, **close)
    assert all(torch.equal(values, before[name]) for name, values in model.state_dict().items())
    assert model[0].weight.is_contiguous()


def test_on_a_real_network_the_trial_is_made(monkeypatch):
    found = []
    monkeypatch.setattr(session, "best", lambda tried: found.extend(tried))
    explain(net(), torch.rand(1, 3, 8, 8), "saliency", precision="trial")
    by_way = {one.way: one for one in found}
    assert by_way[LAST].ranks == pytest.approx(1, abs=1e-6) and by_way[LAST].off < 1e-5
    assert 0.9 < by_way[BFLOAT].ranks < 1, "eight bits of a mantissa"


def test_models_that_draw_numbers_and_functions_are_not_tried(monkeypatch):
    monkeypatch.setattr(session, "try_ways", lambda ways: pytest.fail("was tried"))
    dropping = nn.Sequential(nn.Linear(4, 2), Always())
    assert explain(dropping, torch.rand(1, 4), "saliency", precision="trial", target=0).notes
    explain(lambda x: x.sum(1), torch.rand(1, 4), "saliency", precision="trial")
    explain(nn.Linear(4, 2).double(), torch.rand(1, 4).double(), "saliency", precision="trial")


class Settings(nn.Module):
    """Writes down how a GPU would make products in each pass, forward and back."""

    def __init__(self) -> None:
        super().__init__()
        self.net = net()

    def forward(self, x):
        SEEN.append(products())
        output = self.net(x)
        if output.requires_grad:
            output.register_hook(lambda slopes: SEEN.append(products()))
        return output

    def __deepcopy__(self, memo):
        raise AssertionError("TF32 needs no copy of a network in float32")


def products():
    places = torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn
    return tuple(place.fp32_precision for place in places)


def rounded(seen):
    """Whether all products of a pass were rounded, or none; for all passes."""
    assert all(len({one == "tf32" for one in ones}) == 1 for ones in seen)
    return {"tf32" in ones for ones in seen}


SEEN: list[tuple[str, ...]] = []
"""Beside the model, whose own lists are put back after a call."""


def settings():
    """All that says how products are made, by torch's new names and by its old ones."""
    found = [*products(), torch.backends.mkldnn.matmul.fp32_precision]
    for read in (torch.get_float32_matmul_precision, lambda: torch.backends.cudnn.allow_tf32):
        try:
            found.append(read())
        except RuntimeError:  # once both kinds of names were used
            found.append(None)
    return found


def set_one_by_one():
    for place in torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn:
        place.fp32_precision = "ieee"


SET = {
    "torch's own": lambda: None,
    "all rounded": lambda: setattr(torch.backends.cuda.matmul, "allow_tf32", True),
    "none rounded": lambda: setattr(torch.backends.cudnn, "allow_tf32", False),
    "medium": lambda: torch.set_float32_matmul_precision("medium"),
    "one by one": set_one_by_one,
    "all of torch": lambda: setattr(torch.backends, "fp32_precision", "tf32"),
}


@pytest.fixture(params=SET)
def before(request, monkeypatch):
    """A processor that passes for a GPU, in a process with some settings; they must come back."""
    monkeypatch.setattr(precision_trial, "has_tf32", lambda device: True)
    own, everywhere = settings(), torch.backends.fp32_precision
    SEEN.clear()
    SET[request.param]()
    found = settings()
    yield found
    after = settings()
    torch.backends.fp32_precision = everywhere
    torch.set_float32_matmul_precision(own[4])
    torch.backends.cudnn.allow_tf32 = own[5]
    torch.backends.cuda.matmul.fp32_precision = own[0]
    torch.backends.mkldnn.matmul.fp32_precision = own[3]
    assert settings() == own
    same = [now for now, then in zip(after, found, strict=True) if then is not None]
    assert same == [then for then in found if then is not None]


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift", "occlusion"])
@pytest.mark.parametrize("precision", ["auto", "float32", "tf32"])
def test_products_are_rounded_only_where_it_was_asked_for(before, method, precision):
    model, x = Settings(), torch.rand(2, 3, 8, 8)
    answer = explain(model, x, method, precision=precision, target=0)
    assert rounded(SEEN) == {precision == "tf32"}
    assert answer.precision == ("tf32" if precision == "tf32" else "float32")


def test_products_are_as_before_where_the_model_fails(before):
    def broken(x):
        raise ValueError("no")

    with pytest.raises(ModelProblem):
        explain(broken, torch.rand(1, 3), "saliency", precision="tf32")
    assert products() == tuple(before[:3])


def test_a_trial_rounds_products_in_its_own_turn_alone(before, monkeypatch):
    asked = {}

    def trial(ways):
        for way, ask in (*ways.items(), *ways.items()):
            SEEN.clear()
            ask()
            asked.setdefault(way, set()).update(SEEN)
            SEEN.clear()
        return [Tried(Way("tf32"), 2.0, 0.9995, 0.001)]

    monkeypatch.setattr(session, "try_ways", trial)
    monkeypatch.setattr(Settings, "__deepcopy__", lambda model, memo: model)
    watched, x = Settings(), torch.rand(1, 3, 8, 8)
    for _ in range(2):
        monkeypatch.setattr(session.eval_mode, "placed_on", lambda model, *how: model)
        answer = explain(watched, x, "saliency", precision="trial")
        assert answer.precision == "tf32" and "tf32 was 2.0 times" in " ".join(answer.notes)
    assert {way.precision for way in asked} == {"auto", "bfloat16", "tf32"}
    for way, found in asked.items():
        assert rounded(found) == {way.precision == "tf32"}, way
    assert rounded(SEEN) == {True}, "as the trial found"


def test_tf32_on_a_processor_is_refused():
    with pytest.raises(Problem, match="NVIDIA"):
        explain(net(), torch.rand(1, 3, 8, 8), "saliency", precision="tf32")


class Always(nn.Module):
    """Draws numbers in evaluation mode, too."""

    def forward(self, x):
        return x * torch.rand_like(x)


def test_a_method_that_needs_no_slopes_is_not_refused_for_want_of_them():
    class Flat(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x).detach()

    x = torch.rand(1, 4, generator=torch.Generator().manual_seed(0))
    net = Flat(4, 2).eval()
    found = explain(net, x, "ablation", precision="trial", target=0)
    torch.testing.assert_close(found.scores, explain(net, x, "ablation", target=0).scores)
