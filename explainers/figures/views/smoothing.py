"""A map without its grain: each score spread over its neighbourhood, none of it lost."""

from __future__ import annotations

import numpy as np

SIGMA = 0.025
"""Of the Gaussian, as a share of the map's longer side: about 6 cells of 224."""


def smooth(heat: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    """Every score spread over its neighbours by a Gaussian; the total stays what it was.

    A cell near the border spreads its score over fewer neighbours, with as much more to each:
    the weights of each *source* add up to 1, so that the map adds up to what it did.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
    sigma : float
        As a share of the longer side.

    Returns
    -------
    ndarray, float64, shape (H, W)

    Examples
    --------
    >>> heat = np.zeros((8, 6))
    >>> heat[0, 0], heat[5, 3] = 3.0, -1.0
    >>> spread = smooth(heat, 0.2)
    >>> bool(spread.max() < 1), round(float(spread.sum()), 12)
    (True, 2.0)
    """
    width = sigma * max(heat.shape)
    down, across = (_weights(side, width) for side in heat.shape)
    return down.T @ heat.astype(np.float64) @ across


def _weights(side: int, sigma: float) -> np.ndarray:
    """Shares (side, side): what each place, a row, gives to every place."""
    place = np.arange(side)
    weights = np.exp(-((place[:, None] - place) ** 2) / (2 * max(sigma, 1e-9) ** 2))
    return weights / weights.sum(1, keepdims=True)
