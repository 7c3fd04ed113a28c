"""How much two maps agree: rank correlation, and overlap of their hottest cells.

Everywhere the hottest cells are those with the highest score; give `abs(map)` for either sign.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.errors import Problem


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two maps.

    Pearson's correlation of the ranks, equal scores sharing the mean of their ranks.

    Parameters
    ----------
    a, b : ndarray, the same shape (…)

    Returns
    -------
    float
        −1 to 1; NaN where one of the maps is constant.

    Raises
    ------
    Problem
        For maps of different shapes, without cells, or with NaN.

    References
    ----------
    Spearman 1904, "The proof and measurement of association between two things",
    doi:10.2307/1412159.

    Examples
    --------
    >>> rank_correlation(np.array([1, 2, 3]), np.array([10, 100, 1000]))
    1.0
    """
    a, b = (_ranks(flat) - (flat.size + 1) / 2 for flat in _flat_pair(a, b))
    scale = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / scale, -1, 1)) if scale > 0 else float("nan")


def similarity(first: np.ndarray, other: np.ndarray) -> float:
    """Rank correlation of the sizes of two maps, signs ignored.

    Near 1 after a randomisation, a map is not about what the model learned.

    Parameters
    ----------
    first, other : ndarray, the same shape (…)

    Returns
    -------
    float
        −1 to 1; NaN where one of the maps is constant.

    Raises
    ------
    Problem
        For maps that cannot be compared.

    Examples
    --------
    >>> similarity(np.array([1, -2, 3]), np.array([-1, 2, -3]))
    1.0
    """
    return rank_correlation(np.abs(first), np.abs(other))


def top_overlap(a: np.ndarray, b: np.ndarray, share: float = 0.1) -> float:
    """How many of their hottest cells two maps share: |top(a) ∩ top(b)| / |top|.

    Cells that tie for the last places are each in the top by an equal fraction (`membership`), and
    the intersection is Σ min of both. So equal maps overlap by 1 however many ties they have, which
    the product of the fractions would miss; and a flat map overlaps with one that has no ties by
    the share itself, which is chance.

    Parameters
    ----------
    a, b : ndarray, the same shape (…)
    share : float
        Of the cells that are the top, above 0 to 1.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    Problem
        For maps that cannot be compared, or a share out of range.

    Examples
    --------
    >>> top_overlap(np.array([9, 8, 1, 0]), np.array([9, 0, 8, 1]), share=0.5)
    0.5
    """
    a, b = _flat_pair(a, b)
    size = _size(share, a.size)
    return float(np.minimum(membership(a, size), membership(b, size)).sum() / size)


def similarities(
    maps: Sequence[np.ndarray], signed: Sequence[bool], share: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """How much every two of several maps agree: overlaps and rank correlations.

    Of a pair in which one has no sign, the strengths are correlated.

    Parameters
    ----------
    maps : sequence of M ndarray, the same shape (…)
    signed : sequence of M bool
        Whether the sign of each means something.
    share : float
        Of the cells that are the hottest, above 0 to 1.

    Returns
    -------
    overlaps, correlations : ndarray, shape (M, M)
        See `top_overlap` and `rank_correlation`; 1 on the diagonal.

    Examples
    --------
    >>> maps = [np.array([3.0, -2.0, 1.0]), np.array([3.0, 2.0, 1.0])]
    >>> similarities(maps, [True, False])[1].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    count = len(maps)
    overlaps, ranks = np.ones((count, count)), np.ones((count, count))
    for i in range(count):
        for j in range(i):
            one, other = maps[i], maps[j]
            overlaps[i, j] = overlaps[j, i] = top_overlap(one, other, share)
            if not (signed[i] and signed[j]):
                one, other = np.abs(one), np.abs(other)
            ranks[i, j] = ranks[j, i] = rank_correlation(one, other)
    return overlaps, ranks


def consensus(maps: Sequence[np.ndarray] | np.ndarray, share: float = 0.1) -> np.ndarray:
    """In how many of several maps each cell is among the hottest.

    Cells that tie for a map's last places count for a fraction, as in `top_overlap`.

    Parameters
    ----------
    maps : sequence of M ndarray, the same shape (…)
    share : float
        Of the cells that are the hottest, above 0 to 1.

    Returns
    -------
    ndarray, shape (…)
        0 to M.

    Raises
    ------
    Problem
        For no maps, maps that cannot be compared, or a share out of range.

    Examples
    --------
    >>> consensus([np.array([9, 8, 1, 0]), np.array([9, 0, 8, 1])], share=0.5)
    array([2., 1., 1., 0.])
    """
    if len(maps) == 0:
        raise Problem("There are no maps; give at least one.")
    first = np.asarray(maps[0])
    counts = np.zeros(first.size)
    for other in maps:
        flat = _flat_pair(first, other)[1]
        counts += membership(flat, _size(share, flat.size))
    return counts.reshape(first.shape)


def membership(scores: np.ndarray, size: int) -> np.ndarray:
    """How far each cell is among the `size` highest scores.

    1 above the last place's score, 0 below; cells at it share what is left equally, as they would
    on average if lots were drawn.

    Parameters
    ----------
    scores : ndarray, shape (…)
    size : int
        How many cells the top holds.

    Returns
    -------
    ndarray, shape (…)
        0 to 1, `size` in all.

    Raises
    ------
    Problem
        Where the scores have fewer cells.

    Examples
    --------
    >>> membership(np.array([5, 2, 2, 0]), 2)
    array([1. , 0.5, 0.5, 0. ])
    """
    scores = np.asarray(scores)
    if not 1 <= size <= scores.size:
        raise Problem(f"The top of {scores.size} cells holds 1 to {scores.size}, not {size}.")
    last = np.partition(scores.ravel(), scores.size - size)[scores.size - size]
    above, level = scores > last, scores == last
    return above + level * ((size - above.sum()) / level.sum())


def _ranks(flat: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, which, counts = np.unique(flat, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[which]


def _size(share: float, cells: int) -> int:
    if not 0 < share <= 1:
        raise Problem(f"share={share} must be above 0 and at most 1.")
    return max(1, int(share * cells + 0.5))


def _flat_pair(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two maps of the same shape, flat; Problem where they cannot be compared."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.size == 0:
        raise Problem(
            f"Maps of shapes {a.shape} and {b.shape} cannot be compared; "
            "they need the same number of cells."
        )
    if np.isnan(a).any() or np.isnan(b).any():
        raise Problem("A map that holds NaN cannot be compared.")
    return a.ravel(), b.ravel()
