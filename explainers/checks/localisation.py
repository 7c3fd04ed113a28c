"""Where a map lies: its mass inside a known region, and the area that holds half of it."""

from __future__ import annotations

import numpy as np


def relevance_mass(heat: np.ndarray, mask: np.ndarray) -> float:
    """Share of the positive scores of `heat` (H, W) that lies inside `mask` (H, W), 0 to 1.

    `mask` holds shares from 0 to 1. NaN where no score is positive. Arras, Osman & Samek 2022,
    "CLEVR-XAI: a benchmark dataset for the ground truth evaluation of neural network explanations".
    """
    support = np.clip(heat, 0, None)
    total = support.sum()
    return float((support * mask).sum() / total) if total > 0 else float("nan")


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
