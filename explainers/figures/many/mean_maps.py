"""Mean maps of the classes of a run as small pictures, all in the same colours."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from explainers.errors import Problem
from explainers.figures.colours import colour_limit, paint
from explainers.figures.text.labels import shortened
from explainers.figures.text.sentences import shortest_half
from explainers.figures.text.sides import whole_percent
from explainers.figures.text.words import position_words
from explainers.kinds import KINDS
from explainers.many.summary.summarise import ClassSummary

SIDE, STRIP = 224, 48
"""Dots of the longer side of a picture, and the height of a row of letters."""


@dataclass(frozen=True)
class MeanPicture:
    """The mean map of a class, drawn.

    Attributes
    ----------
    name : str
    count : int
        Of how many maps it is the mean.
    png : bytes
    alt : str
        What it shows, in words.
    """

    name: str
    count: int
    png: bytes
    alt: str


def mean_maps(
    classes: Sequence[ClassSummary], kind: str = "picture", signed: bool = True
) -> list[MeanPicture]:
    """Each class's mean map as a PNG: red supports, blue opposes; all have one scale.

    Parameters
    ----------
    classes : sequence of ClassSummary
        Those without a mean are left out.
    kind : str
        A key of KINDS, but no table. Time and letters run to the right.
    signed : bool
        Whether scores may be below 0.

    Raises
    ------
    Problem
        For tables, whose means are bars.

    Examples
    --------
    >>> from explainers.many.summary.means import Mean
    >>> values = np.array([[0.5, 0.0], [0.0, -0.25]])
    >>> (one,) = mean_maps([ClassSummary(0, "stop", 3, 0.9, Mean(values, abs(values), 3, 0))])
    >>> image = Image.open(io.BytesIO(one.png))
    >>> image.size, image.getpixel((0, 0)), image.getpixel((223, 0))
    ((224, 224), (103, 0, 31), (247, 247, 247))
    >>> one.alt
    'Mean map of 3 inputs answered stop: support mostly in the upper left; 67 % of the evidence
     supports.'
    """
    if kind == "table":
        raise Problem("Mean contributions of a table's columns are drawn as bars, not as a map.")
    kept = [(one, one.mean) for one in classes if one.mean is not None]
    heats = [as_rows(mean.values, kind) for _, mean in kept]
    limit = max((colour_limit(heat) for heat in heats if heat.any()), default=1.0)
    return [
        MeanPicture(
            one.name, mean.count, drawn_map(heat, signed, limit), _spoken(one, heat, kind, signed)
        )
        for (one, mean), heat in zip(kept, heats, strict=True)
    ]


def drawn_map(heat: np.ndarray, signed: bool, limit: float | None = None) -> bytes:
    """A map as a PNG whose longer side is SIDE: true cells, or the mean of those that share a dot.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
        A single row is drawn as a strip.
    signed : bool
        Whether scores may be below 0.
    limit : float, optional
        The score of the strongest colour; by default its own, see `colour_limit`.

    Examples
    --------
    >>> Image.open(io.BytesIO(drawn_map(np.eye(3), True))).getpixel((0, 0))
    (103, 0, 31)
    """
    height, width = heat.shape
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if height == 1:
        size = SIDE, STRIP
    end = colour_limit(heat) if limit is None else limit
    if scale < 1:
        averaged = Image.fromarray(heat.astype(np.float32)).resize(size, Image.Resampling.BOX)
        heat = np.asarray(averaged)
    drawn = Image.fromarray(paint(heat, signed, end)).resize(size, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def as_rows(scores: np.ndarray, kind: str) -> np.ndarray:
    """One input's map as the rows and columns that are drawn; time and letters run to the right.

    Examples
    --------
    >>> as_rows(np.zeros((9, 2)), "series").shape, as_rows(np.zeros((4, 9)), "sequence").shape
    ((2, 9), (1, 9))
    """
    # A picture's maps, as runs keep them, have no channels any more.
    heat = scores if kind == "picture" else KINDS[kind].heat(scores)
    return np.atleast_2d(heat.T if kind == "series" else heat)


def _spoken(one: ClassSummary, heat: np.ndarray, kind: str, signed: bool) -> str:
    assert one.mean is not None
    support, whole = np.clip(heat, 0, None), float(np.abs(heat).sum())
    answered = f" answered {shortened(one.name)}" if one.name else ""
    what = f"Mean map of {one.mean.count:,} inputs{answered}"
    if not support.any():
        return f"{what}: nothing supports it."
    noun = "support" if signed else "strength"
    if kind == "picture":
        where = position_words(support)
    else:
        along = support.sum(0)
        start, stop = shortest_half(along)
        where = f"half of it at places {start + 1} to {stop} of {len(along)}"
    share = f"; {whole_percent(float(support.sum()) / whole)} of the evidence supports"
    return f"{what}: {noun} {where}{share if signed else ''}."
