"""Functions of several Values: exact Shapley values, by enumeration."""

import pytest
import torch
import torch.nn.functional as F
from enumeration import shapley
from torch import nn

from explainers import explain

RULES = ("rescale", "reveal_cancel", "genomics")


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, B = normal(6, 2, seed=1), normal(6, 2, seed=2)
LEFT, RIGHT, CORE = normal(3, seed=3), normal(4, seed=4), normal(2, 3, 4, seed=5)
SHAPES = normal(3, 4, seed=6)


def bilinear(x):
    return F.bilinear(x[:, :1] * LEFT, x[:, 1:] * RIGHT, CORE)[:, 0]


def own_filter(x):
    """A convolution whose filter depends on the input as well."""
    series, filters = x[:, :1] * RIGHT, x[:, 1:] * LEFT
    found = F.conv1d(series[None], filters[:, None], groups=len(x))
    return found[0, :, 0]


def cross(x):
    return torch.linalg.cross(x[:, :1] * LEFT, x[:, 1:] * RIGHT[:3])[:, 1]


def matrices(x):
    return torch.einsum("ni,nj,ij->n", x[:, :1] * LEFT, x[:, 1:] * RIGHT, CORE[0])


FUNCTIONS = {
    "bilinear": bilinear,
    "own_filter": own_filter,
    "cross": cross,
    "einsum": matrices,
    "atan2": lambda x: torch.atan2(x[:, 0], x[:, 1]),
    "power": lambda x: x[:, 0].exp() ** x[:, 1],
    "power_of_two": lambda x: 2 ** x[:, 0] * x[:, 1],
    "fmod": lambda x: torch.fmod(3 * x[:, 0], x[:, 1].exp()) / 1,
    "remainder": lambda x: torch.remainder(3 * x[:, 0], x[:, 1]),
    "rounded": lambda x: torch.div(3 * x[:, 0], x[:, 1], rounding_mode="floor"),
    "copysign": lambda x: torch.copysign(x[:, 0], x[:, 1]),
    "clamped": lambda x: x[:, 0].clamp_min(x[:, 1]),
    "clamped_above": lambda x: torch.clamp_max(x[:, 0], x[:, 1]),
    "either": lambda x: ((x[:, 0] > 0) ^ (x[:, 1] > 0)).to(x.dtype),
    "both": lambda x: torch.logical_and(x[:, 0].relu(), x[:, 1].relu()).to(x.dtype),
    "counted": lambda x: (x > 0).sum(1).to(x.dtype) * 2.5,
    "any": lambda x: (x > 0).any(1).to(x.dtype),
    "every": lambda x: (x > 0).all(1).to(x.dtype),
    "whole_numbers": lambda x: ((3 * x[:, 0]).long() + (2 * x[:, 1]).int() * 2).to(x.dtype),
}
# A step inside, between exp and fmod for example, makes the chain differ from the whole.
CHAINED = {"power", "fmod", "power_of_two", "both"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_two_inputs_have_their_shapley_values(name):
    function = FUNCTIONS[name]
    for baseline in (B, torch.zeros_like(X)):
        if not torch.isfinite(function(baseline)).all():
            continue
        scores = explain(function, X, "deeplift", baseline).scores
        for row, (x, b) in enumerate(zip(X, baseline, strict=True)):
            exact = shapley(lambda v: function(v.expand(6, 2))[0], x, b)
            if name in CHAINED:
                scores_sum, exact_sum = scores[row].sum(), exact.sum()
                torch.testing.assert_close(scores_sum, exact_sum)
            else:
                torch.testing.assert_close(scores[row], exact)


def test_three_factors_have_their_shapley_values():
    """All three arguments of a bilinear layer, its weight included."""
    x, b = normal(4, 3, seed=7), normal(4, 3, seed=8)

    def model(v):
        weight = v[0, 2] * CORE
        return F.bilinear(v[:, :1] * LEFT, v[:, 1:2] * RIGHT, weight)[:, 0]

    for one, other in zip(x, b, strict=True):
        scores = explain(model, one[None], "deeplift", other[None]).scores
        exact = shapley(lambda v: model(v[None])[0], one, other)
        torch.testing.assert_close(scores[0], exact)


class Similar(nn.Module):
    """Cosine similarity to learned prototypes, as in few-shot and metric learning."""

    def __init__(self):
        super().__init__()
        self.layer, self.table = nn.Linear(5, 4), nn.Parameter(normal(3, 4))

    def forward(self, x):
        return F.cosine_similarity(self.layer(x)[:, None], self.table[None], dim=-1)


class Layers(nn.Module):
    """A layer of two arguments, and norms whose weights depend on the input."""

    def __init__(self):
        super().__init__()
        self.layer, self.two = nn.Linear(5, 4), nn.Bilinear(4, 4, 3)

    def forward(self, x):
        h = self.layer(x)
        scaled = F.layer_norm(h, (4,), h[0], h[0]) if len(x) == 1 else h
        distances = torch.cdist(h[:, None], scaled.flip(1)[:, None]).flatten(1)
        slope = F.prelu(h, h.mean().sigmoid()[None]) if len(x) == 1 else h
        return self.two(h, slope.tanh()) + distances


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("make", [Similar, Layers])
def test_layers_of_two_arguments_add_up(make, rule):
    torch.manual_seed(0)
    model = make().double()
    for x, b in zip(normal(3, 1, 5, seed=1), normal(3, 1, 5, seed=2), strict=True):
        for baseline in (b, torch.zeros_like(b)):
            answer = explain(model, x, "deeplift", baseline, 1, rule=rule)
            assert answer.gap.abs().max() < 1e-9
            assert [note for note in answer.notes if "of a batch affect" not in note] == []
