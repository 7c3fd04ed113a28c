"""Small pictures of answers, for lists of them: the map in its colours, without words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from explainers.figures import colours
from explainers.reports.pictures.photo import composite

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation

WIDTH, HEIGHT, STRIP = 176, 120, 40
"""Dots: of the largest thumbnail, and the height of one row of cells."""
_GAP, _COLOURS = 4, 64


def thumbnail(explanation: Explanation) -> bytes:
    """The explanation as a small PNG: over the photo where there is one, else its cells alone.

    Examples
    --------
    >>> from explainers.reports.explanation import Explanation
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> drawn = thumbnail(Explanation("table", "deeplift", scores, True, "risk", 2.0))
    >>> Image.open(io.BytesIO(drawn)).size
    (176, 40)
    """
    if explanation.kind == "picture" and explanation.photo is not None:
        return _png(Image.fromarray(composite(explanation, most=(2 * HEIGHT, 2 * WIDTH))))
    heat = explanation.shown_heat
    if explanation.kind == "series":
        heat = heat.T  # time runs to the right
    return cells(heat, explanation.signed)


def cells(values: np.ndarray, signed: bool, limit: float | None = None) -> bytes:
    """Numbers (F,) or (rows, columns) as a small PNG of coloured cells.

    Of more cells than dots the strongest in each dot is shown.
    """
    values = np.atleast_2d(np.asarray(values, dtype=np.float64))
    values = values.reshape(-1, values.shape[-1])
    for axis, most in ((0, HEIGHT), (1, WIDTH)):
        values = _strongest(values, axis, most)
    painted = Image.fromarray(colours.paint(values, signed, limit))
    high = STRIP if len(values) == 1 else HEIGHT
    return _png(painted.resize((WIDTH, high), Image.Resampling.NEAREST))


def montage(thumbnails: Sequence[bytes]) -> bytes:
    """Up to four thumbnails beside and under each other, as one."""
    images = [Image.open(io.BytesIO(one)).convert("RGB") for one in thumbnails[:4]]
    if len(images) == 1:
        return thumbnails[0]
    rows = (len(images) + 1) // 2
    wide, high = (WIDTH - _GAP) // 2, (HEIGHT - _GAP) // 2
    whole = Image.new("RGB", (WIDTH, high * rows + _GAP * (rows - 1)), "white")
    for place, image in enumerate(images):
        image.thumbnail((wide, high), Image.Resampling.LANCZOS)
        left, top = (wide - image.width) // 2, (high - image.height) // 2
        whole.paste(image, ((place % 2) * (wide + _GAP) + left, place // 2 * (high + _GAP) + top))
    return _png(whole)


def _strongest(values: np.ndarray, axis: int, most: int) -> np.ndarray:
    count = values.shape[axis]
    if count <= most:
        return values
    parts = np.array_split(values, most, axis=axis)
    places = [np.abs(part).argmax(axis, keepdims=True) for part in parts]
    taken = [np.take_along_axis(p, at, axis) for p, at in zip(parts, places, strict=True)]
    return np.concatenate(taken, axis=axis)


def _png(image: Image.Image) -> bytes:
    image.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    few = image.quantize(_COLOURS, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
