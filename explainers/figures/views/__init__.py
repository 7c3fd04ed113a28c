"""The same scores of a picture at the scale at which people see: every view keeps their total."""

from __future__ import annotations

import numpy as np

from explainers.figures.views.areas import area_map, find_areas
from explainers.figures.views.smoothing import smooth

VIEWS = {"areas": "Areas", "smooth": "Smooth", "cells": "Exact cells"}
"""Areas found in the picture, each with its scores' sum; a Gaussian; the scores themselves."""
AT_SCALE = {"areas": "by areas", "smooth": "smoothed", "cells": "cell by cell"}
"""How it is said that maps are compared in a view."""
FEW_CELLS = 64
"""Maps up to this side are read cell by cell; there is nothing to gather."""
SHOWN_AS_CELLS = 128
"""Maps up to this side are shown as exact cells unless another view is chosen."""


def usual_view(shape: tuple[int, ...]) -> str:
    """The view in which a map of that shape (H, W) is shown first.

    Examples
    --------
    >>> usual_view((96, 96)), usual_view((224, 224))
    ('cells', 'areas')
    """
    return "cells" if max(shape) <= SHOWN_AS_CELLS else "areas"


def in_view(view: str, heat: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A map in one of the VIEWS; it adds up to what it did.

    Parameters
    ----------
    view : str
        A key of VIEWS.
    heat : ndarray, shape (H, W)
    values : ndarray, shape (C, H, W)
        The picture that it explains, as the network sees it.

    Returns
    -------
    ndarray, float64, shape (H, W)

    Examples
    --------
    >>> heat = np.zeros((16, 16))
    >>> heat[0, 0] = 1.0
    >>> found = in_view("areas", heat, np.ones((3, 16, 16)))
    >>> bool((found > 0).sum() > 1), round(float(found.sum()), 6)
    (True, 1.0)
    """
    if view == "areas":
        return area_map(heat, find_areas(drawn(values)))
    return smooth(heat) if view == "smooth" else heat.astype(np.float64)


def drawn(values: np.ndarray) -> np.ndarray:
    """Channels (C, H, W) as colours (H, W, 3) from 0 to 255, to look for areas in.

    A picture from 0 to 1 of one or three channels is taken as it is; of others the first three are
    stretched from their least to their greatest.

    Examples
    --------
    >>> drawn(np.ones((1, 1, 1))).tolist()
    [[[255.0, 255.0, 255.0]]]
    """
    three = values.astype(np.float64)[: 3 if len(values) > 2 else 1]
    if len(values) not in (1, 3):
        low, high = three.min((1, 2), keepdims=True), three.max((1, 2), keepdims=True)
        three = (three - low) / np.where(high > low, high - low, 1)
    three = np.broadcast_to(three, (3, *three.shape[1:]))
    return three.clip(0, 1).transpose(1, 2, 0) * 255
