"""Interactions of every two features over a data set, beside what is known of them."""

import pytest
import torch
from known_variances import A8, KNOWN

from explainers import Problem
from explainers.importance.interactions import interactions
from explainers.importance.opening import open_dataset


def found(function, rows, features, samples=8192, **arguments):
    with open_dataset(function, rows, **arguments) as (context, _):
        return interactions(context, features, samples)


def test_of_the_ishigami_function_only_one_pair_acts_together():
    """Its only term of two is x₃⁴ sin x₁ with its mean over x₃ taken out: T₃ = S₁₃ of the paper."""
    pairs = found(KNOWN["ishigami"].function, KNOWN["ishigami"].even_rows(), [0, 1, 2])
    truth = torch.zeros(3, 3, dtype=torch.float64)
    truth[0, 2] = truth[2, 0] = 0.243684
    assert (pairs.index - truth).abs().max() < 4 * pairs.error.max()
    assert pairs.index[0, 1] == pairs.index[1, 2] == pairs.index.diagonal().sum() == 0
    assert pairs.low[0, 2] < 0.243684 < pairs.high[0, 2] and pairs.names == ("x0", "x1", "x2")


def test_the_g_function():
    """Every term that holds both: Vᵢ Vⱼ Π (1 + Vₖ) over the others, of V = Π (1 + Vₖ) − 1."""
    parts = 1 / (3 * (1 + A8) ** 2)
    whole = (1 + parts).prod()
    pairs = found(KNOWN["g-function"].function, KNOWN["g-function"].even_rows(), [3, 0, 1, 2])
    own = parts[[3, 0, 1, 2]]
    truth = torch.outer(own, own) * whole / torch.outer(1 + own, 1 + own) / (whole - 1)
    off = ~torch.eye(4, dtype=torch.bool)
    assert (pairs.index - truth)[off].abs().le(4 * pairs.error[off]).all()
    assert pairs.names == ("x3", "x0", "x1", "x2")


def test_a_sum_and_a_constant_have_none_and_a_group_counts_as_one():
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    for function in (lambda x: x.sum(1), lambda x: 1e6 + 0 * x[:, 0], lambda x: (x**3).sum(1)):
        assert not found(function, x, [0, 1, 2], samples=256).index.any()
    pairs = found(
        lambda x: x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3], x, [0, 1], 256, groups=[[0, 1], [2, 3]]
    )
    assert not pairs.index.any()
    with pytest.raises(Problem, match="only one"):
        found(lambda x: x.sum(1), x, [2, 2])
