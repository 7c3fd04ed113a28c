"""Shares from 0 to 1 as they come: their histogram, their median, and an even sample of things."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

CELLS = 2000
"""Of the fine histogram, so that a median is right to 0.0005."""
BINS = 20
"""Of the one that is shown."""

One = TypeVar("One")


class ShareCounts:
    """How many shares lie where, in constant memory.

    Examples
    --------
    >>> counts = ShareCounts()
    >>> for share in (0.2, 0.96, 1.0):
    ...     counts.add(share)
    >>> round(counts.median, 3), counts.bins().tolist().index(2)
    (0.96, 19)
    """

    def __init__(self) -> None:
        self._cells = np.zeros(CELLS, np.int64)

    def add(self, share: float) -> None:
        """Count one; what is beyond 0 and 1 by rounding counts there."""
        self._cells[min(max(int(share * CELLS), 0), CELLS - 1)] += 1

    @property
    def total(self) -> int:
        """How many there are."""
        return int(self._cells.sum())

    @property
    def median(self) -> float:
        """Right to half a cell, 0.00025, of each of the two in the middle; NaN of none."""
        count = self.total
        if not count:
            return float("nan")
        until = self._cells.cumsum()
        middle = [(count - 1) // 2, count // 2]
        cells = np.searchsorted(until, middle, "right")
        return float((cells + 0.5).mean() / CELLS)

    def bins(self) -> np.ndarray:
        """Counts in BINS of equal width: int64 (BINS,)."""
        return self._cells.reshape(BINS, -1).sum(1)

    def __iadd__(self, other: ShareCounts) -> ShareCounts:
        self._cells += other._cells
        return self


class EvenSample(Generic[One]):
    """At most so many of the things that are offered, every k-th of them, however many come.

    Examples
    --------
    >>> sample = EvenSample[int](4)
    >>> for number in range(10):
    ...     sample.offer(number)
    >>> sample.kept
    [0, 4, 8]
    """

    def __init__(self, most: int) -> None:
        self.kept: list[One] = []
        self._most, self._step, self._seen = most, 1, 0

    def offer(self, one: One) -> None:
        """Keep it, if its turn has come."""
        if self._seen % self._step == 0:
            if len(self.kept) == self._most:
                self.kept = self.kept[::2]
                self._step *= 2
            if self._seen % self._step == 0:
                self.kept.append(one)
        self._seen += 1
