"""How far back a network looks into a series."""

from __future__ import annotations

import numpy as np


def by_lag(scores: np.ndarray) -> np.ndarray:
    """|Scores| summed over variables, by lag: 0 is the last step, T − 1 the first.

    Parameters
    ----------
    scores : ndarray, shape (T, V)

    Returns
    -------
    ndarray, shape (T,)

    Examples
    --------
    >>> by_lag(np.array([[1.0, 0.0], [-2.0, 3.0]])).tolist()
    [5.0, 1.0]
    """
    return np.abs(scores).sum(1)[::-1]


def median_lag(scores: np.ndarray) -> float:
    """The lag up to which half of all |scores| (T, V) lies; NaN where all are 0.

    Examples
    --------
    >>> median_lag(np.array([[4.0], [1.0], [2.0]]))
    2.0
    """
    reached = by_lag(scores).cumsum()
    if reached[-1] <= 0:
        return float("nan")
    return float(np.searchsorted(reached, reached[-1] / 2))
