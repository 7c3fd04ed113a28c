"""What a map says in a few numbers: how much supports, how much opposes, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.kinds import KINDS

EDGE = 0.1
"""The border is so much of each side, at both of its ends."""


@dataclass(frozen=True)
class Evidence:
    """A map in numbers.

    Attributes
    ----------
    support, opposition : float
        Sums of what is above 0, and of what is below, over the values of the scores.
    centre : tuple of float
        The centre of gravity of the map's strength, from 0 to 1: down and across a picture; along
        a series or a sequence. () for a table.
    border : float or None
        The share of the strength that lies in the outer tenth of each side; a map that is even
        everywhere has 0.36 of a picture, and 0.2 of a sequence. None for a table.

    Examples
    --------
    >>> scores = np.zeros((3, 10, 10))
    >>> scores[:, 0, 5] = 1, 1, -1
    >>> evidence_in(scores, "picture")
    Evidence(support=2.0, opposition=-1.0, centre=(0.05, 0.55), border=1.0)
    """

    support: float
    opposition: float
    centre: tuple[float, ...] = ()
    border: float | None = None


def evidence_in(scores: np.ndarray, kind: str) -> Evidence:
    """The numbers of one input's scores.

    Parameters
    ----------
    scores : ndarray, of the shape of one input
    kind : str
        A key of KINDS.
    """
    exact = scores.astype(np.float64)
    sums = float(exact[exact > 0].sum()), float(exact[exact < 0].sum())
    if kind == "table":
        return Evidence(*sums)
    strength = np.abs(KINDS[kind].heat(exact))
    if kind == "series":
        strength = strength.sum(1)
    whole = float(strength.sum())
    if not whole > 0:
        return Evidence(*sums)
    centre = []
    inside = np.ones(strength.shape, bool)
    for axis, length in enumerate(strength.shape):
        places = (np.arange(length) + 0.5) / length
        along = [1] * strength.ndim
        along[axis] = length
        centre.append(float((strength * places.reshape(along)).sum() / whole))
        inside &= ((places > EDGE) & (places < 1 - EDGE)).reshape(along)
    return Evidence(*sums, tuple(centre), float(strength[~inside].sum() / whole))
