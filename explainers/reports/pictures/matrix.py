"""A matrix of the pages on a sheet: coloured cells with their texts, names on two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize

from explainers.reports.pictures.sheet import QUIET_INK, WIDTH, Sheet, inside
from explainers.reports.pictures.words import label, width_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

ROW, LETTER, LINE, WIDEST = 0.36, 0.078, 0.16, 1.6
"""Inches: of a row, of a letter's width, of a line of text, and of the widest column."""


def matrix_height(figure: go.Figure) -> float:
    """Inches that a matrix of the pages takes."""
    return _over(figure) + ROW * len(figure.data[0].z) + 0.75


def draw_matrix(sheet: Sheet, figure: go.Figure) -> None:
    """Draw the figure's cells, their texts, the names of rows and columns, and the key.

    Parameters
    ----------
    sheet : Sheet
    figure : plotly.graph_objects.Figure
        With one heatmap on a colour axis, as `figures.importance` makes them.
    """
    drawn, layout = figure.data[0], figure.layout
    cells = np.array(drawn.z, dtype=np.float64)
    left = 0.35 + LETTER * max(map(_widest, layout.yaxis.ticktext), default=0)
    over = _over(figure)
    wide = min(WIDTH - left - 0.3, WIDEST * cells.shape[1])
    axes = sheet.place(left, over, wide, ROW * len(cells))
    colours, norm = named_colours(layout.coloraxis)
    axes.pcolormesh(cells, cmap=colours, norm=norm, edgecolors="white", linewidth=1)
    axes.invert_yaxis()
    for (row, column), value in np.ndenumerate(cells):
        text = label(drawn.text[row][column]) if np.isfinite(value) else "–"
        ink = ink_on(colours(norm(value))) if np.isfinite(value) else QUIET_INK
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=8)
    _name(axes, layout, len(cells), cells.shape[1], _upright(figure))
    colour_key(sheet, left, over + ROW * len(cells) + 0.2, layout.coloraxis)


def _name(axes: Axes, layout: Any, rows: int, columns: int, upright: bool) -> None:
    axes.xaxis.tick_top()
    names = [label(text) for text in layout.xaxis.ticktext]
    if upright:
        names = [name.replace("\n", " ") for name in names]
    axes.set_xticks(np.arange(columns) + 0.5, names, fontsize=8, rotation=90 if upright else 0)
    axes.set_yticks(np.arange(rows) + 0.5, [label(t) for t in layout.yaxis.ticktext], fontsize=8.5)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def colour_key(sheet: Sheet, left: float, top: float, scale: Any) -> None:
    """The scale of the colours, the first end to the left, under what it is of."""
    colours, _ = named_colours(scale)
    axes = sheet.place(left, top + 0.2, 3.2, 0.11)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=colours, aspect="auto", extent=(0, 1, 0, 1))
    low, high = float(scale.cmin), float(scale.cmax)
    ticks = zip(scale.colorbar.tickvals, scale.colorbar.ticktext, strict=True)
    places = [((float(value) - low) / (high - low), label(text)) for value, text in ticks]
    axes.set_yticks([])
    axes.set_xticks([place for place, _ in places], [text for _, text in places], fontsize=8)
    inside(axes)
    axes.tick_params(length=2, pad=1.5)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(label(scale.colorbar.title.text).replace("\n", "; "), fontsize=8.5, loc="left")


def named_colours(scale: Any) -> tuple[LinearSegmentedColormap, Normalize]:
    """A colour scale of plotly, of a figure or of one trace, as matplotlib's, with its range.

    Examples
    --------
    >>> import plotly.graph_objects as go
    >>> axis = go.layout.Coloraxis(colorscale=[[0, "#000"], [1, "#fff"]], cmin=-1, cmax=1)
    >>> colours, norm = named_colours(axis)
    >>> [round(float(part), 1) for part in colours(norm(0.0))]
    [0.5, 0.5, 0.5, 1.0]
    """
    stops = [(float(at), rgba(colour)) for at, colour in scale.colorscale]
    if scale.reversescale:
        stops = [(1 - at, colour) for at, colour in reversed(stops)]
    made = LinearSegmentedColormap.from_list("of the page", stops)
    ends = ("zmin", "zmax") if "zmin" in scale else ("cmin", "cmax")
    return made, Normalize(float(scale[ends[0]]), float(scale[ends[1]]))


def rgba(colour: str) -> Any:
    """A colour of plotly as one of matplotlib.

    Examples
    --------
    >>> rgba("rgb(255, 0, 0)"), rgba("rgba(0, 0, 255, 0.5)"), rgba("#ff0000")
    ((1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 0.5), '#ff0000')
    """
    if not colour.startswith("rgb"):
        return colour
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")]
    return (*(part / 255 for part in parts[:3]), parts[3] if len(parts) > 3 else 1.0)


def ink_on(fill: tuple[float, ...]) -> str:
    """Dark letters on what is light, light ones on what is dark."""
    red, green, blue = (
        part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in fill[:3]
    )
    return "#16161d" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else "#ffffff"


def _upright(figure: go.Figure) -> bool:
    return len(figure.layout.xaxis.ticktext) > 6


def _over(figure: go.Figure) -> float:
    """Inches that the names of the columns take."""
    names = [label(text) for text in figure.layout.xaxis.ticktext]
    if _upright(figure):
        return 0.25 + LETTER * max(width_of(name.replace("\n", " ")) for name in names)
    return 0.25 + LINE * max(name.count("\n") + 1 for name in names)


def _widest(text: str) -> int:
    return max(map(width_of, label(text).split("\n")))
