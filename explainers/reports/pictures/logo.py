"""DNA on a sheet: letters as high as their contributions, in rows that are read like text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Affine2D

from explainers.figures.colours import SEQUENTIAL
from explainers.figures.sequences import LETTER_COLOURS, SIGN_COLOURS
from explainers.figures.text.labels import number
from explainers.reports.pictures.sheet import QUIET_INK, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

    from explainers.reports.explanation import Explanation
    from explainers.reports.pictures.sheet import Sheet

PER_ROW, MOST_ROWS = 80, 8
ROW, LABELS, LEFT = 1.0, 0.3, 0.95


def rows_of(length: int) -> list[tuple[int, int]]:
    """Stretches [start, stop) that are a row each; all in one where they would be too many.

    Examples
    --------
    >>> rows_of(200), rows_of(5000)
    ([(0, 80), (80, 160), (160, 200)], [(0, 5000)])
    """
    if length > PER_ROW * MOST_ROWS:
        return [(0, length)]
    return [(start, min(start + PER_ROW, length)) for start in range(0, length, PER_ROW)]


def height_of(explanation: Explanation) -> float:
    """Inches that the rows take."""
    return (ROW + LABELS) * len(rows_of(len(explanation.heat))) + 0.3


def draw(sheet: Sheet, explanation: Explanation) -> None:
    """The rows, all on one scale."""
    heat, letters = explanation.heat, explanation.letters
    low, high = min(0.0, float(heat.min())), max(0.0, float(heat.max()))
    if explanation.limit is not None:  # beside others, on their scale
        low, high = -explanation.limit if low < 0 else 0.0, explanation.limit
    if low == high:
        high = 1.0
    rows = rows_of(len(heat))
    widest = max(stop - start for start, stop in rows)
    for place, (start, stop) in enumerate(rows):
        across = (WIDTH - LEFT - 0.3) * (stop - start) / widest
        axes = sheet.place(LEFT, place * (ROW + LABELS), across, ROW)
        axes.set(xlim=(start - 0.5, stop - 0.5), ylim=(low * 1.02, high * 1.02))
        if stop - start <= PER_ROW and letters:
            _letters(axes, heat, letters, start, stop)
        else:
            _bars(axes, heat, explanation.signed)
        _finish(axes, explanation.start, low, high, stop - start)
    sign = "above the line supports, below opposes" if explanation.signed else "strength"
    sheet.place(LEFT, (ROW + LABELS) * len(rows), WIDTH - LEFT - 0.3, 0.2).set_axis_off()
    sheet.axes[-1].text(
        0, 0.4, f"Position in the sequence; height: contribution ({sign})", fontsize=8.5
    )


def _letters(axes: Axes, heat: np.ndarray, letters: str, start: int, stop: int) -> None:
    inks = dict(zip("ACGTN", LETTER_COLOURS["light"], strict=True))
    for at in range(start, stop):
        letter, score = letters[at], float(heat[at])
        if not score:
            continue
        shape = PathPatch(_boxed(letter, at, score), color=inks.get(letter, inks["N"]), lw=0)
        axes.add_patch(shape)


def _boxed(letter: str, at: int, score: float) -> Path:
    """The letter's outline in the box from 0 to its score; below the line it hangs upside down."""
    outline = TextPath((0, 0), letter, 10, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    box = outline.get_extents()
    turned = Affine2D().translate(-box.x0, -box.y0).scale(0.92 / box.width, score / box.height)
    return turned.translate(at - 0.46, 0).transform_path(outline)


def _bars(axes: Axes, heat: np.ndarray, signed: bool) -> None:
    supports, opposes = (tuple(part / 255 for part in rgb) for rgb in SIGN_COLOURS["light"])
    if not signed:
        supports = tuple(part / 255 for part in SEQUENTIAL[5])
    for sign, colour in ((1, supports), (-1, opposes)):
        places = np.flatnonzero(heat * sign > 0)
        bars = [Rectangle((at - 0.5, 0), 1, float(heat[at])) for at in places]
        axes.add_collection(PatchCollection(bars, facecolor=colour, linewidth=0))


def _finish(axes: Axes, before: int, low: float, high: float, length: int) -> None:
    axes.axhline(0, color=QUIET_INK, linewidth=0.7)
    for side in axes.spines.values():
        side.set_visible(False)
    ends = [end for end in (low, 0.0, high) if end or low == 0 or high == 0]
    axes.set_yticks(ends, [number(end, sign=True) for end in ends], fontsize=8)
    axes.tick_params(length=2, labelsize=8)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, place: f"{round(at) + before + 1:,}"))
    first = int(axes.get_xlim()[0] + 0.5)
    step = max(1, 10 ** int(np.log10(max(length, 10))) // 5 or 1)
    step = step if length / step <= 12 else step * 5
    axes.set_xticks(
        [at for at in range(first, first + length) if (at + before + 1) % step == 0 or at == first]
    )
