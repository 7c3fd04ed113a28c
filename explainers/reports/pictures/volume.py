"""Pictures of a volume: one of its slices, and all of them as a contact sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from explainers.figures import colours
from explainers.figures.text.words import percent
from explainers.reports.pictures.photo import OPACITY
from explainers.reports.pictures.sheet import DPI, WIDTH, Sheet

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation

_EDGE, _GAP, _WORDS, _WIDEST = 0.3, 0.06, 0.17, 3.2
"""Inches: at the sides, between slices, over each, and of the widest one."""
WITH_SHARE = 12
"""Slices beside each other up to which each says its share of the strength."""


def slices(explanation: Explanation) -> np.ndarray:
    """The scores of a volume slice by slice, its channels added up: float64 (depth, H, W).

    Examples
    --------
    >>> from explainers.reports.explanation import Explanation
    >>> scores = np.arange(4, dtype=np.float32).reshape(4, 1, 1)
    >>> one = Explanation("picture", "saliency", scores, True, "tumour", 1.0, depth=2)
    >>> slices(one).ravel().tolist()
    [2.0, 4.0]
    """
    scores = explanation.scores
    by_channel = scores.reshape(-1, explanation.depth, *scores.shape[1:])
    found: np.ndarray = by_channel.sum(0, dtype=np.float64)
    return found


def shares(explanation: Explanation) -> np.ndarray:
    """The share of the map's strength that lies in each slice: (depth,)."""
    strength = np.abs(slices(explanation)).sum((1, 2))
    found: np.ndarray = strength / (strength.sum() or 1.0)
    return found


def common_limit(explanation: Explanation) -> float:
    """The score of the strongest colour, the same for all slices."""
    if explanation.limit is not None:
        return explanation.limit
    return colours.colour_limit(slices(explanation).reshape(-1, 1))


def slice_of(explanation: Explanation, place: int) -> Explanation:
    """One slice of a volume as a picture of its own, in the colours of all.

    Parameters
    ----------
    explanation : Explanation
        Of a volume; its photo, where it has one, is of that slice.
    place : int
        From 0.
    """
    of = f"slice {place + 1} of {explanation.depth}"
    photo, region = explanation.photo, explanation.region
    if photo is None:
        photo, region = _photos(explanation)[place], (0.0, 0.0, 1.0, 1.0)
    scale = f"All {explanation.depth} slices share one scale of colours"
    said = explanation.sentence
    return replace(
        explanation,
        sentence=f"Over all {explanation.depth} slices: {said}" if said else "",
        scores=slices(explanation)[place][None].astype(np.float32),
        depth=0,
        input=None,
        baseline=None,
        names=(of,),
        parts={},
        photo=photo,
        region=region,
        limit=common_limit(explanation),
        title=f"{explanation.title}, {of}",
        check=f"{explanation.check}, all slices together. {scale}" if explanation.check else scale,
    )


def height_of(explanation: Explanation) -> float:
    """Inches that all slices take."""
    columns, _, tall = _layout(explanation)
    return -(-explanation.depth // columns) * (tall + _WORDS + _GAP)


def draw(sheet: Sheet, explanation: Explanation) -> None:
    """All slices in rows, each under its number and its share of the strength."""
    columns, wide, tall = _layout(explanation)
    heats, photos, share = slices(explanation), _photos(explanation), shares(explanation)
    limit = common_limit(explanation)
    for place, (heat, photo) in enumerate(zip(heats, photos, strict=True)):
        row, column = divmod(place, columns)
        left = _EDGE + column * (wide + _GAP)
        axes = sheet.place(left, row * (tall + _WORDS + _GAP) + _WORDS, wide, tall)
        dots = round(wide * DPI), round(tall * DPI)
        seen = Image.fromarray(photo).resize(dots, Image.Resampling.NEAREST)
        painted = colours.overlay(np.array(seen), heat, explanation.signed, limit, OPACITY)
        axes.imshow(painted, interpolation="none", aspect="auto")
        axes.set_axis_off()
        number = f"{place + 1}: {percent(float(share[place]))}"
        axes.set_title(
            number if columns <= WITH_SHARE else str(place + 1), fontsize=7, loc="left", pad=2
        )


def told(explanation: Explanation) -> str:
    """Which slices hold most of the map's strength."""
    share = shares(explanation)
    first = [f"{k + 1} ({percent(float(share[k]))})" for k in share.argsort()[::-1][:3]]
    many = f"{explanation.depth} slices" if explanation.depth > 1 else "one slice"
    return f"{many}; most of the strength lies in {', '.join(first)}"


def _layout(explanation: Explanation) -> tuple[int, float, float]:
    """How many slices stand beside each other, and the inches of one: wide and tall."""
    height, width = explanation.scores.shape[1:]
    room = WIDTH - 2 * _EDGE
    columns = max(1, min(explanation.depth, round((1.5 * explanation.depth) ** 0.5)))
    wide = min(_WIDEST, (room - (columns - 1) * _GAP) / columns)
    return columns, wide, wide * height / width


def _photos(explanation: Explanation) -> np.ndarray:
    """The slices of the input in grey, on one scale: uint8 (depth, H, W, 3); else white."""
    shape = (explanation.depth, *explanation.scores.shape[1:])
    if explanation.input is None:
        return np.full((*shape, 3), 255, np.uint8)
    values = explanation.input.reshape(-1, *shape).mean(0, dtype=np.float64)
    low, high = np.percentile(values, (0.5, 99.5))
    grey = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    return np.asarray((grey * 255).round().astype(np.uint8)[..., None].repeat(3, axis=-1))
