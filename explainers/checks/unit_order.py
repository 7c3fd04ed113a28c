"""In which order the units of an input are hidden, and the model's outputs along the way.

A unit is what is hidden at once: one input value, or all channels of one cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.passes import Passes
from explainers.perturbation.evaluation import replaced

SHARES = (
    0,
    0.01,
    0.02,
    0.03,
    0.04,
    0.05,
    0.06,
    0.08,
    0.10,
    0.12,
    0.15,
    0.20,
    0.25,
    0.30,
    0.40,
    0.50,
    0.60,
    0.70,
    0.80,
    0.90,
    1.0,
)

"""Shares of the units that are hidden, from none to all; finer where the first ones go."""

MANY = 64
"""From so many units on, the shares of SHARES are taken as they are."""


def reachable_shares(units: int) -> list[float]:
    """The shares at which to measure: SHARES, or what whole units reach of them.

    Parameters
    ----------
    units : int
        How many units an input has.

    Examples
    --------
    >>> reachable_shares(4)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if units >= MANY:
        return list(SHARES)
    return [count / units for count in sorted(set(unit_counts(SHARES, units)))]


def unit_counts(shares: Sequence[float], units: int) -> list[int]:
    """How many units each share stands for, halves rounded up.

    Parameters
    ----------
    shares : sequence of float
        From 0 to 1, ascending.
    units : int
        How many units an input has.

    Raises
    ------
    Problem
        For shares that are none, out of range or not ascending.

    Examples
    --------
    >>> unit_counts([0, 0.1, 0.5, 1], 5)
    [0, 1, 3, 5]
    """
    shares = [float(share) for share in shares]
    if not shares or sorted(shares) != shares or not 0 <= shares[0] <= shares[-1] <= 1:
        raise Problem(f"shares={shares} must be one or more numbers from 0 to 1, ascending.")
    return [math.floor(share * units + 0.5) for share in shares]


def hottest_first(heat: Tensor, seed: int = 0) -> Tensor:
    """Order the units by their scores, the highest first.

    Parameters
    ----------
    heat : Tensor, shape (N, …)
        The score of every unit.
    seed : int
        Equal scores come in a random order, the same for every input, never in reading order: else
        a flat map would look like one that prefers the upper left corner.

    Returns
    -------
    Tensor, int64, shape (N, U)
        Flat indices of the units.

    Examples
    --------
    >>> hottest_first(torch.tensor([[0.1, 3.0, -1.0, 2.0]]))
    tensor([[1, 3, 0, 2]])
    """
    flat = heat.detach().cpu().double().flatten(1)
    shuffle = random_orders(flat.shape[1], 1, seed)[0]
    return shuffle[flat[:, shuffle].argsort(dim=1, descending=True, stable=True)]


def random_orders(units: int, draws: int, seed: int = 0) -> Tensor:
    """Random orders of all units, what a map that knows nothing would give.

    Parameters
    ----------
    units, draws : int
        How many units an input has, and how many orders to draw.
    seed : int

    Returns
    -------
    Tensor, int64, shape (draws, units)

    Examples
    --------
    >>> random_orders(3, 2).sort(dim=1).values
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(units, generator=generator) for _ in range(draws)])


def replaced_in_order(inputs: Tensor, baseline: Tensor, orders: Tensor, counts: Tensor) -> Tensor:
    """Inputs whose first units in an order are replaced by the baseline's.

    Parameters
    ----------
    inputs, baseline : Tensor, shape (n, …)
    orders : Tensor, int64, shape (n, U)
        Flat indices of the units: of all values, or of the cells without the channels.
    counts : Tensor, int64, shape (n,)
        How many units of each input are replaced.

    Returns
    -------
    Tensor, shape (n, …)

    Examples
    --------
    >>> x, baseline = torch.tensor([[1.0, 2.0, 3.0]]), torch.zeros(1, 3)
    >>> replaced_in_order(x, baseline, torch.tensor([[2, 0, 1]]), torch.tensor([2]))
    tensor([[0., 2., 0.]])
    """
    count, units = orders.shape
    places = torch.arange(units, device=orders.device).expand_as(orders)
    ranks = torch.empty_like(orders).scatter_(1, orders, places)
    hidden = (ranks < counts[:, None]).view(count, 1, units)
    inputs = inputs.contiguous()
    masks = hidden.expand(count, inputs[0].numel() // units, units).reshape(inputs.shape)
    return replaced(inputs, baseline, masks)


def outputs_along(
    passes: Passes,
    points: Tensor,
    baseline: Tensor,
    orders: Tensor,
    shares: Sequence[float] = SHARES,
    insert: bool = False,
) -> Tensor:
    """The model's whole outputs with each share of the units hidden, or shown.

    The ends, which all orders share, are evaluated once an input, and equal counts once.

    Parameters
    ----------
    passes : Passes
        A model in evaluation mode.
    points, baseline : Tensor, shape (N, …)
        On the model's device.
    orders : Tensor, int64, shape (N, R, U)
        R orders of the U units of each input.
    shares : sequence of float, length K
        The share s stands for round(s·U) units.
    insert : bool
        Show the units on the baseline instead of hiding them.

    Returns
    -------
    Tensor, shape (N, R, K, outputs…)
    """
    start, end = (baseline, points) if insert else (points, baseline)
    count, draws, units = orders.shape
    counts = unit_counts(shares, units)
    inner = sorted(set(counts) - {0, units})
    pairs = count * draws * len(inner)
    ends = {hidden: point for hidden, point in ((0, start), (units, end)) if hidden in counts}
    passes.expect(pairs + count * len(ends))
    outputs: dict[int, Tensor] = {}
    for hidden, point in ends.items():
        output = passes.outputs(point, cached=True).unsqueeze(1)
        outputs[hidden] = output.expand(-1, draws, *output.shape[2:])
    passes.expect(pairs)
    orders = orders.to(points.device)
    inner_counts = torch.tensor(inner, device=points.device)
    parts = []
    for part in passes.batches(pairs):
        pair = torch.arange(part.start, part.stop, device=points.device)
        place, step = pair // len(inner), pair % len(inner)
        row, order = place // draws, orders[place // draws, place % draws]
        mixed = replaced_in_order(start[row], end[row], order, inner_counts[step])
        parts.append(passes.outputs(mixed))
    if parts:
        between = torch.cat(parts)
        between = between.view(count, draws, len(inner), *between.shape[1:])
        outputs |= {hidden: between[:, :, index] for index, hidden in enumerate(inner)}
    return torch.stack([outputs[hidden] for hidden in counts], 2)
