"""How many points one pass of a model takes: learned from time and memory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.errors import ModelProblem

Columns = tuple[Tensor | None, ...]
"""Tensors with one row a point, or None for what a method does not give."""

# A batch between these is worth its overhead, and a cancel is still noticed soon.
SECONDS_TOO_SHORT, SECONDS_TOO_LONG = 0.2, 0.5
FIRST_BATCH, LARGEST_BATCH = 8, 512
# Of small inputs more points are taken: the work around a pass would cost more than the pass. Not
# more than these: what a network makes of them leaves the processor's cache.
POINTS_AT_ONCE, VALUES_AT_ONCE = 4096, 2**18
ROWS_AT_ONCE, UNITS_AT_ONCE = 2048, 2**19


@dataclass
class BatchPlan:
    """How many points one pass takes; learned from the passes so far, halved when memory is out.

    Attributes
    ----------
    size : int
        Points of the next pass.
    ceiling : int
        The most that `size` may become.
    floor : int
        The least that `size` becomes because of time.
    fixed : bool
        Whether to learn nothing from time.

    Examples
    --------
    >>> plan = BatchPlan(size=8)
    >>> plan.learn(8, seconds=0.1)
    >>> plan.size
    16
    """

    size: int = FIRST_BATCH
    ceiling: int = LARGEST_BATCH
    fixed: bool = False
    floor: int = 1

    def learn(self, points: int, seconds: float) -> None:
        """Double or halve after a pass that was too short or too long for a batch of this size.

        One that was less than half full says nothing.
        """
        if self.fixed or 2 * points <= self.size:
            return
        seconds *= max(1.0, self.size / points)
        if seconds < SECONDS_TOO_SHORT:
            factor = 8 if seconds < SECONDS_TOO_SHORT / 32 else 2
            self.size = min(factor * self.size, self.ceiling)
        elif seconds > SECONDS_TOO_LONG:
            self.size = min(self.size, max(self.size // 2, self.floor))

    def allow(self, most: int, least: int) -> None:
        """Let passes grow to so many points, and not shrink below."""
        if not self.fixed:
            self.ceiling, self.floor = max(self.ceiling, most), least

    def begin_with(self, size: int | None) -> None:
        """Let the next pass take as many points as one took before, where that is known."""
        if size is not None and not self.fixed:
            self.size = min(size, self.ceiling)

    def points(self, whole: int = 1) -> int:
        """Points of the next pass: a multiple of `whole` where that fits.

        Examples
        --------
        >>> BatchPlan(size=64).points(30), BatchPlan(size=64).points(100)
        (60, 64)
        """
        return self.size // whole * whole or self.size

    def halve(self, points: int) -> None:
        """After `points` did not fit into memory."""
        self.size = self.ceiling = max(1, points // 2)
        self.floor = 1


def most_at_once(points: Tensor, weights: Iterable[Tensor] = ()) -> int:
    """The most points like these (N, …) that one pass takes.

    Parameters
    ----------
    points : Tensor, shape (N, …)
    weights : iterable of Tensor
        Of the model. On a processor fewer points are taken where a dense layer is wide, so that
        what it makes of them stays in the cache, and in memory that need not be asked for anew.

    Examples
    --------
    >>> most_at_once(torch.zeros(1, 4)), most_at_once(torch.zeros(1, 3, 224, 224))
    (4096, 512)
    >>> most_at_once(torch.zeros(1, 4), [torch.zeros(8, 4), torch.zeros(512, 8)])
    1024
    """
    most = min(POINTS_AT_ONCE, VALUES_AT_ONCE // max(1, points[0].numel()))
    widths = [weight.shape[0] for weight in weights if weight.ndim == 2]
    if widths and points.device.type == "cpu":
        most = min(most, ROWS_AT_ONCE, UNITS_AT_ONCE // max(1, *widths))
    return max(LARGEST_BATCH, most)


_TOO_MUCH = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")
_WANTED = re.compile(r"[Aa]llocate ([\d.]+) ?(bytes|[KMGTP]i?B)")
_BOUND = re.compile(r"it may take ([\d.]+) GB")
_UNITS = {"b": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory did not suffice."""
    text = str(error)
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and any(words in text for words in _TOO_MUCH)
    )


def out_of_memory(error: BaseException, what: str) -> ModelProblem:
    """The problem of a model that was refused memory for something, and how much it wanted at once.

    Examples
    --------
    >>> error = RuntimeError("can't allocate memory: you tried to allocate 34359738368 bytes.")
    >>> print(out_of_memory(error, "2 inputs"))
    There is not enough memory for 2 inputs: 34.4 GB were asked for at once. Use a smaller input \
or a smaller model.
    """
    found = _WANTED.search(str(error))
    size = float(found[1].rstrip(".")) * _UNITS[found[2][0]] if found else 0.0
    amount = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
    bound = _BOUND.search(str(error))
    wanted = f": it may take {bound[1]} GB here" if bound else ""
    wanted = f": {amount} were asked for at once" if size else wanted
    return ModelProblem(
        f"There is not enough memory for {what}{wanted}. Use a smaller input or a smaller model."
    )


def fitted(
    plan: BatchPlan, work: Callable[..., Columns], points: Tensor, *others: Tensor | None
) -> Columns:
    """work(points, *others); in halves, as often as needed, where memory does not suffice.

    Parameters
    ----------
    plan : BatchPlan
        Learns from it.
    work : callable
        (points (n, …), *others) → tensors (n, …) or None.
    points, *others : Tensor, shape (n, …), or None

    Raises
    ------
    ModelProblem
        Where memory does not suffice for one point.

    Examples
    --------
    >>> fitted(BatchPlan(), lambda x: (2 * x,), torch.ones(2, 1))
    (tensor([[2.],
            [2.]]),)
    """
    started = time.perf_counter()
    try:
        result = work(points, *others)
    except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(points) == 1:
            problem = out_of_memory(error, "a single pass of this model on this input")
            raise ModelProblem(
                f"{problem} In Python also precision='bfloat16', or another device, may do."
            ) from error
        result = None
    if result is None:  # outside the except block, where the failed pass still holds memory
        if points.is_cuda:
            torch.cuda.empty_cache()
        plan.halve(len(points))
        half = len(points) // 2
        return joined(
            fitted(plan, work, points[part], *(None if t is None else t[part] for t in others))
            for part in (slice(0, half), slice(half, None))
        )
    plan.learn(len(points), time.perf_counter() - started)
    return result


def joined(parts: Iterable[Columns]) -> Columns:
    """Batches of results, column by column; a column of None stays None."""
    known = list(parts)
    if len(known) == 1:
        return known[0]
    columns = zip(*known, strict=True)
    return tuple(None if column[0] is None else torch.cat(column) for column in columns)
