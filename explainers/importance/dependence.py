"""Partial dependence and individual curves: one feature runs, every row keeps its other values.

Friedman 2001, Annals of Statistics 29; Goldstein, Kapelner, Bleich & Pitkin 2015, arXiv:1309.6392.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.batch_plan import POINTS_AT_ONCE
from explainers.errors import Problem
from explainers.importance.uncertainty.resampling import Resampling

_DRAWS = 1000


@dataclass(frozen=True)
class Dependence:
    """What the output is as one feature runs over a grid, float64 on the CPU.

    Attributes
    ----------
    grid : Tensor, shape (points,)
        Values of the feature, or shares of its range where it has several values.
    curves : Tensor, shape (N, points)
        The individual curves, one a row.
    mean : Tensor, shape (points,)
        The partial dependence: their mean.
    low, high : Tensor, shape (points,)
        Its 95 % interval, by drawing rows again.
    """

    grid: Tensor
    curves: Tensor
    mean: Tensor
    low: Tensor
    high: Tensor


def dependence(
    evaluate: Callable[[Tensor], Tensor],
    inputs: Tensor,
    mask: Tensor,
    points: int = 20,
    seed: int = 0,
) -> Dependence:
    """The partial dependence of an output on one feature, with the rows' own curves.

    curves[n, k] = f(row n with the feature at grid k); partial dependence: the mean over n. The
    grid runs evenly from the least to the largest value of the rows; a single column of fewer
    values than points takes just these. Several values run together, each over its own range.

    Parameters
    ----------
    evaluate : callable
        (M, …) → (M,), such as `DatasetContext.evaluate`.
    inputs : Tensor, shape (N, …)
    mask : Tensor, bool, shape of one input
        Which values of an input belong to the feature.
    points : int
        Of the grid.
    seed : int
        Of the bootstrap.

    Raises
    ------
    Problem
        For fewer than two points, no rows, or a mask of another shape.

    Examples
    --------
    >>> x = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    >>> found = dependence(lambda x: x[:, 0] * x[:, 1], x, torch.tensor([True, False]), points=3)
    >>> found.grid.tolist(), found.curves.tolist(), found.mean.tolist()
    ([0.0, 2.0], [[0.0, 2.0], [0.0, 6.0]], [0.0, 4.0])
    """
    if points < 2 or not len(inputs):
        raise Problem(
            f"Partial dependence needs rows and at least two points; got {len(inputs)} rows and "
            f"points={points}."
        )
    if mask.shape != inputs.shape[1:] or not bool(mask.any()):
        raise Problem(
            f"The feature's mask needs the shape of one input, {tuple(inputs.shape[1:])}, and at "
            f"least one value; got {tuple(mask.shape)}."
        )
    rows = inputs.detach()
    grid, values = _grid(rows, mask, points)
    at_once = max(1, POINTS_AT_ONCE // len(rows))
    curves = []
    for some in values.split(at_once):
        asked = torch.where(mask, some.unsqueeze(1), rows.unsqueeze(0))
        answers = evaluate(asked.flatten(0, 1)).detach().to("cpu", torch.float64)
        curves.append(answers.view(len(some), len(rows)))
    each = torch.cat(curves).T.contiguous()
    drawn = Resampling(len(rows), _DRAWS, seed).means(each)
    low, high = torch.quantile(drawn, torch.tensor([0.025, 0.975], dtype=torch.float64), 0)
    return Dependence(grid, each, each.mean(0), low, high)


def _grid(rows: Tensor, mask: Tensor, points: int) -> tuple[Tensor, Tensor]:
    """The grid as numbers (k,), and as values (k, …) of the shape of an input."""
    shape = (-1, *[1] * mask.ndim)
    if int(mask.sum()) == 1:
        own = rows[:, mask][:, 0]
        grid = own.unique()
        if len(grid) > points:
            grid = torch.linspace(float(grid[0]), float(grid[-1]), points, dtype=torch.float64)
        values = grid.to(rows).view(shape).expand(-1, *mask.shape)
        return grid.to("cpu", torch.float64), values
    low, high = rows.amin(0), rows.amax(0)
    share = torch.linspace(0, 1, points, dtype=torch.float64)
    return share, low + share.to(rows).view(shape) * (high - low)
