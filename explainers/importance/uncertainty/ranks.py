"""From a method's replicates to intervals, ranks with theirs, and who is among the first k."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from explainers.importance.estimate import SOURCES, Estimate

SHARE = 0.95
COMBINED = 2000
"""How many of the sums of several sources' deviations are drawn."""


class Ranked(NamedTuple):
    """One method's row of the table, see `Importance`."""

    low: Tensor
    high: Tensor
    rank: Tensor
    rank_low: Tensor
    rank_high: Tensor
    sources: Mapping[str, Tensor]
    draws: Tensor


def ranked(estimate: Estimate, ascending: bool, generator: torch.Generator) -> Ranked:
    """Intervals and ranks of one method's values.

    The deviations of the sources are drawn apart and added, so that their variances add up.

    Parameters
    ----------
    estimate : Estimate
        Values (F,) and replicates (R, F) a source.
    ascending : bool
        Whether the values are ranks: the smallest is the most important, else the largest |value|.
    generator : torch.Generator

    Examples
    --------
    >>> values, draws = torch.tensor([3.0, -1.0]), torch.tensor([[2.9, -1.1], [3.1, -0.9]])
    >>> row = ranked(Estimate(values, {"sample": draws}), False, torch.Generator())
    >>> row.rank.tolist(), row.rank_high.tolist(), row.low.round(decimals=1).tolist()
    ([1, 2], [1, 2], [2.9, -1.1])
    """
    values = estimate.values.detach().to("cpu", torch.float64)
    likely, sources = values.unsqueeze(0), {}
    for source in SOURCES:
        replicates = estimate.replicates.get(source)
        sources[source] = torch.zeros_like(values)
        if replicates is None:
            continue
        away = replicates.detach().to("cpu", torch.float64) - values
        low, high = _interval(away)
        sources[source] = (high - low) / 2
        likely = _added(likely, away, generator)
    low, high = _interval(likely) if len(likely) > 1 else (values, values)
    draws, now = (-likely, -values) if ascending else (likely.abs(), values.abs())
    above, below = _certain(draws)
    rank = 1 + (now > now.unsqueeze(1)).sum(1)
    rank_low = torch.minimum(rank, 1 + above)
    rank_high = torch.maximum(rank, len(values) - below)
    return Ranked(
        torch.minimum(low, values),
        torch.maximum(high, values),
        rank,
        rank_low,
        rank_high,
        sources,
        draws,
    )


def first_certain(draws: Tensor, k: int) -> bool:
    """Whether the order of the first k is certain: each pair of neighbours, and what follows.

    Examples
    --------
    >>> first_certain(torch.tensor([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0]]), 1)
    True
    >>> first_certain(torch.tensor([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0]]), 2)
    False
    """
    order = draws.mean(0).argsort(descending=True)
    sorted_draws = draws[:, order]
    for place in range(min(k, draws.shape[1] - 1)):
        ahead = sorted_draws[:, place : place + 1] > sorted_draws[:, place + 1 :]
        if not bool((ahead.double().mean(0) >= (1 + SHARE) / 2).all()):
            return False
    return True


def _interval(draws: Tensor) -> tuple[Tensor, Tensor]:
    tail = (1 - SHARE) / 2
    low, high = torch.quantile(draws, torch.tensor([tail, 1 - tail], dtype=draws.dtype), dim=0)
    return low, high


def _added(likely: Tensor, away: Tensor, generator: torch.Generator) -> Tensor:
    """Draws (R, F) with the deviations (S, F) of one more source."""
    if len(likely) == 1:
        return likely + away
    size = max(COMBINED, len(likely), len(away))

    def drawn(rows: Tensor) -> Tensor:
        return rows[torch.randint(len(rows), (size,), generator=generator)]

    return drawn(likely) + drawn(away)


def _certain(draws: Tensor) -> tuple[Tensor, Tensor]:
    """How many features are certainly above and certainly below each one: (F,) twice."""
    surely = (1 + SHARE) / 2
    above = [
        ((draws > draws[:, i : i + 1]).double().mean(0) >= surely).sum()
        for i in range(draws.shape[1])
    ]
    below = [
        ((draws < draws[:, i : i + 1]).double().mean(0) >= surely).sum()
        for i in range(draws.shape[1])
    ]
    return torch.stack(above), torch.stack(below)
