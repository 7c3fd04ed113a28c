"""A box of a picture, by its edges, as the cells that lie in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom edge, as shares of the width and the height from 0 to 1."""


def box_mask(box: Box, shape: Sequence[int]) -> np.ndarray:
    """Which cells of a map have their centre in a box.

    Parameters
    ----------
    box : Box
    shape : (int, int)
        Height and width of the map.

    Returns
    -------
    ndarray of bool, shape (H, W)

    Examples
    --------
    >>> box_mask((0.0, 0.0, 0.5, 1.0), (1, 4)).tolist()
    [[True, True, False, False]]
    """
    left, top, right, bottom = box
    height, width = shape
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    inside = (down >= top) & (down < bottom)
    return inside[:, None] & ((across >= left) & (across < right))
