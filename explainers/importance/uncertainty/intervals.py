"""How sure a mean importance is: bootstrap intervals over the rows of the data."""

from __future__ import annotations

import numpy as np

from explainers.errors import Problem

BLOCK = 4_000_000
"""Counts of drawn rows held at once; 32 MB."""


def mean_with_interval(
    scores: np.ndarray, share: float = 0.95, draws: int = 1000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean |score| over rows, with an interval that holds a share of the bootstrap's means.

    Rows are drawn with replacement, all features of a row together; the percentile method. One row
    alone says nothing about how sure its mean is: its interval is NaN.

    Parameters
    ----------
    scores : ndarray, shape (M, F)
    share : float
        Of the bootstrap's means inside the interval.
    draws : int
        Of the bootstrap.
    seed : int

    Returns
    -------
    mean, low, high : ndarray, shape (F,)

    Raises
    ------
    Problem
        Where scores are not finite or not (rows, features), or an argument is impossible.

    References
    ----------
    Efron & Tibshirani 1993, "An introduction to the bootstrap", chapter 13.

    Examples
    --------
    >>> mean, low, high = mean_with_interval(np.array([[1.0], [-3.0], [2.0], [-2.0]]))
    >>> mean.tolist(), bool(low[0] < 2 < high[0])
    ([2.0], True)
    """
    strength = np.abs(np.asarray(scores, dtype=np.float64))
    if strength.ndim != 2 or strength.size == 0 or not np.isfinite(strength).all():
        raise Problem(
            f"An interval needs finite scores (rows, features); got shape {strength.shape}"
            + (", some not finite." if strength.ndim == 2 and strength.size else ".")
        )
    if not (0 < share < 1 and draws >= 1):
        raise Problem(
            f"The interval's share lies between 0 and 1 and needs at least one draw; got {share} "
            f"and {draws}."
        )
    rows, mean = len(strength), strength.mean(0)
    if rows == 1:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    generator, even = np.random.default_rng(seed), np.full(rows, 1 / rows)
    block = max(1, BLOCK // rows)
    means = [
        generator.multinomial(rows, even, size=min(block, draws - done)) @ strength / rows
        for done in range(0, draws, block)
    ]
    tail = (1 - share) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail], axis=0)
    return mean, low, high
