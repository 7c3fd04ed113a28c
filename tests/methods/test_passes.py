"""How models are run: borrowed and given back, batch by batch, counted, cancelled."""

import copy

import pytest
import torch
from nets import PICTURE_METHODS, convnet, pictures
from torch import nn

from explainers import METHODS, Cancelled, ModelProblem, Problem, explain
from explainers.batch_plan import LARGEST_BATCH
from explainers.kinds.layout import InputLayout
from explainers.passes import Passes

QUICK = {
    "finite_differences": {"block": 3},
    "integrated_gradients": {"tolerance": 0.01},
    "smoothgrad": {"samples": 7},
    "noise": {"samples": 3, "width": 6},
    "expected_gradients": {"samples": 6},
    "rise": {"samples": 30},
    "shapley": {"width": 3, "samples": 3},
}


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_an_attribution_depends_on_its_own_input_alone(method):
    """Not on batch mates, on the batch size, or on an earlier call."""
    net, x = convnet(), pictures(3)
    options = QUICK.get(method, {})
    together = explain(net, x, method, "blur", target=1, **options)
    alone = [explain(net, x[i : i + 1], method, "blur", target=1, **options) for i in range(3)]
    torch.testing.assert_close(together.scores, torch.cat([a.scores for a in alone]))
    for size in (1, 2, 5, 64):
        again = explain(net, x, method, "blur", target=1, batch_size=size, **options)
        torch.testing.assert_close(again.scores, together.scores)
    mates = explain(net, torch.cat([x[1:2], 100 * x]), method, "blur", target=1, **options)
    torch.testing.assert_close(mates.scores[0], together.scores[1])


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_a_caller_without_gradients_gets_the_same(method):
    net, x = convnet(), pictures()
    options = QUICK.get(method, {})
    expected = explain(net, x, method, **options).scores
    with torch.no_grad():
        assert torch.equal(explain(net, x, method, **options).scores, expected)


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_the_model_is_left_as_found(method):
    net = nn.Sequential(*convnet(), nn.Dropout(0.5), nn.BatchNorm1d(4).double())
    net.train()
    net[3].eval()
    net[0].weight.requires_grad_(False)
    net[3].weight.grad = torch.ones_like(net[3].weight)
    calls = []
    net[1].register_forward_hook(lambda *_: calls.append(1))
    before = copy.deepcopy(net.state_dict())
    modes = [module.training for module in net.modules()]
    learning = [parameter.requires_grad for parameter in net.parameters()]
    hooks = [len(module._forward_hooks) for module in net.modules()]
    x = pictures()
    kept = x.clone()
    explain(net, x, method, **QUICK.get(method, {}))
    assert [module.training for module in net.modules()] == modes
    assert [parameter.requires_grad for parameter in net.parameters()] == learning
    assert [len(module._forward_hooks) for module in net.modules()] == hooks
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert torch.equal(net[3].weight.grad, torch.ones_like(net[3].weight))
    assert net[0].weight.grad is None
    assert torch.equal(x, kept) and not x.requires_grad
    assert calls


def test_a_model_that_raises_is_left_as_found_too():
    class Broken(nn.Module):
        def forward(self, x):
            raise RuntimeError("boom at layer 7")

    net = Broken().train()
    with pytest.raises(ModelProblem, match="boom at layer 7"):
        explain(net, pictures())
    assert net.training


@pytest.mark.parametrize(
    "model, words",
    [
        (lambda x: x.flatten(1) * float("nan"), "NaN"),
        (lambda x: {"out": x}, "dict"),
        (lambda x: x.mean(), "first dimension"),
        (lambda x: x, "callable target"),
        (lambda x: x.flatten(1).detach() * 0 + 1, "No gradient flows"),
    ],
)
def test_models_that_cannot_be_explained_are_named(model, words):
    with pytest.raises(Problem, match=words):
        explain(model, pictures(), "saliency", target=0)


def test_models_that_write_on_their_input_do_not_write_on_ours():
    net = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(432, 2).double())
    x = pictures() - 0.5
    kept = x.clone()
    first = explain(net, x, "occlusion", target=0)
    assert torch.equal(x, kept)
    assert torch.equal(first.scores, explain(net, x, "occlusion", target=0).scores)


def test_out_of_memory_halves_the_batch():
    sizes = []

    def hungry(x):
        sizes.append(len(x))
        if len(x) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return x.flatten(1).sum(1)

    x = pictures()
    answer = explain(hungry, x, steps=24, batch_size=16)
    torch.testing.assert_close(answer.scores, x)
    assert max(sizes) == 16 and sizes[-1] <= 3
    with pytest.raises(Problem, match="not enough memory"):
        explain(lambda x: _raise(torch.OutOfMemoryError("out of memory")), x)


def _raise(error):
    raise error


