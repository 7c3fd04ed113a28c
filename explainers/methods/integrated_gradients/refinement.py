"""Integrated Gradients to a tolerance: points are spent where the integrand bends.

On every piece [a, b] of the way the contributions must add up to f(b) − f(a), which two forward
passes tell exactly. A piece that misses more than its share of the tolerance is halved. The misses
of a kinked function have random signs and cancel in the gap; that they may do, but their sum
without signs is bounded too, so a small gap cannot come from two large errors.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from explainers.methods.integrated_gradients.straight_path import StraightPath, quadrature
from explainers.methods.registry import MethodResult

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.methods.integrated_gradients import Options

POINTS_PER_PIECE = 4
FIRST_PIECES = 4
# How much more than the gap the misses may add up to when their signs are ignored.
UNSIGNED = 10
# How many pieces are held at a time; bounds the memory, whatever the number of inputs. Of small
# inputs more go through the model at once.
PIECES_AT_ONCE, MOST_AT_ONCE, VALUES_AT_ONCE = 16, 1024, 2**16


@dataclass(frozen=True)
class Interval:
    """The part [start, stop] of one input's path, from 0 to 1, and the scores at its ends.

    Examples
    --------
    >>> Interval(row=0, start=0.25, stop=0.5, low=1.0, high=3.0).width
    0.25
    """

    row: int
    start: float
    stop: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Its share of the path."""
        return self.stop - self.start


@dataclass
class ErrorBudget:
    """How far the contributions of one input may be off, and how far they are.

    Attributes
    ----------
    allowed : float
        The largest gap, in the unit of the score.
    width : float
        The share of the path that is settled.
    gap, missed : float
        The misses of settled pieces, summed with and without their signs.
    steps : int
        Points spent.
    """

    allowed: float
    width: float = 0.0
    gap: float = 0.0
    missed: float = 0.0
    steps: int = 0

    def accepts(self, piece: Interval, miss: float) -> bool:
        """Whether the piece fits; what earlier pieces left unspent is carried over."""
        allowed = self.allowed * (self.width + piece.width)
        return abs(self.gap + miss) <= allowed and (self.missed + abs(miss) <= UNSIGNED * allowed)

    def settle(self, piece: Interval, miss: float) -> None:
        """Book an accepted piece."""
        self.width += piece.width
        self.gap += miss
        self.missed += abs(miss)


def refine(path: StraightPath, options: Options) -> MethodResult:
    """Integrate along the path until the contributions add up within a tolerance.

    Parameters
    ----------
    path : StraightPath
        Its `total` is changed in place.
    options : Options
        `tolerance`, as a share of the difference of each input; at most `most_steps` points.

    Returns
    -------
    MethodResult
        Scores (N, …); a note says where the tolerance was not reached.
    """
    queue, budgets = _first_pieces(path, options.tolerance)
    places, weights = quadrature(options.rule, POINTS_PER_PIECE)
    exhausted, many = False, min(MOST_AT_ONCE, VALUES_AT_ONCE // path.step[0].numel())
    path.context.show(lambda: path.total)
    while queue:
        group = [queue.popleft() for _ in range(min(max(PIECES_AT_ONCE, many), len(queue)))]
        path.context.expect((len(group) + len(queue)) * POINTS_PER_PIECE)
        maps, along = _integrate(path, group, places, weights)
        keep, halve = [], []
        for index, piece in enumerate(group):
            budget = budgets[piece.row]
            budget.steps += POINTS_PER_PIECE
            miss = along[index] - (piece.high - piece.low)
            spent = budget.steps + 2 * POINTS_PER_PIECE > options.most_steps
            if budget.accepts(piece, miss) or spent:
                exhausted |= not budget.accepts(piece, miss)
                budget.settle(piece, miss)
                keep.append(index)
            else:
                halve.append(piece)
        rows = torch.tensor([group[index].row for index in keep], dtype=torch.long)
        device = path.total.device
        path.total.index_add_(0, rows.to(device), maps[torch.tensor(keep, device=device).long()])
        queue.extend(_halved(path, halve))
    note = (
        f"The tolerance of {options.tolerance:.2%} was not reached within {options.most_steps} "
        "steps; the gap says how far it is off."
    )
    return MethodResult(path.total, notes=(note,) if exhausted else ())


def _first_pieces(
    path: StraightPath, tolerance: float
) -> tuple[deque[Interval], list[ErrorBudget]]:
    count = len(path.step)
    ends = torch.linspace(0, 1, FIRST_PIECES + 1, dtype=torch.float64).tolist()
    first, last = path.ends()
    between = _scores(path, [(row, end) for row in range(count) for end in ends[1:-1]])
    inner = len(ends) - 2
    pieces: list[Interval] = []
    budgets: list[ErrorBudget] = []
    for row in range(count):
        scores = [first[row], *between[row * inner : (row + 1) * inner], last[row]]
        reach = max(scores) - min(scores)
        # Where input and baseline score alike, the tolerance is relative to the way's own range.
        allowed = tolerance * max(abs(scores[-1] - scores[0]), 1e-3 * reach)
        rounding = 4 * torch.finfo(path.step.dtype).eps * max(map(abs, scores))
        budgets.append(ErrorBudget(max(allowed, rounding)))
        for start, stop, low, high in zip(ends, ends[1:], scores, scores[1:], strict=False):
            pieces.append(Interval(row, start, stop, low, high))
    # Breadth first over the path, so that a map seen early is not one of the baseline's end.
    return deque(sorted(pieces, key=lambda piece: (piece.start * 7) % 1)), budgets


def _integrate(
    path: StraightPath, group: list[Interval], places: Tensor, weights: Tensor
) -> tuple[Tensor, list[float]]:
    """Maps (pieces, …) of the pieces, and the sum of each as floats."""
    device = path.total.device
    rows = torch.tensor([piece.row for piece in group], device=device)
    start = torch.tensor([piece.start for piece in group], dtype=torch.float64)
    width = torch.tensor([piece.width for piece in group], dtype=torch.float64)
    where = (start[:, None] + width[:, None] * places).flatten()
    weight = (width[:, None] * weights).flatten()
    maps = torch.zeros(len(group), *path.total.shape[1:], dtype=path.total.dtype, device=device)
    pieces = torch.arange(len(group), device=device).repeat_interleave(len(places))
    path.integrate(rows.repeat_interleave(len(places)), where, weight, maps, pieces)
    return maps, maps.flatten(1).sum(1, dtype=torch.float64).tolist()


def _halved(path: StraightPath, pieces: list[Interval]) -> list[Interval]:
    middles = [(piece.start + piece.stop) / 2 for piece in pieces]
    pairs = [(piece.row, middle) for piece, middle in zip(pieces, middles, strict=True)]
    halves = []
    for piece, middle, score in zip(pieces, middles, _scores(path, pairs), strict=True):
        halves.append(Interval(piece.row, piece.start, middle, piece.low, score))
        halves.append(Interval(piece.row, middle, piece.stop, score, piece.high))
    return halves


def _scores(path: StraightPath, places: list[tuple[int, float]]) -> list[float]:
    if not places:
        return []
    rows = torch.tensor([row for row, _ in places], device=path.total.device)
    where = torch.tensor([place for _, place in places], dtype=torch.float64)
    scores: list[float] = []
    for part in path.context.batches(len(rows)):
        scores += path.context.values(path.at(rows[part], where[part]), rows[part]).tolist()
    return scores
