"""The hottest patch of each picture: where it is, what it shows; cut out, and pasted elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELLS = 3
"""A patch is compared with others in so many cells a side."""
RING = 2
"""Pixels around a patch, whose median colour fills it when it is cut out."""


@dataclass(frozen=True)
class Patches:
    """The patch of each of N pictures that holds most of the evidence.

    Attributes
    ----------
    side : int
        In px.
    places : ndarray, int64, shape (N, 2)
        Row and column of its upper left corner.
    shares : ndarray, shape (N,)
        The share of the picture's support that lies in it.
    """

    side: int
    places: np.ndarray
    shares: np.ndarray


def hottest(maps: np.ndarray, side: int) -> Patches:
    """The square of each map that holds the most support.

    Parameters
    ----------
    maps : ndarray, shape (N, H, W)
        What is below 0 counts for nothing.
    side : int
        Of the square, in px.

    Examples
    --------
    >>> maps = np.zeros((1, 6, 6))
    >>> maps[0, 2:4, 3:5] = 1
    >>> found = hottest(maps, 2)
    >>> found.places.tolist(), found.shares.tolist()
    ([[2, 3]], [1.0])
    """
    support = np.clip(maps, 0, None).astype(np.float64)
    sums = np.pad(support.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    held = (
        sums[:, side:, side:]
        - sums[:, :-side, side:]
        - sums[:, side:, :-side]
        + sums[:, :-side, :-side]
    )
    flat = held.reshape(len(maps), -1)
    places = np.stack(np.unravel_index(flat.argmax(1), held.shape[1:]), 1)
    whole = np.maximum(support.sum((1, 2)), np.finfo(np.float64).tiny)
    return Patches(side, places.astype(np.int64), flat.max(1) / whole)


def features(pictures: np.ndarray, maps: np.ndarray, patches: Patches) -> np.ndarray:
    """What tells patches apart: the picture in it, the map in it, and, for half as much, its place.

    Parameters
    ----------
    pictures : ndarray, shape (N, C, H, W)
    maps : ndarray, shape (N, H, W)
    patches : Patches

    Returns
    -------
    ndarray, shape (N, features)
        Each of the three parts has the same variance in all.
    """
    count, sides = len(maps), np.array(maps.shape[1:])
    support = np.clip(maps, 0, None)
    support = support / np.maximum(support.sum((1, 2), keepdims=True), np.finfo(np.float64).tiny)
    shown, warm = [], []
    for k in range(count):
        where = square(patches.places[k], patches.side)
        shown.append(_cells(pictures[k][(slice(None), *where)]))
        warm.append(_cells(support[k][None][(slice(None), *where)]))
    parts = (
        (np.stack(shown).reshape(count, -1), 1.0),
        (np.stack(warm).reshape(count, -1), 1.0),
        (patches.places / sides, 0.5),
    )
    return np.concatenate([weight * _scaled(part) for part, weight in parts], 1)


def elsewhere(
    place: np.ndarray, side: int, sides: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """The corner of a random square of that side that does not overlap the one at a place.

    Where a picture has no room for one, the corner that is farthest away.
    """
    room = np.array(sides) - side
    for _ in range(100):
        other = rng.integers(0, room + 1)
        if (np.abs(other - place) >= side).any():
            return other
    return np.where(place > room / 2, 0, room)


def square(place: np.ndarray, side: int) -> tuple[slice, slice]:
    """Rows and columns of the patch at a place."""
    return slice(int(place[0]), int(place[0]) + side), slice(int(place[1]), int(place[1]) + side)


def pasted(onto: np.ndarray, patch: np.ndarray, place: np.ndarray) -> np.ndarray:
    """A picture (C, H, W) with a patch (C, side, side) at a place.

    Examples
    --------
    >>> pasted(np.zeros((1, 2, 2)), np.ones((1, 1, 1)), np.array([0, 1])).tolist()
    [[[0.0, 1.0], [0.0, 0.0]]]
    """
    changed = onto.copy()
    changed[(slice(None), *square(place, patch.shape[-1]))] = patch
    return changed


def cut_out(picture: np.ndarray, place: np.ndarray, side: int) -> np.ndarray:
    """A picture (C, H, W) whose patch has the median colour of the pixels around it.

    Examples
    --------
    >>> picture = np.full((1, 5, 5), 0.5)
    >>> picture[0, 2, 2] = 1
    >>> float(cut_out(picture, np.array([2, 2]), 1)[0, 2, 2])
    0.5
    """
    top, left = np.maximum(place - RING, 0)
    around = np.zeros(picture.shape[1:], bool)
    around[top : place[0] + side + RING, left : place[1] + side + RING] = True
    around[square(place, side)] = False
    colour = np.median(picture[:, around], axis=1)
    return pasted(
        picture, np.broadcast_to(colour[:, None, None], (len(picture), side, side)), place
    )


def _cells(patch: np.ndarray) -> np.ndarray:
    """Means (C, CELLS, CELLS) of a patch (C, side, side)."""
    rows = np.array_split(patch, min(CELLS, patch.shape[1]), axis=1)
    return np.stack(
        [
            np.stack([c.mean((1, 2)) for c in np.array_split(r, min(CELLS, r.shape[2]), 2)], 1)
            for r in rows
        ],
        1,
    )


def _scaled(part: np.ndarray) -> np.ndarray:
    """Centred, and with a mean squared length of 1."""
    centred = part - part.mean(0)
    length = np.sqrt((centred**2).sum(1).mean())
    return centred / length if length > 0 else centred
