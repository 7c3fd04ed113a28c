"""Any chart of the pages as a sheet: the same plotly figure, drawn without a browser.

Where `chart` and `matrix` set rows of bars and tables in type, this draws whatever panels a figure
has: curves, points, bars both ways, cells, their names, marks and key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explainers.figures.text.figure_as_text import harmless
from explainers.reports.pictures.matrix import colour_key
from explainers.reports.pictures.panels import axes as parts
from explainers.reports.pictures.panels import key as names
from explainers.reports.pictures.panels.marks import draw_trace, places_of
from explainers.reports.pictures.sheet import WIDTH, Sheet, drawing

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

PX, SCALE = 0.01, 0.62
"""Inches of a pixel, and of the scale of colours with its words."""


def chart_sheet(figure: go.Figure, headline: str, about: str = "", caption: str = "") -> Sheet:
    """A chart of the pages with its words.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        With panels of two axes: bars, lines, points, cells.
    headline, about, caption : str
        As of `Sheet`; what the figure says of itself is its alternative text.

    Examples
    --------
    >>> import plotly.graph_objects as go
    >>> sheet = chart_sheet(go.Figure(go.Scatter(x=[0, 1], y=[2.0, 3.0], mode="lines")), "A line")
    >>> sheet.axes[0].lines[0].get_ydata().tolist(), sheet.file("png")[1:4]
    ([2.0, 3.0], b'PNG')
    """
    figure = harmless(figure)
    layout = figure.layout
    told = layout.meta["alt"] if layout.meta and "alt" in layout.meta else headline
    scale = SCALE if _has_scale(layout) else 0.0
    lines = names.named(figure)
    columns, rows = names.size(lines)
    over = scale + names.LINE * rows + (0.08 if rows else 0.0)
    inner = max(1.2, float(layout.height or 420) * PX - over)
    with drawing():
        words = (headline, about, caption, told)
        sheet = Sheet(*words, over + inner, names.all_words(figure))
        places = _panels(sheet, layout, over, inner, figure)
        before: dict[Axes, Any] = {}
        for trace in figure.data:
            axes = places[_pair(trace)]
            draw_trace(axes, trace, layout, before.get(axes))
            before[axes] = trace
        counted = [name for pair in places for name in pair if _is_counted(figure, name)]
        for (across, down), axes in places.items():
            parts.finish(axes, layout, across, down, counted)
        for trace in figure.data:
            parts.name_places(places[_pair(trace)], trace.x, "x")
            parts.name_places(places[_pair(trace)], trace.y, "y")
        parts.share_ends(places, layout)
        paper = sheet.place(parts.EDGE, over, WIDTH - 2 * parts.EDGE, inner)
        paper.set_axis_off()
        parts.mark(places, layout, paper)
        parts.fit(sheet, [*places.values(), paper], over, inner)
        if lines:
            names.draw_key(sheet, lines, columns, scale)
        if scale:
            colour_key(sheet, parts.EDGE, -0.05, layout.coloraxis)
    return sheet


def _pair(trace: Any) -> tuple[str, str]:
    return trace.xaxis or "x", trace.yaxis or "y"


def _is_counted(figure: go.Figure, axis: str) -> bool:
    """Whether all places on an axis are whole numbers, such as steps."""
    found = [
        places_of(trace[axis[0]])
        for trace in figure.data
        if axis in _pair(trace) and trace[axis[0]] is not None
    ]
    return bool(found) and all((places == places.round()).all() for places in found)


def _has_scale(layout: Any) -> bool:
    scale = layout.coloraxis
    drawn = scale.showscale is not False and scale.colorbar.tickvals is not None
    return scale.cmin is not None and drawn


def _panels(
    sheet: Sheet, layout: Any, over: float, inner: float, figure: go.Figure
) -> dict[tuple[str, str], Axes]:
    """Axes for every pair of x and y axes that a trace uses, where the figure has them."""
    places = {}
    for trace in figure.data:
        pair = _pair(trace)
        if pair in places:
            continue
        left, right = parts.axis_of(layout, pair[0]).domain or (0, 1)
        bottom, top = parts.axis_of(layout, pair[1]).domain or (0, 1)
        wide = WIDTH - 2 * parts.EDGE
        start, down = parts.EDGE + left * wide, over + (1 - top) * inner
        places[pair] = sheet.place(start, down, (right - left) * wide, (top - bottom) * inner)
    return places
