"""Where a map lies: mass, ranks and peak in a known region, and the area that holds half of it.

A region is a mask (H, W) of shares from 0 to 1: how much of each cell belongs to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.checks.agreement import membership
from explainers.errors import Problem


def relevance_mass(heat: np.ndarray, mask: np.ndarray) -> float:
    """Share of the positive scores of `heat` (H, W) that lies inside `mask` (H, W), 0 to 1.

    `mask` holds shares from 0 to 1. NaN where no score is positive. Arras, Osman & Samek 2022,
    "CLEVR-XAI: a benchmark dataset for the ground truth evaluation of neural network explanations".
    """
    support = np.clip(heat, 0, None)
    total = support.sum()
    return float((support * mask).sum() / total) if total > 0 else float("nan")


def relevance_rank(heat: np.ndarray, mask: np.ndarray) -> float:
    """Share of the K highest scores of `heat` (H, W) that lies inside `mask` (H, W), 0 to 1.

    K is the size of the region, the sum of its shares, rounded. Cells that tie for the last places
    count for a fraction each. NaN for an empty region. Relevance rank accuracy of Arras, Osman &
    Samek 2022.
    """
    heat, mask = _fitting(heat, mask)
    size = int(mask.sum() + 0.5)
    return float((membership(heat, size) * mask).sum() / size) if size else float("nan")


def pointing_game(heat: np.ndarray, mask: np.ndarray, tolerance: float = 0) -> float:
    """Whether the highest score of `heat` (H, W) lies in `mask` (H, W): 1 hit, 0 miss.

    A hit also counts where the region comes within `tolerance` cells, from centre to centre. Where
    several cells share the highest score, the share of them that hit; a cell partly in the region
    hits in part. Zhang et al. 2016, "Top-down neural attention by excitation backprop"
    (arXiv:1608.00507).
    """
    heat, mask = _fitting(heat, mask)
    height, width = heat.shape
    reach = int(min(tolerance, height + width))
    wide, near = np.pad(mask, reach), mask
    for down, across in np.ndindex(2 * reach + 1, 2 * reach + 1):
        if (down - reach) ** 2 + (across - reach) ** 2 <= tolerance**2:
            near = np.maximum(near, wide[down : down + height, across : across + width])
    return float(near[heat == heat.max()].mean())


def inside(heat: np.ndarray, region: np.ndarray | Sequence[float]) -> tuple[float, float]:
    """(share of the support, share of the opposition) of `heat` (H, W) that lies in the region.

    region   a mask (H, W), or a box (left, top, width, height) as for `box_mask`.

    NaN for the one of which `heat` has nothing.
    """
    given = np.asarray(region, dtype=float)
    mask = box_mask(np.shape(heat), *given) if given.shape == (4,) else given
    heat, mask = _fitting(heat, mask)
    return relevance_mass(heat, mask), relevance_mass(-heat, mask)


def box_mask(
    shape: tuple[int, int], left: float, top: float, width: float, height: float
) -> np.ndarray:
    """A box, given in fractions of the map, as a mask of `shape` (H, W) of shares from 0 to 1.

    Cells that the box covers in part count for that part; what lies off the map is cut off.
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
    """The smallest share of the cells that holds half of the positive scores; NaN without any."""
    support = np.sort(np.clip(heat, 0, None).ravel())[::-1]
    if support.sum() <= 0:
        return float("nan")
    needed = int(np.searchsorted(support.cumsum(), support.sum() / 2)) + 1
    return needed / support.size


def centre(heat: np.ndarray) -> tuple[float, float]:
    """Centre of the positive scores: (from the left, from the top) as fractions."""
    support = np.clip(heat, 0, None)
    rows, columns = np.indices(heat.shape)
    total = support.sum() or 1.0
    height, width = heat.shape
    across = float(((columns + 0.5) * support).sum() / total / width)
    return across, float(((rows + 0.5) * support).sum() / total / height)


def _fitting(heat: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    heat, mask = np.asarray(heat), np.asarray(mask, dtype=float)
    if heat.shape != mask.shape or heat.ndim != 2 or heat.size == 0:
        raise Problem(
            f"A map of shape {heat.shape} and a region of shape {mask.shape} do not fit; "
            "both must be (H, W)."
        )
    if np.isnan(heat).any() or not ((mask >= 0) & (mask <= 1)).all():
        raise Problem("A map must not hold NaN, and a region holds shares from 0 to 1.")
    return heat, mask
