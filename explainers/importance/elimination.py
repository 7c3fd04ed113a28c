"""Features taken away one after the other, always the one that hurts least: ranks and errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from explainers.importance.estimate import Estimate
from explainers.importance.uncertainty.resampling import Resampling

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext

Losses: TypeAlias = Callable[[Sequence[frozenset[int]]], list[Tensor]]
"""From sets of features that are away to the error of every row (N,) without each."""

MOST_EVALUATIONS = 2_000_000
MOST_IN_SEQUENCE = 64
OTHER_PATHS = 3


@dataclass(frozen=True)
class Elimination:
    """What taking features away showed.

    Attributes
    ----------
    ranks : Tensor, float64, shape (F,)
        1 is the one that was kept longest; those that change nothing share a rank.
    replicates : Tensor, float64, shape (R, F)
        The ranks that other rows of the same kind might have given.
    order : tuple of int
        As they were taken away.
    error : Tensor, float64, shape (F,)
        The mean error after each step; one at a time: without each feature.
    start : float
        The mean error with all.
    """

    ranks: Tensor
    replicates: Tensor
    order: tuple[int, ...]
    error: Tensor
    start: float


def in_sequence(count: int, losses: Losses, resampling: Resampling) -> Elimination:
    """Take away the feature that hurts least, then of the rest the one that hurts least, …

    Other draws of the rows may take other paths; the likeliest of these are followed too.

    Parameters
    ----------
    count : int
        F.
    losses : callable
    resampling : Resampling
        Of the rows.

    Examples
    --------
    >>> cost = torch.tensor([3.0, 1.0, 2.0])
    >>> found = in_sequence(
    ...     3,
    ...     lambda sets: [cost[list(away)].sum().expand(50) if away else torch.zeros(50)
    ...                   for away in sets],
    ...     Resampling(50, 100, 0),
    ... )
    >>> found.ranks.tolist(), found.order, found.error.tolist()
    ([1.0, 3.0, 2.0], (1, 2, 0), [1.0, 3.0, 6.0])
    """
    known = _Known(losses)
    away, order, errors = frozenset[int](), list[int](), list[Tensor]()
    (before,) = known.of([away])
    start, idle = float(before.mean()), 0
    while len(order) < count:
        rest = [i for i in range(count) if i not in away]
        rows = known.of([away | {i} for i in rest])
        best = min(range(len(rest)), key=lambda place: float(rows[place].mean()))
        idle += len(order) == idle and torch.equal(rows[best], before)
        order.append(rest[best])
        errors.append(rows[best].mean())
        away = away | {rest[best]}
    budget = OTHER_PATHS * count * (count + 1) // 2
    return Elimination(
        _ranks_of(order, idle),
        _other_paths(count, known, resampling, budget, idle),
        tuple(order),
        torch.stack(errors),
        start,
    )


def one_at_a_time(count: int, losses: Losses, resampling: Resampling) -> Elimination:
    """Take away each feature alone; the one that hurts most is first.

    Examples
    --------
    >>> found = one_at_a_time(
    ...     2, lambda sets: [torch.full((50,), float(sum(s))) for s in sets], Resampling(50, 100, 0)
    ... )
    >>> found.ranks.tolist(), found.error.tolist()
    ([2.0, 1.0], [0.0, 1.0])
    """
    (before, *rows) = losses([frozenset(), *(frozenset({i}) for i in range(count))])
    each = torch.stack(rows, 1)
    means = each.mean(0)
    ranks = 1 + (means > means.unsqueeze(1)).sum(1)
    drawn = resampling.means(each)
    replicates = 1 + (drawn.unsqueeze(1) > drawn.unsqueeze(2)).sum(2)
    order = means.argsort(stable=True)
    return Elimination(
        ranks.double(), replicates.double(), tuple(order.tolist()), means, float(before.mean())
    )


class _Known:
    """Losses of sets of features, each asked for once."""

    def __init__(self, losses: Losses) -> None:
        self._losses, self._rows = losses, dict[frozenset[int], Tensor]()

    def of(self, sets: Sequence[frozenset[int]]) -> list[Tensor]:
        new = [one for one in dict.fromkeys(sets) if one not in self._rows]
        if new:
            self._rows.update(zip(new, self._losses(new), strict=True))
        return [self._rows[one] for one in sets]

    def missing(self, sets: Sequence[frozenset[int]]) -> int:
        return sum(one not in self._rows for one in sets)


def _ranks_of(order: Sequence[int], idle: int) -> Tensor:
    """Ranks (F,) by the order of taking away; the first `idle` changed nothing and share one."""
    ranks = torch.empty(len(order), dtype=torch.float64)
    for place, feature in enumerate(order):
        ranks[feature] = len(order) - max(place, idle - 1)
    return ranks


def _other_paths(
    count: int, known: _Known, resampling: Resampling, budget: int, idle: int
) -> Tensor:
    """The ranks (R, F) of every draw of the rows, each on its own path.

    Where the budget of losses ends, the rest is ordered by what each alone would cost there.
    """
    orders = torch.zeros(resampling.draws, count, dtype=torch.int64)
    states = {frozenset[int](): torch.arange(resampling.draws)}
    for step in range(count):
        following: dict[frozenset[int], list[Tensor]] = {}
        for away, draws in sorted(states.items(), key=lambda item: -len(item[1])):
            rest = [i for i in range(count) if i not in away]
            sets = [away | {i} for i in rest]
            budget -= known.missing(sets)
            means = resampling.means(torch.stack(known.of(sets), 1))[draws]
            if budget < 0:
                orders[draws, step:] = torch.tensor(rest)[means.argsort(dim=1, stable=True)]
                continue
            chosen = means.argmin(1)
            orders[draws, step] = torch.tensor(rest)[chosen]
            for place in chosen.unique().tolist():
                following.setdefault(sets[place], []).append(draws[chosen == place])
        states = {away: torch.cat(parts) for away, parts in following.items()}
    return torch.stack([_ranks_of(order, idle) for order in orders.tolist()])


def improved_stepwise(
    context: DatasetContext, replacement: Tensor, mode: str, notes: Sequence[str]
) -> Estimate:
    """Ranks by taking features away from the trained network, which is not trained again.

    Parameters
    ----------
    context : DatasetContext
    replacement : Tensor, of the shape of one input
        What stands in the place of the values of a feature that is away.
    mode : str
        "sequential" or "single".
    notes : sequence of str

    Returns
    -------
    Estimate
        Details: `order`, `error` after each step, `rise` against the error with all, `start`.
        Without labels the error is the mean squared change of the output.
    """
    count, said = len(context.features), list(notes)
    if mode == "sequential" and count > MOST_IN_SEQUENCE:
        mode = "single"
        said.append(
            f"With more than {MOST_IN_SEQUENCE} features the stepwise methods take each away alone."
        )
    sets = count * (count + 1) // 2 if mode == "sequential" else count
    rows = torch.arange(context.rows)
    if context.rows * sets > MOST_EVALUATIONS:
        some = max(200, MOST_EVALUATIONS // sets)
        rows = torch.randperm(context.rows, generator=context.generator("stepwise"))[:some]
        said.append(f"The stepwise methods look at {len(rows):,} of the {context.rows:,} rows.")
    inputs = context.inputs[rows.to(context.inputs.device)]
    replacement = replacement.to(inputs)
    labels = context.features.labels

    def losses(away: Sequence[frozenset[int]]) -> list[Tensor]:
        def points(number: int) -> Tensor:
            gone = torch.tensor(sorted(away[number]), device=labels.device, dtype=labels.dtype)
            return torch.where(torch.isin(labels, gone), replacement, inputs)

        return [
            _error(context, outputs, rows)
            for _, outputs in context.each(len(away), points, context.passes.outputs)
        ]

    resampling = context.resampling
    if len(rows) < context.rows:
        resampling = Resampling(len(rows), resampling.draws, context.seed)
    found = (in_sequence if mode == "sequential" else one_at_a_time)(count, losses, resampling)
    details: dict[str, Any] = {
        "order": torch.tensor(found.order),
        "error": found.error,
        "rise": found.error - found.start,
        "start": found.start,
        "mode": mode,
    }
    return Estimate(found.ranks, {"sample": found.replicates}, details, tuple(said))


def _error(context: DatasetContext, outputs: Tensor, rows: Tensor) -> Tensor:
    """The error of each row (N,); without labels the squared change of the explained output."""
    if context.labels is not None:
        return context.error(outputs, context.labels.values[rows])
    return (context.selected(outputs) - context.values[rows]).square()
