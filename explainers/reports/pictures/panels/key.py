"""The names of a chart's lines, over its panels, and all that is written in it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from explainers.reports.pictures.panels.axes import EDGE
from explainers.reports.pictures.panels.marks import DASHES, POINTS, colour
from explainers.reports.pictures.sheet import WIDTH, Sheet
from explainers.reports.pictures.words import label, width_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

LINE, _LETTER, _SAMPLE = 0.21, 0.08, 0.6
"""Inches: of a line of names, of a letter, and of the sample beside a name."""


def named(figure: go.Figure) -> list[Any]:
    """The traces that the key names: those of several, or where the figure asks for it."""
    if figure.layout.showlegend is False:
        return []
    found = [
        trace
        for trace in figure.data
        if trace.type == "scatter" and trace.name and trace.showlegend is not False
    ]
    return found if len(found) > 1 or figure.layout.showlegend else []


def size(traces: list[Any]) -> tuple[int, int]:
    """Columns and rows of the key."""
    if not traces:
        return 0, 0
    longest = max(width_of(label(trace.name)) for trace in traces)
    room = WIDTH - 2 * EDGE
    columns = max(1, min(len(traces), int(room / (_SAMPLE + _LETTER * longest))))
    return columns, math.ceil(len(traces) / columns)


def draw_key(sheet: Sheet, traces: list[Any], columns: int, top: float) -> None:
    """Write the key, so many inches under the words of the sheet."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    samples: list[Any] = []
    for trace in traces:
        if trace.fill and not trace.line.width:
            samples.append(Patch(color=colour(trace.fillcolor)))
        elif "lines" in (trace.mode or "lines"):
            dash = DASHES.get(trace.line.dash or "solid", "solid")
            wide = (trace.line.width or 2) * POINTS
            look: Any = {"linewidth": wide, "linestyle": dash}
            samples.append(Line2D([], [], color=colour(trace.line.color, trace.opacity), **look))
        else:
            given = trace.marker.color
            dot = colour(given if isinstance(given, str) else None)
            samples.append(Line2D([], [], color=dot, marker="o", markersize=4, linestyle="none"))
    high = sheet.get_figheight()
    sheet.legend(
        samples,
        [label(trace.name) for trace in traces],
        ncols=columns,
        loc="upper left",
        bbox_to_anchor=(EDGE / WIDTH, 1 - (sheet.top + top) / high),
        frameon=False,
        fontsize=8.5,
        borderpad=0,
        borderaxespad=0,
    )


def all_words(figure: go.Figure) -> list[str]:
    """All that is written in the chart, for which there must be letters."""
    layout = figure.layout
    found: list[Any] = [trace.name for trace in figure.data]
    found += [note.text for note in layout.annotations]
    for name in layout:
        if name.startswith(("xaxis", "yaxis")):
            found += [layout[name].title.text, *(layout[name].ticktext or ())]
    for trace in figure.data:
        for values in (trace.x, trace.y):
            found += [
                value for value in ([] if values is None else values) if isinstance(value, str)
            ]
    return [label(text) for text in found if isinstance(text, str)]
