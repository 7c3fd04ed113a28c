"""Where a map lies: mass, ranks and peak in a known region, and the area that holds half of it.

A region is a mask (H, W) of shares from 0 to 1: how much of each cell belongs to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.checks.agreement import membership
from explainers.errors import Problem


def relevance_mass(heat: np.ndarray, mask: np.ndarray) -> float:
    """Relevance mass accuracy: the share of the positive scores that lies in the region.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
        The scores.
    mask : ndarray, shape (H, W)
        How much of each cell belongs to the region, 0 to 1.

    Returns
    -------
    float
        0 to 1; NaN where no score is positive.

    References
    ----------
    Arras, Osman & Samek 2022, "CLEVR-XAI: a benchmark dataset for the ground truth evaluation of
    neural network explanations", arXiv:2003.07258.

    Examples
    --------
    >>> relevance_mass(np.array([[3.0, 1.0], [-2.0, 0.0]]), np.array([[1, 0], [0, 0]]))
    0.75
    """
    support = np.clip(heat, 0, None)
    total = support.sum()
    return float((support * mask).sum() / total) if total > 0 else float("nan")


def relevance_rank(heat: np.ndarray, mask: np.ndarray) -> float:
    """Relevance rank accuracy: the share of the K highest scores that lies in the region.

    K is the size of the region, the sum of its shares, rounded. Cells that tie for the last places
    count for a fraction each.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
        The scores.
    mask : ndarray, shape (H, W)
        How much of each cell belongs to the region, 0 to 1.

    Returns
    -------
    float
        0 to 1; NaN for an empty region.

    Raises
    ------
    Problem
        Where the two do not fit, scores are NaN, or shares out of range.

    References
    ----------
    Arras, Osman & Samek 2022, arXiv:2003.07258.

    Examples
    --------
    >>> relevance_rank(np.array([[3.0, 1.0], [2.0, 0.0]]), np.array([[1, 1], [0, 0]]))
    0.5
    """
    heat, mask = _check_map(heat, mask)
    size = int(mask.sum() + 0.5)
    return float((membership(heat, size) * mask).sum() / size) if size else float("nan")


def pointing_game(heat: np.ndarray, mask: np.ndarray, tolerance: float = 0) -> float:
    """The pointing game: whether the highest score lies in the region, 1 hit or 0 miss.

    Where several cells share the highest score, the share of them that hit; a cell partly in the
    region hits in part.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
        The scores.
    mask : ndarray, shape (H, W)
        How much of each cell belongs to the region, 0 to 1.
    tolerance : float
        A hit also counts where the region comes within so many cells, from centre to centre.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    Problem
        Where the two do not fit, scores are NaN, or shares out of range.

    References
    ----------
    Zhang et al. 2016, "Top-down neural attention by excitation backprop", arXiv:1608.00507.

    Examples
    --------
    >>> heat, mask = np.array([[0.0, 5.0, 1.0]]), np.array([[1, 0, 0]])
    >>> pointing_game(heat, mask), pointing_game(heat, mask, tolerance=1)
    (0.0, 1.0)
    """
    heat, mask = _check_map(heat, mask)
    height, width = heat.shape
    reach = int(min(tolerance, height + width))
    wide, near = np.pad(mask, reach), mask
    for down, across in np.ndindex(2 * reach + 1, 2 * reach + 1):
        if (down - reach) ** 2 + (across - reach) ** 2 <= tolerance**2:
            near = np.maximum(near, wide[down : down + height, across : across + width])
    return float(near[heat == heat.max()].mean())


def inside(heat: np.ndarray, region: np.ndarray | Sequence[float]) -> tuple[float, float]:
    """How much of the support and of the opposition lies in a region.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
        The scores.
    region : ndarray, shape (H, W), or sequence of 4 float
        A mask of shares from 0 to 1; or a box (left, top, width, height) as for `box_mask`.

    Returns
    -------
    support, opposition : float
        The shares of the positive and of the negative scores, 0 to 1; NaN for the one of which
        there is nothing.

    Raises
    ------
    Problem
        Where the two do not fit, scores are NaN, or shares out of range.

    Examples
    --------
    >>> inside(np.array([[3.0, 1.0], [-2.0, -2.0]]), region=(0, 0, 0.5, 1))
    (0.75, 0.5)
    """
    mask = np.asarray(region, dtype=float)
    if mask.shape == (4,):
        mask = box_mask(np.shape(heat), *mask)
    heat, mask = _check_map(heat, mask)
    return relevance_mass(heat, mask), relevance_mass(-heat, mask)


def box_mask(
    shape: tuple[int, int], left: float, top: float, width: float, height: float
) -> np.ndarray:
    """A box as a mask; what lies off the map is cut off.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the map.
    left, top, width, height : float
        In fractions of the map.

    Returns
    -------
    ndarray, shape (H, W)
        Shares from 0 to 1: cells that the box covers in part count for that part.

    Raises
    ------
    Problem
        For a box that is not finite or of negative size.

    Examples
    --------
    >>> box_mask((1, 4), left=0.125, top=0, width=0.5, height=1)
    array([[0.5, 1. , 0.5, 0. ]])
    """
    if not (np.isfinite([left, top]).all() and 0 <= width < np.inf and 0 <= height < np.inf):
        raise Problem(
            f"A box is left, top, width and height in fractions of the map, width and height not "
            f"negative; not {left}, {top}, {width}, {height}."
        )
    down, across = (
        np.clip(np.minimum(stop * cells, at + 1) - np.maximum(start * cells, at), 0, 1)
        for start, stop, cells in ((top, top + height, shape[0]), (left, left + width, shape[1]))
        for at in (np.arange(cells),)
    )
    return np.outer(down, across)


def half_area(heat: np.ndarray) -> float:
    """The smallest share of the cells that holds half of the positive scores.

    Parameters
    ----------
    heat : ndarray, shape (…)

    Returns
    -------
    float
        Above 0 to 1; NaN where no score is positive.

    Examples
    --------
    >>> half_area(np.array([[8.0, 1.0], [1.0, 0.0]]))
    0.25
    """
    support = np.sort(np.clip(heat, 0, None).ravel())[::-1]
    if support.sum() <= 0:
        return float("nan")
    needed = int(np.searchsorted(support.cumsum(), support.sum() / 2)) + 1
    return needed / support.size


def centre(heat: np.ndarray) -> tuple[float, float]:
    """The centre of mass of the positive scores.

    Parameters
    ----------
    heat : ndarray, shape (H, W)

    Returns
    -------
    across, down : float
        From the left and from the top, as fractions of the map.

    Examples
    --------
    >>> centre(np.array([[1.0, 0.0], [0.0, 0.0]]))
    (0.25, 0.25)
    """
    support = np.clip(heat, 0, None)
    rows, columns = np.indices(heat.shape)
    total = support.sum() or 1.0
    height, width = heat.shape
    across = float(((columns + 0.5) * support).sum() / total / width)
    return across, float(((rows + 0.5) * support).sum() / total / height)


def _check_map(heat: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays (H, W); Problem where they do not fit."""
    heat, mask = np.asarray(heat), np.asarray(mask, dtype=float)
    if heat.shape != mask.shape or heat.ndim != 2 or heat.size == 0:
        raise Problem(
            f"A map of shape {heat.shape} and a region of shape {mask.shape} do not fit; "
            "both must be (H, W)."
        )
    if np.isnan(heat).any() or not ((mask >= 0) & (mask <= 1)).all():
        raise Problem("A map must not hold NaN, and a region holds shares from 0 to 1.")
    return heat, mask
