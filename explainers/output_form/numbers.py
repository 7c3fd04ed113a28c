"""What can be read from the numbers of an output alone: bounds, sums, scale."""

from __future__ import annotations

import torch
from torch import Tensor

QUANTITY = 50.0
"""Scores of one sign that are all beyond this are hardly before a softmax."""


def tolerance(output: Tensor) -> float:
    """How far sums of probabilities in an output's precision may be from 1."""
    return max(1e-4, 8 * torch.finfo(output.dtype).eps) if output.is_floating_point() else 0.0


def in_unit(output: Tensor) -> bool:
    """Whether all numbers lie in [0, 1], but for rounding.

    Examples
    --------
    >>> in_unit(torch.tensor([0.2, 1.0])), in_unit(torch.tensor([0.2, 1.1]))
    (True, False)
    """
    near = tolerance(output)
    return bool(((output >= -near) & (output <= 1 + near)).all())


def sum_to(output: Tensor, total: float) -> bool:
    """Whether the numbers of every row (n, outputs, …) are at least 0 and sum to a total."""
    if output.ndim < 2 or output.shape[1] < 2:
        return False
    near = tolerance(output)
    sums = output.sum(1)
    return bool((output >= -near * total).all() and ((sums - total).abs() <= near * total).all())


def are_probabilities(output: Tensor) -> bool:
    """Whether every row is one of probabilities of classes: at least 0, and they sum to 1.

    Examples
    --------
    >>> are_probabilities(torch.tensor([[0.2, 0.8], [0.5, 0.5]]))
    True
    """
    return sum_to(output, 1.0)


def of_another_dimension(shares: Tensor) -> bool:
    """Whether results of a softmax (n, outputs) cannot be one over the outputs, or over some.

    Examples
    --------
    >>> scores = torch.tensor([[1.0, 2.0, 4.0], [3.0, 1.0, 1.0]])
    >>> of_another_dimension(scores.softmax(0)), of_another_dimension(scores.softmax(1)[:, :2])
    (True, False)
    """
    if shares.ndim != 2 or shares.shape[1] < 2 or are_probabilities(shares):
        return False
    near, sums = tolerance(shares) * shares.shape[1], shares.sum(1)
    beyond = (sums > 1 + near) & ((sums - sums.round()).abs() > near)
    over_rows = len(shares) > 1 and bool(((shares.sum(0) - 1).abs() <= near).all())
    return bool(beyond.any()) or over_rows or bool((shares == 1).all())


def far_from_scores(output: Tensor) -> bool:
    """Whether all numbers are of one sign and so large that they are rather quantities.

    Examples
    --------
    >>> far_from_scores(torch.tensor([[997.7, 1020.9]])), far_from_scores(torch.tensor([[9.0]]))
    (True, False)
    """
    low, high = spread(output)
    return low > QUANTITY or high < -QUANTITY


def spread(output: Tensor) -> tuple[float, float]:
    """The lowest and the highest number."""
    if not output.numel():
        return 0.0, 0.0
    values = output.detach()
    return float(values.min()), float(values.max())
