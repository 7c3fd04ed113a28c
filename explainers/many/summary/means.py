"""Means of maps as they come: of each class, every input with the same weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mean:
    """The mean of maps.

    Attributes
    ----------
    values : ndarray, float64, of the shape of one map
        Of maps that are divided each by the sum of its sizes, so that every input counts alike,
        however high its score: a value is the mean share of the evidence that lies there, below 0
        where it opposes. What supports in one input and opposes in another cancels. Of tables the
        maps are not divided: a value is the mean contribution of a column.
    sizes : ndarray
        The same without signs: of a table the mean |contribution|.
    count : int
        Of how many maps.
    left_out : int
        Maps of another shape than the first one's, or zero everywhere; they are not in the mean.
    """

    values: np.ndarray
    sizes: np.ndarray
    count: int
    left_out: int


class Means:
    """The mean of maps, in memory for two of them.

    Parameters
    ----------
    divided : bool
        Whether each map is divided by the sum of its sizes.

    Examples
    --------
    >>> means = Means(divided=True)
    >>> means.add(np.array([[3.0, -1.0]]))
    >>> means.add(np.array([[0.1, 0.1]]))
    >>> means.add(np.array([[5.0, 5.0, 5.0]]))
    >>> found = means.mean
    >>> found.values.tolist(), found.sizes.tolist(), found.count, found.left_out
    ([[0.625, 0.125]], [[0.625, 0.375]], 2, 1)
    """

    def __init__(self, divided: bool) -> None:
        self._divided = divided
        self._shape: tuple[int, ...] | None = None
        self._count = self._left_out = 0

    def add(self, scores: np.ndarray) -> None:
        """Take one more map."""
        exact = np.asarray(scores, np.float64)
        if self._shape is None:
            self._shape = exact.shape
            self._sum, self._sizes = np.zeros(self._shape), np.zeros(self._shape)
        whole = float(np.abs(exact).sum()) if self._divided else 1.0
        if exact.shape != self._shape or not whole > 0:
            self._left_out += 1
            return
        self._sum += exact / whole
        self._sizes += np.abs(exact) / whole
        self._count += 1

    @property
    def mean(self) -> Mean | None:
        """Of those that were taken; None of none."""
        if not self._count:
            return None
        sums = self._sum / self._count, self._sizes / self._count
        return Mean(*sums, self._count, self._left_out)