def test_passes_are_counted():
    calls = {"rows": 0}

    def counted(x):
        calls["rows"] += len(x)
        return x.flatten(1).sum(1)

    x = pictures(2)
    answer = explain(counted, x, steps=10)
    # Once for each model two passes more, of one row and of two, find out how it behaves. The
    # baseline is the same for both inputs, and asked once.
    assert calls["rows"] == 2 * (10 + 1) + 1 + 1 + 2
    assert answer.passes == 10 + 10 + 2
    explain(counted, x, steps=10)
    assert calls["rows"] == 2 * (2 * (10 + 1) + 1) + 1 + 2


@pytest.mark.parametrize(
    "method", [key for key in PICTURE_METHODS if key not in ("saliency", "grad_cam")]
)
def test_progress_reaches_its_end_and_cancels(method):
    seen = []
    options = {**QUICK.get(method, {})}
    explain(convnet(), pictures(), method, progress=seen.append, batch_size=2, **options)
    assert seen[-1].done >= seen[-1].total * 0.9
    assert all(a.done < b.done for a, b in zip(seen, seen[1:], strict=False))

    def stop(progress):
        if progress.done > 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain(convnet(), pictures(3), method, progress=stop, batch_size=1, **options)


@pytest.mark.parametrize(
    "method",
    [
        "integrated_gradients",
        "smoothgrad",
        "rise",
        "occlusion",
        "ablation",
        "noise",
        "expected_gradients",
        "shapley",
    ],
)
def test_the_partial_map_becomes_the_map(method):
    last = {}

    def look(progress):
        partial = progress.partial()
        if partial is not None:
            last["map"] = partial.clone()

    answer = explain(
        convnet(), pictures(), method, progress=look, batch_size=1, **QUICK.get(method, {})
    )
    share = torch.nn.functional.cosine_similarity(
        last["map"].flatten(), answer.scores.flatten(), dim=0
    )
    assert share > 0.9


def test_recurrent_networks_run_backward_in_eval_mode():
    net = nn.LSTM(3, 4, batch_first=True).double()
    x = torch.rand(2, 5, 3, dtype=torch.float64)
    answer = explain(lambda x: net(x)[0][:, -1], x, target=0, tolerance=1e-4)
    assert answer.gap.abs().max() < 1e-4


@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_precision_runs_on_a_copy(precision):
    net = convnet().float()
    x = pictures().float()
    answer = explain(net, x, "saliency", target=0, precision=precision)
    assert answer.precision == precision
    assert next(net.parameters()).dtype == torch.float32
    exact = explain(net, x, "saliency", target=0).scores
    likeness = torch.nn.functional.cosine_similarity(
        answer.scores.flatten().double(), exact.flatten().double(), dim=0
    )
    assert likeness > 0.95


@pytest.mark.parametrize(
    "change, words",
    [
        ({"method": "integrated_gradient"}, "Did you mean 'integrated_gradients'"),
        ({"stepz": 3}, "has no option 'stepz'"),
        ({"steps": 0}, "not between"),
        ({"steps": 2.5}, "not a whole number"),
        ({"rule": "simpson"}, "is not one of"),
        ({"baseline": "black"}, "no baseline 'black'"),
        ({"baseline": torch.zeros(5)}, "The baseline has shape"),
        ({"score": "odds"}, "is not known"),
        ({"precision": "half"}, "is not known"),
        ({"batch_size": 0}, "positive"),
    ],
)
def test_bad_arguments_get_a_sentence(change, words):
    with pytest.raises(Problem, match=words):
        explain(convnet(), pictures(), **change)


def test_bad_inputs_get_a_sentence():
    x = pictures()
    x[0, 0, 0, 0] = float("nan")
    with pytest.raises(Problem, match="1 input values are NaN"):
        explain(convnet(), x)
    with pytest.raises(Problem, match="floating-point"):
        explain(convnet(), torch.ones(1, 3, 4, 4, dtype=torch.long))


def test_the_plan_learns_and_stays_within_its_limits():
    run = Passes(lambda x: x.sum(1), batch_size=None)
    run.plan.learn(8, 0.1)
    assert run.plan.size == 16, "a short pass"
    run.plan.learn(16, 0.001)
    assert run.plan.size == 128, "one that is all overhead"
    run.plan.learn(128, 5.0)
    assert run.plan.size == 64
    run.plan.learn(3, 0.1)
    assert run.plan.size == 64, "what was not full says nothing"
    run.plan.learn(64, 0.001)
    assert run.plan.size == LARGEST_BATCH


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_no_score_carries_a_way_back_into_a_callables_weights(method):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 2))
    entry = METHODS[method]
    if method == "grad_cam":
        return
    shape = (3, 8, 8)
    options = entry.trial_options(InputLayout.of(shape))
    answer = explain(lambda x: net(x), torch.rand(1, *shape), method, target=0, **options)
    assert not answer.scores.requires_grad and not answer.output.requires_grad
    assert all(weight.grad is None for weight in net.parameters())
