"""What has no rule, or whose rule does not hold, is named with its place; raw errors never."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from explainers import ModelProblem, explain
from explainers.methods.deeplift.contributions import contributions
from explainers.methods.deeplift.rule_kinds.linear import linear_map
from explainers.methods.deeplift.rule_registry import RULES

aten = torch.ops.aten
X = torch.randn(3, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
B = torch.randn(3, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
FALLBACKS = ("refuse", "integral")


def pooled(x):
    values, places = F.max_pool2d(x.reshape(-1, 2, 2, 2), 2, return_indices=True)
    return values.flatten(1) * places.flatten(1)


def unpooled(x):
    values, places = F.max_pool1d(x[:, None], 2, return_indices=True)
    return F.max_unpool1d(values, places, 2).flatten(1)


BY_PLACE = {
    "max_pool": pooled,
    "max_pool_in_a_row": lambda x: (
        F.max_pool1d(x[:, None], 2, return_indices=True)[1].double().flatten(1)
    ),
    "adaptive": lambda x: (
        F.adaptive_max_pool2d(x.reshape(-1, 2, 2, 2), 1, True)[1].flatten(1) * 1.0
    ),
    "unpool": unpooled,
    "max": lambda x: x.max(1).indices[:, None] * x,
    "argmax": lambda x: x.argmax(1, keepdim=True).to(x.dtype),
    "one_hot": lambda x: F.one_hot(x.argmax(1), 8).to(x.dtype) * x,
    "argsort": lambda x: x.argsort(1).to(x.dtype),
    "topk": lambda x: x.topk(2, 1).indices.to(x.dtype),
    "cummax": lambda x: x.cummax(1).indices * 1.0,
    "bucketize": lambda x: torch.bucketize(x, torch.tensor([-1.0, 0, 1]).to(x)) * 1.0,
    "searchsorted": lambda x: torch.searchsorted(torch.tensor([-1.0, 0, 1]).to(x), x) + x,
    "gather": lambda x: x.gather(1, x.argsort(1)),
    "scatter": lambda x: torch.zeros_like(x).scatter(1, x.argsort(1), x),
    "index": lambda x: torch.arange(8.0).double()[x.argsort(1)],
    "embedding": lambda x: F.embedding((x * 2).long().clamp(0, 7), torch.eye(8).double()).sum(1),
    "mask": lambda x: x.masked_select(x > 0).sum() + x.sum(1, keepdim=True),
    "unique": lambda x: x.round().unique(return_inverse=True)[1].to(x.dtype),
    "count": lambda x: torch.histc(x, 4).sum() + x.sum(1, keepdim=True),
}


@pytest.mark.parametrize("fallback", FALLBACKS)
@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel"])
@pytest.mark.parametrize("name", BY_PLACE)
def test_places_that_depend_on_the_input_are_no_numbers(name, rule, fallback):
    model = BY_PLACE[name]
    with pytest.raises(ModelProblem, match=r"(in|index).*test_named_operations\.py line \d+"):
        explain(model, X, "deeplift", B, 0, rule=rule, fallback=fallback)


class WithoutBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x


def doubly_differentiated(x):
    return torch.special.zeta(x.exp() + 1, x.exp())


@pytest.mark.parametrize(
    "model",
    [
        lambda x: WithoutBackward.apply(x),
        lambda x: checkpoint(lambda y: y * y, x, use_reentrant=True),
        lambda x: checkpoint(lambda y: y * y, x, use_reentrant=False),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_the_model_needs_no_derivative_of_its_own(model):
    scores = explain(lambda x: model(x).sum(1), X, "deeplift", B).scores
    torch.testing.assert_close(scores, X**2 - B**2)


@pytest.mark.parametrize(
    "model, name",
    [
        (doubly_differentiated, "zeta"),
        (lambda x: torch.special.bessel_j0(x), "bessel_j0"),
        (
            lambda x: torch.ones_like(x).scatter(1, torch.tensor([[0]] * 3), x, reduce="multiply"),
            "scatter",
        ),
    ],
)
def test_an_operation_without_a_derivative_is_named(model, name):
    with pytest.raises(ModelProblem, match=rf"{name}, in .*line \d+ back: PyTorch has no deriv"):
        explain(model, X, "deeplift", B, 0, fallback="integral")


def test_an_operation_that_draws_is_named():
    with pytest.raises(ModelProblem, match=r"random numbers.*bernoulli, in .*line \d+"):
        explain(lambda x: torch.bernoulli(x.sigmoid()), X, "deeplift", B, 0, fallback="integral")


@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel"])
def test_a_rule_that_does_not_hold_is_named(monkeypatch, rule):
    """Were a sine listed as linear by mistake, no picture would be drawn of it."""
    monkeypatch.setitem(RULES, aten.sin.default, linear_map)
    with pytest.raises(ModelProblem, match=r"do not add up through sin, in .*line \d+"):
        explain(lambda x: x.sin().relu(), X, "deeplift", B, 0, rule=rule)


def test_an_honest_model_is_looked_at_once():
    calls = []

    def model(x):
        calls.append(len(x))
        return (x * x).relu().sum(1)

    for dtype in (torch.float64, torch.float32):
        contributions(model, model, X.to(dtype), B.to(dtype))
    assert calls == [3, 3]


def test_asking_whether_all_is_well_is_no_choice():
    """Both go on alike, so nothing depends on it."""

    def model(x):
        assert not torch.isnan(x).any()
        if x.abs().max() > 100:
            return -x
        return x * x

    scores = explain(lambda x: model(x).sum(1), X, "deeplift", B).scores
    torch.testing.assert_close(scores, X**2 - B**2)
