"""The completeness gap on numbers that can be checked by hand."""

import math

import torch

from explainers import explain
from explainers.runs import completeness_gap


def test_a_missing_tenth_is_a_gap_of_a_tenth_whatever_the_sign():
    scores = torch.tensor([[0.5, 0.4], [1.0, 0.1], [-0.5, -0.4]])
    found = completeness_gap(scores, torch.tensor([3.0, 1.0, 1.0]), torch.tensor([2.0, 0.0, 2.0]))
    expected = torch.tensor([-0.1, 0.1, 0.1], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-7)


def test_without_a_difference_the_gap_is_infinite_or_undefined():
    scores = torch.tensor([[1.0, -1.0], [1.0, 0.0]])
    found = completeness_gap(scores, torch.ones(2), torch.ones(2))
    assert math.isnan(found[0]) and math.isinf(found[1])


def test_sums_are_taken_in_double_precision():
    """2²⁴ + 1 is no float32: summed there, the one would be lost."""
    scores = torch.tensor([[2.0**24, 1.0, -(2.0**24)]])
    found = completeness_gap(scores, torch.ones(1), torch.zeros(1))
    assert found.item() == 0


def test_an_attribution_carries_the_gap_of_its_own_numbers():
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=torch.float64)
    answer = explain(lambda x: (x**3).sum(1), x, rule="midpoint", steps=2)
    gap = completeness_gap(answer.scores, answer.output, answer.baseline_output)
    torch.testing.assert_close(answer.gap, gap)
    # ∫₀¹ 3α²x³ dα = x³; two midpoints give 3(1/16 + 9/16)/2 = 15/16 of it.
    torch.testing.assert_close(
        gap * answer.output.sign(), torch.full_like(gap, -1 / 16), rtol=0, atol=1e-12
    )
