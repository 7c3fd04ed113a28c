"""Some inputs that stand for all: what baselines are made from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from explainers.errors import Problem

VALUES_SAMPLED = 2**24
"""So many values of other inputs, at most, stand for the data from which a baseline is made."""


def even_sample(count: int, most: int, values_of: Callable[[int], np.ndarray | None]) -> np.ndarray:
    """At most so many of the inputs 0 to count, evenly spread, of one shape: float32 (M, …)."""
    found: list[np.ndarray] = []
    room = VALUES_SAMPLED
    for index in np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)):
        one = values_of(int(index))
        if one is None or (found and one.shape != found[0].shape):
            continue
        room -= one.size
        if room < 0 and found:
            break
        found.append(one)
    if not found:
        raise Problem("No input can be read from which the baseline could be made.")
    return np.stack(found)
