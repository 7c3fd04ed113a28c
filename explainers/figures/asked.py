"""Where an answer with one of each class at many places is asked: in words, and as a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def asked_words(places: dict[str, Any], names: Sequence[str], sides: Sequence[int]) -> str:
    """The places that are asked, in words.

    Parameters
    ----------
    places : dict
        As `explainers.models.places.ask_at` tells them.
    names : sequence of str
        Of the classes.
    sides : sequence of int
        Height and width of the picture that the network sees, in px.

    Examples
    --------
    >>> places = {"grid": [2, 4], "where": "class", "index": 1, "asked": [0, 3], "numbers": []}
    >>> asked_words(places, ["sky", "road"], [2, 4])
    'the 2 pixels that the network calls road'
    >>> asked_words(places | {"where": "place", "asked": [6]}, ["sky", "road"], [8, 16])
    'the place in row 1, column 2 (of 2 × 4, from 0)'
    """
    grid, where, asked = places["grid"], places["where"], places["asked"]
    boxes = len(grid) == 1
    one = "box" if boxes else "pixel" if list(grid[-2:]) == list(sides) else "place"
    many = "boxes" if boxes else f"{one}s"
    total = int(np.prod(grid))
    if where == "all":
        return f"all {total:,} {many}"
    if where == "class":
        what = f"the {len(asked):,} {many}" if len(asked) > 1 else f"the one {one}"
        return f"{what} that the network calls {names[places['index']]}"
    best = (
        f"the {one} with the highest score of {names[places['index']]}, " if where == "best" else ""
    )
    if boxes:
        numbers = ", ".join(f"{value:g}" for value in places["numbers"])
        at = f", its place {numbers}" if numbers else ""
        return f"{best}box {asked[0]:,} (of {total:,}, from 0{at})"
    numbers_of = np.unravel_index(asked[0], grid)
    titles = ("slice", "row", "column")[-len(grid) :]
    there = ", ".join(f"{title} {number}" for title, number in zip(titles, numbers_of, strict=True))
    sides_in_words = " × ".join(map(str, grid))
    return f"{best}the {one} in {there} (of {sides_in_words}, from 0)"


def asked_mask(places: dict[str, Any], sides: Sequence[int]) -> np.ndarray | None:
    """The places that are asked, as a mask of the picture that the network sees.

    Parameters
    ----------
    places : dict
        As `explainers.models.places.ask_at` tells them.
    sides : sequence of int
        Height and width of the mask.

    Returns
    -------
    ndarray, float32, shape (height, width), or None
        1 where it is asked. Of a box its rectangle, where its four numbers are a centre and sides
        within the picture, in px or as shares; None where they are not, and for all places.

    Examples
    --------
    >>> asked_mask({"grid": [1, 2], "where": "class", "asked": [1], "numbers": []}, (2, 4))
    array([[0., 0., 1., 1.],
           [0., 0., 1., 1.]], dtype=float32)
    """
    height, width = sides
    mask = np.zeros((height, width), np.float32)
    if places["where"] == "all":
        return None
    if len(places["grid"]) > 1:
        grid = np.zeros(places["grid"], np.float32)
        grid.flat[places["asked"]] = 1
        if grid.ndim == 3:  # of a volume: where any of its slices is asked about
            grid = grid.max(0)
        rows = np.arange(height) * grid.shape[0] // height
        columns = np.arange(width) * grid.shape[1] // width
        return grid[rows][:, columns]
    if len(places["numbers"]) != 4:
        return None
    x, y, across, down = places["numbers"]
    if max(x, y, across, down) <= 1:
        x, y, across, down = x * width, y * height, across * width, down * height
    if not (0 <= x <= width and 0 <= y <= height and 1 <= across <= width and 1 <= down <= height):
        return None
    top, bottom = max(round(y - down / 2), 0), round(y + down / 2)
    left, right = max(round(x - across / 2), 0), round(x + across / 2)
    mask[top:bottom, left:right] = 1
    return mask
