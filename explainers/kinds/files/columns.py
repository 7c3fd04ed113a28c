"""What the columns of a table hold, learned block by block, and an even sample of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import label
from explainers.kinds.files.numerals import MISSING, NOTHING, NUMBER, WORDS
from explainers.kinds.files.tables.written_numbers import WrittenNumbers

MOST_LEVELS = 50
LARGEST = float(np.finfo(np.float32).max)
NO_LEVEL = -1
"""The code of a cell without one."""

Cells: TypeAlias = Sequence[str] | np.ndarray
"""Cells of a column: text, or float64 with NaN for missing."""


class Column:
    """One column: counts over all of its cells, and its levels while they are few."""

    def __init__(self, name: str, place: str, comma: bool, decimal: str = "") -> None:
        self.name, self.place = name, place
        self._written = WrittenNumbers(name, place, comma, decimal)
        self.numbers = self.missing = self.words = 0
        self._levels: dict[str, int] | None = {}
        self._word: tuple[int, str] | None = None
        self._infinite: tuple[int, str] | None = None

    def add(self, cells: Cells, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray | None]:
        """Count more cells of the column.

        Parameters
        ----------
        cells : sequence of str, or float64 ndarray with NaN for missing
        places : sequence of int
            Where each cell's row starts in the file.

        Returns
        -------
        values : ndarray, float64
            NaN where there is no number.
        codes : ndarray, int8, or None
            The level of each cell, counted as they came; -1 for none, None for none of all.
        """
        codes: np.ndarray | None
        if isinstance(cells, np.ndarray):
            values, self._levels, codes = cells, None, None
            missing = int(np.count_nonzero(np.isnan(cells)))
            self.missing += missing
            self.numbers += len(cells) - missing
        else:
            values, state = self._written.parse(cells, places)
            codes = self._codes(cells, state)
            counts = np.bincount(state, minlength=3)
            self.numbers += int(counts[NUMBER])
            self.missing += int(counts[NOTHING])
            self.words += int(counts[WORDS])
            if self._word is None and counts[WORDS]:
                at = int(np.argmax(state == WORDS))
                self._word = places[at], cells[at]
        if self._infinite is None and len(values) and _largest(values) > LARGEST:
            at = int(np.argmax(np.abs(values) > LARGEST))
            self._infinite = places[at], str(cells[at])
        return values, codes

    def _codes(self, cells: Sequence[str], state: np.ndarray) -> np.ndarray | None:
        if self._levels is None:
            return None
        codes = np.full(len(cells), NO_LEVEL, np.int8)
        known, code_of = self._levels, {}
        for cell in set(cells):
            level = cell.strip()
            if level.lower() not in MISSING:
                code_of[cell] = known.setdefault(level, len(known))
            if len(known) > MOST_LEVELS:
                self._levels = None
                return None
        codes[:] = [code_of.get(cell, NO_LEVEL) for cell in cells]
        codes[state == NOTHING] = NO_LEVEL
        return codes

    def interpreted(self, codes: np.ndarray) -> tuple[str, list[str], np.ndarray]:
        """The column's type, its levels in order, and the codes as indices of them.

        Parameters
        ----------
        codes : ndarray, int8
            Codes that `add` gave, of the rows that are kept.
        """
        present = self.numbers + self.words
        if not present:
            return "empty", [], codes
        if self.numbers > 0.8 * present:
            if self._infinite is not None:
                place, text = self._infinite
                raise Problem(
                    f'Column "{self.name}", {self.place} {place}: {label(text, 40)} is infinite or '
                    f"too large for a network (up to {LARGEST:.1e}). Correct it, or leave the cell "
                    "empty."
                )
            return "number", [], codes
        levels = self._levels
        if levels is None or 2 * len(levels) >= present + self.missing:
            return "text", [], codes
        order = sorted(levels, key=_natural)
        index = np.full(len(levels) + 1, NO_LEVEL, np.int8)
        index[[levels[level] for level in order]] = np.arange(len(order))
        return "category", order, index[codes]

    def notes(self) -> list[str]:
        """How a column of numbers is read where it is not plain, and what is taken as missing."""
        notes = [self._written.note()]
        if self._word is not None:
            place, text = self._word
            more = f"; so were {self.words - 1:,} more cells" if self.words > 1 else ""
            notes.append(
                f'column "{self.name}": {self.place} {place} holds "{label(text, 40)}", taken as '
                f"missing{more}"
            )
        return [note for note in notes if note]


class Sample:
    """Reservoir sampling: at most `most` rows, each as likely as any other, in their order.

    Kept are those whose seeded random keys are the smallest, so that the number of all rows need
    not be known.

    Parameters
    ----------
    most : int
    seed : int
    expected : int
        About how many rows there are, 0 where that is not known: with it few are held that are not
        kept in the end. Far too high a guess leaves the sample `short`.

    Examples
    --------
    >>> sample, rows = Sample(most=2), np.array([10, 20, 30])
    >>> kept = sample.draw(3)
    >>> sample.add(rows[kept])
    >>> len(sample.rows()[0]), sample.seen
    (2, 3)
    """

    def __init__(self, most: int, seed: int = 0, expected: int = 0) -> None:
        self.most, self.seen = most, 0
        self._generator, self._bound = np.random.default_rng(seed), np.inf
        if expected:
            self._bound = (1.1 * most + 5 * most**0.5) / expected
        self._held = 0
        self._keys = np.empty(0)
        self._parts: list[tuple[np.ndarray, ...]] = []

    @property
    def short(self) -> bool:
        """Whether fewer rows are held than could be, as more had been expected."""
        return self._held < min(self.most, self.seen)

    def draw(self, count: int) -> np.ndarray:
        """Which of so many more rows may be kept, by their numbers; `add` takes only these."""
        keys = self._generator.random(count)
        self.seen += count
        keep = np.flatnonzero(keys < self._bound)
        if len(keep) > self.most:
            keep = np.sort(keep[np.argpartition(keys[keep], self.most - 1)[: self.most]])
        self._keys = keys[keep]
        return keep

    def add(self, *arrays: np.ndarray) -> None:
        """The rows that were drawn last, as arrays of the same length."""
        self._parts.append((self._keys, *arrays))
        self._held += len(self._keys)
        if self._held > 2 * self.most:
            self.rows()

    def rows(self) -> tuple[np.ndarray, ...]:
        """The arrays, with the rows that were kept of all so far."""
        keys, parts = np.concatenate([part[0] for part in self._parts]), self._parts
        if len(keys) > self.most:
            self._bound = np.partition(keys, self.most - 1)[self.most - 1]
            kept = [np.flatnonzero(part[0] <= self._bound) for part in parts]
            parts = [
                tuple(array[rows] for array in part) for part, rows in zip(parts, kept, strict=True)
            ]
        # Two keys may be the same.
        whole = tuple(np.concatenate(arrays)[: self.most] for arrays in zip(*parts, strict=True))
        self._parts, self._held = [whole], len(whole[0])
        return whole[1:]


class Window:
    """Some rows that follow each other, with the same methods as `Sample`.

    Parameters
    ----------
    start, stop : int
        The first row that is kept, from 0, and the one behind the last.

    Examples
    --------
    >>> window, rows = Window(1, 3), np.array([10, 20, 30, 40])
    >>> kept = window.draw(4)
    >>> window.add(rows[kept])
    >>> window.rows()[0].tolist(), window.seen
    ([20, 30], 4)
    """

    short = False

    def __init__(self, start: int, stop: int) -> None:
        self._start, self._stop, self.seen = start, stop, 0
        self._parts: list[tuple[np.ndarray, ...]] = []

    def draw(self, count: int) -> np.ndarray:
        """Which of so many more rows are in it, by their numbers; `add` takes only these."""
        first, last = self._start - self.seen, self._stop - self.seen
        self.seen += count
        return np.arange(min(max(first, 0), count), min(max(last, 0), count))

    def add(self, *arrays: np.ndarray) -> None:
        """The rows that were drawn last, as arrays of the same length."""
        self._parts.append(arrays)

    def rows(self) -> tuple[np.ndarray, ...]:
        """The arrays of all rows that were added."""
        return tuple(np.concatenate(arrays) for arrays in zip(*self._parts, strict=True))


def _largest(values: np.ndarray) -> float:
    """The largest magnitude; NaN where there is no number."""
    largest = max(-values.min(), values.max())
    if np.isnan(largest):  # slower, and seldom
        largest = max(-np.fmin.reduce(values), np.fmax.reduce(values))
    return float(largest)


def _natural(text: str) -> tuple[float, str]:
    """A key that sorts numbers by their value, before all words."""
    try:
        return float(text), text
    except ValueError:
        return np.inf, text
