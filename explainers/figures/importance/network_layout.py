"""Where the units and lines of a network's diagram lie."""

from __future__ import annotations

import numpy as np


def shares(weight: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Each weight's size as a share of the largest into the same layer."""
    largest = np.zeros(int(into.max(initial=0)) + 1)
    np.maximum.at(largest, into, np.abs(weight))
    return np.abs(weight) / np.where(largest > 0, largest, 1.0)[into]


def places(layer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Layers from left to right, the units of each evenly from the top, around the middle."""
    sizes = np.bincount(layer)
    tallest = max(int(sizes.max()), 2)
    up = np.empty(len(layer))
    for number, size in enumerate(sizes):
        gap = min(tallest / max(size, 1), 2.4)
        up[layer == number] = gap * ((size - 1) / 2 - np.arange(size))
    return layer.astype(np.float64), up


def path(
    across: np.ndarray, up: np.ndarray, layer: np.ndarray, one: int, other: int
) -> tuple[np.ndarray, np.ndarray]:
    """The points of one line: straight to the next layer, bowed past those that it skips."""
    if layer[other] - layer[one] == 1:
        return across[[one, other]], up[[one, other]]
    share = np.linspace(0, 1, 13)
    bow = 0.5 * max(2, np.bincount(layer).max()) * 0.5
    y = (1 - share) * up[one] + share * up[other] + 4 * share * (1 - share) * bow
    return (1 - share) * across[one] + share * across[other], y
