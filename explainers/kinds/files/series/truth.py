"""The labels that a file gives to its series, as the truth that answers are held against."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def truth_of(labels: Sequence[str], series: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The labels of some series as numbers; of words their places among the different ones.

    Parameters
    ----------
    labels : sequence of str
        Of all series of the file.
    series : ndarray of int, shape (N,)
        Which series are meant.

    Returns
    -------
    values : ndarray, float64, shape (N,)
    levels : list of str
        The words, in order; [] where the labels are numbers.

    Examples
    --------
    >>> values, levels = truth_of(["up", "down", "up"], np.array([0, 1]))
    >>> values.tolist(), levels
    ([1.0, 0.0], ['down', 'up'])
    >>> truth_of(["1", "2.5"], np.array([1]))
    (array([2.5]), [])
    """
    try:
        numbers = np.array([float(label) for label in labels])
    except ValueError:
        numbers = np.array([math.nan])
    if np.isfinite(numbers).all():
        return numbers[series], []
    levels = sorted(set(labels))
    return np.array([float(levels.index(labels[place])) for place in series]), levels
