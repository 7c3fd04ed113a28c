"""Elementary effects: what one step of one input does, from random places of a grid.

Morris 1991 (doi:10.1080/00401706.1991.10484804); Campolongo, Cariboni & Saltelli 2007
(doi:10.1016/j.envsoft.2006.10.004) for μ*.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Trajectories(NamedTuple):
    """Random walks on a grid of the unit cube that move every feature once.

    Attributes
    ----------
    points : Tensor, float64, shape (r, F + 1, F)
    order : Tensor, int64, shape (r, F)
        Which feature moves at each step.
    steps : Tensor, float64, shape (r, F)
        How far it moves: ±Δ, Δ = levels / (2 (levels − 1)).
    """

    points: Tensor
    order: Tensor
    steps: Tensor


def trajectories(
    count: int, features: int, levels: int, generator: torch.Generator
) -> Trajectories:
    """Random trajectories, every step of the grid that is Δ long equally likely.

    Parameters
    ----------
    count : int
        r.
    features : int
        F.
    levels : int
        Even, from 2; how many values 0, 1/(levels − 1), …, 1 an input may take.
    generator : torch.Generator

    Examples
    --------
    >>> walk = trajectories(1, 2, 4, torch.Generator().manual_seed(0))
    >>> (walk.points.diff(dim=1) != 0).sum().item(), walk.steps.abs().flatten().tolist()
    (2, [0.6666666666666666, 0.6666666666666666])
    """
    half, last = levels // 2, levels - 1
    low = torch.randint(half, (count, features), generator=generator)
    down = torch.rand(count, features, generator=generator) < 0.5
    rank = torch.rand(count, features, generator=generator).argsort(1)
    order = rank.argsort(1)
    moved = rank[:, None, :] < torch.arange(features + 1)[:, None]
    points = (low[:, None, :] + half * (moved ^ down[:, None, :])).double() / last
    steps = torch.where(down, -half, half).double().gather(1, order) / last
    return Trajectories(points, order, steps)


def elementary_effects(values: Tensor, walks: Trajectories) -> Tensor:
    """(f after the step − f before) / the step, of every feature on every trajectory.

    Parameters
    ----------
    values : Tensor, shape (r, F + 1)
        f at the trajectories' points.
    walks : Trajectories

    Returns
    -------
    Tensor, float64, shape (r, F)
        Their mean is μ, the mean of their size μ*, their standard deviation σ.

    Examples
    --------
    >>> walks = trajectories(2, 2, 4, torch.Generator().manual_seed(0))
    >>> values = 3 * walks.points[..., 0] - walks.points[..., 1]
    >>> elementary_effects(values, walks).round(decimals=4)
    tensor([[ 3., -1.],
            [ 3., -1.]], dtype=torch.float64)
    """
    effects = values.double().diff(dim=1) / walks.steps
    return torch.zeros_like(effects).scatter_(1, walks.order, effects)
