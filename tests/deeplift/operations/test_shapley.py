"""The rules of products, softmax and normalisation against exact Shapley values, by enumeration.

Completeness leaves a choice; these figures are why the rules are as they are.
"""

import numpy as np
import pytest
import torch
from enumeration import shapley

from explainers import explain


def distance(scores, exact):
    """Mean over pairs of Σ|scores − exact| / Σ|exact|."""
    return float(((scores - exact).abs().sum(1) / exact.abs().sum(1)).mean())


def pairs(width, spread, reference_spread=None, count=24):
    """Random inputs and references."""
    generator = torch.Generator().manual_seed(width)
    x, b = torch.randn(2, count, width, generator=generator, dtype=torch.float64) * spread
    return x, b if reference_spread is None else b / spread * reference_spread


def compared(function, x, b):
    """Distance of our scores, and exact values, for a function of rows (n, width) → (n,)."""
    exact = torch.stack(
        [shapley(lambda row: function(row[None])[0], *pair) for pair in zip(x, b, strict=True)]
    )
    scores = explain(function, x, method="deeplift", baseline=b).scores
    return distance(scores, exact), exact


def integrated(function, x, b):
    """Integrated Gradients by 64 Gauss points."""
    places, weights = np.polynomial.legendre.leggauss(64)
    total = torch.zeros_like(x)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        leaf = (b + place * (x - b)).requires_grad_()
        total += weight * torch.autograd.grad(function(leaf).sum(), leaf)[0]
    return total * (x - b)


def by_products(x, b):
    """Softmax's first output as exp · 1/Σexp: the rule not taken."""
    top = torch.maximum(x, b).amax(1, keepdim=True)
    e1, e0 = (x - top).exp(), (b - top).exp()
    s1, s0 = e1.sum(1, keepdim=True), e0.sum(1, keepdim=True)
    scores = -(e1[:, :1] + e0[:, :1]) / 2 / (s1 * s0) * (e1 - e0)
    scores[:, :1] += (1 / s1 + 1 / s0) / 2 * (e1 - e0)[:, :1]
    return scores


def normalised(x):
    """First value of a layer norm."""
    return torch.nn.functional.layer_norm(x, x.shape[1:])[:, 0]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[:, 0] * x[:, 1],
        lambda x: x[:, 0] * 3 - x[:, 1] * x[:, 2],
        lambda x: (x[:, :2].unsqueeze(1) @ x[:, 2:4].unsqueeze(2)).flatten(),
        lambda x: torch.maximum(x[:, 0], x[:, 1]),
        lambda x: torch.minimum(x[:, 0], x[:, 1]),
    ],
)
def test_products_and_the_larger_of_two_are_exact_shapley_values(function):
    x, b = pairs(4, 1.0)
    gap, _ = compared(function, x, b)
    assert gap < 1e-9


@pytest.mark.parametrize("spread, bound", [(0.5, 0.04), (1.0, 0.1), (3.0, 0.5)])
@pytest.mark.parametrize("width", [2, 3])
def test_softmax_is_near(width, spread, bound):
    x, b = pairs(width, spread)
    gap, exact = compared(lambda x: x.softmax(1)[:, 0], x, b)
    assert gap < bound
    assert gap < distance(by_products(x, b), exact)


@pytest.mark.parametrize("width", [3, 4])
def test_layer_norm_is_near_also_where_the_reference_is_nearly_flat(width):
    x, b = pairs(width, 1.0, 0.05)
    gap, exact = compared(normalised, x, b)
    assert gap < 1.0
    assert gap < distance(integrated(normalised, x, b), exact)
