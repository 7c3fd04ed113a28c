"""Slopes of models without gradients: central differences, with the step halved as a check.

Nocedal & Wright 2006, Numerical Optimization, section 8.1. The step is a share of each column's
deviation in the data.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

STEP = 1e-3
"""Of the deviation in the data."""
_TOO_MUCH = 0.1


def slopes_by_differences(
    values: Callable[[Tensor], Tensor], points: Tensor, deviation: Tensor
) -> tuple[Tensor, str]:
    """(f(x + h) − f(x − h)) / 2h for every value of every point, Richardson's from h and h/2.

    Parameters
    ----------
    values : callable
        (M, …) → (M,), float64.
    points : Tensor, shape (n, …)
    deviation : Tensor, shape of one point
        The usual size of a change.

    Returns
    -------
    slopes : Tensor, float64, shape (n, …)
        (4 D(h/2) − D(h)) / 3, off by O(h⁴).
    sentence : str
        How much halving the step changes them.

    Examples
    --------
    >>> slopes_by_differences(lambda x: (x**3).sum(1), torch.full((1, 1), 2.0).double(),
    ...                       torch.ones(1))[0].round(decimals=6)
    tensor([[12.]], dtype=torch.float64)
    """
    flat, step = points.flatten(1), STEP * deviation.flatten().to(points)
    least = torch.finfo(points.dtype).eps ** (1 / 3)
    pair = []
    for part in (1.0, 0.5):
        columns = []
        for place in range(flat.shape[1]):
            h = part * torch.maximum(step[place], least * flat[:, place].abs().clamp(min=1e-30))
            up, down = flat.clone(), flat.clone()
            up[:, place] += h
            down[:, place] -= h
            moved = (up[:, place].double() - down[:, place].double()).cpu()
            answers = values(torch.cat([up, down]).view(-1, *points.shape[1:]))
            columns.append((answers[: len(flat)] - answers[len(flat) :]) / moved)
        pair.append(torch.stack(columns, 1))
    whole, half = pair
    size = float(whole.abs().sum().maximum(half.abs().sum()))
    if not size:
        sentence = (
            "The model has no gradient, and its answer does not move when a value is changed a "
            "little, as between the jumps of trees: methods of slopes say nothing about it. Ask "
            "permutation or Sobol."
        )
    else:
        share = float((whole - half).abs().sum()) / size
        sentence = (
            "The model has no gradient; slopes are central differences with a step of "
            f"{STEP:g} standard deviations. Halving the step changes them by {_percent(share)} %."
        )
        if share > _TOO_MUCH:
            sentence += " They depend on the step: ask permutation or Sobol instead."
    return ((4 * half - whole) / 3).view_as(points), sentence


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.2g}"
