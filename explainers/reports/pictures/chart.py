"""A chart of the pages on a sheet: the same plotly figure, drawn without a browser.

Bars, lines, dots and strips of colour are taken from the figure that the screen shows, so that the
file cannot say anything else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from explainers.figures import colours
from explainers.figures.text.labels import number
from explainers.reports.pictures.sheet import GRID, INK, QUIET_INK, WIDTH, Sheet, legend
from explainers.reports.pictures.words import label, width_of

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

_PX = 0.01
_POINTS = 0.7
_HATCH = "////"


def chart_height(figure: go.Figure) -> float:
    """Inches that a figure of the pages takes."""
    return sum(_down(figure.layout))


def _down(layout: Any) -> tuple[float, float, float]:
    """Inches over the plot, of the plot, and under it."""
    if layout.coloraxis.cmax is None:
        return 0.12, float(layout.height) * _PX - 0.62, 0.62
    return 0.62, (layout.height - layout.margin.t - layout.margin.b) * _PX, 0.55


def draw_chart(sheet: Sheet, figure: go.Figure) -> None:
    """Draw the figure's traces, axes, names and numbers.

    Parameters
    ----------
    sheet : Sheet
    figure : plotly.graph_objects.Figure
        As `explainers.figures` makes them: horizontal bars, lines, dots, strips.
    """
    layout = figure.layout
    top, height, _ = _down(layout)
    left = 0.3 + _names_width(figure)
    right = 0.2 + _numbers_width(figure)
    inner = (left, top, WIDTH - left - right, height)
    rows = [name for name in layout if name.startswith("yaxis")]
    places = {name: _axes(sheet, inner, layout, name) for name in rows}
    for trace in figure.data:
        axes = places["yaxis" + (trace.yaxis or "y")[1:]]
        _DRAWN[trace.type](axes, trace, figure)
    for name, axes in places.items():
        _finish(axes, layout, name, last=name == rows[-1])
    for note in layout.annotations:
        _annotate(places, note)
    if layout.coloraxis.cmax is not None:
        signed = layout.coloraxis.cmin < 0
        unit = label(layout.coloraxis.colorbar.title.text or "").split(":")[0].split(" (")[0]
        legend(sheet, left, 0.05, float(layout.coloraxis.cmax), signed, unit)


def _axes(sheet: Sheet, inner: tuple[float, float, float, float], layout: Any, name: str) -> Axes:
    left, top, width, height = inner
    low, high = layout[name].domain or (0, 1)
    return sheet.place(left, top + (1 - high) * height, width, (high - low) * height)


def _bar(axes: Axes, trace: Any, figure: go.Figure) -> None:
    lengths = np.asarray(trace.x, dtype=np.float64)
    base = 0.0 if trace.base is None else np.asarray(trace.base, dtype=np.float64)
    painted = trace.marker.color
    fills = [painted] * len(lengths) if isinstance(painted, str) else list(painted)
    drawn = axes.barh(list(trace.y), lengths, 0.66, base, color=fills, linewidth=0)
    for patch, shape in zip(drawn, trace.marker.pattern.shape or (), strict=False):
        if shape:
            patch.set(hatch=_HATCH, edgecolor="white")
    if trace.error_x.array is not None:
        axes.errorbar(
            lengths + base,
            list(trace.y),
            xerr=[trace.error_x.arrayminus, trace.error_x.array],
            fmt="none",
            ecolor=_colour(trace.error_x.color or QUIET_INK),
            elinewidth=(trace.error_x.thickness or 2) * _POINTS,
            capsize=2.5,
        )


def _line(axes: Axes, trace: Any, figure: go.Figure) -> None:
    x, y = (np.array(values, dtype=np.float64) for values in (trace.x, trace.y))
    if trace.error_x.array is not None:
        _interval(axes, trace, x, y)
        return
    if "lines" in (trace.mode or "") and trace.line.width != 0:
        colour, thick = trace.line.color or INK, (trace.line.width or 1.6) * _POINTS
        axes.plot(x, y, color=_colour(colour), linewidth=thick, solid_joinstyle="round")
    if "markers" in (trace.mode or ""):
        if trace.marker.symbol == "line-ns":
            axes.plot(x, y, "|", ms=16, mew=2.2, color=trace.marker.line.color, clip_on=False)
        else:
            axes.plot(x, y, "o", ms=3, color=_colour(trace.marker.color or INK))


def _interval(axes: Axes, trace: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Points with their intervals, or the light cores of intervals on bars."""
    reach = trace.error_x
    axes.errorbar(
        x,
        y,
        xerr=[reach.arrayminus, reach.array],
        fmt="o",
        ms=max(0.0, trace.marker.size - 1) * 0.5,
        color=_colour(trace.marker.color),
        ecolor=_colour(reach.color),
        elinewidth=reach.thickness * _POINTS,
        capsize=0,
    )


def _strip(axes: Axes, trace: Any, figure: go.Figure) -> None:
    scale = figure.layout.coloraxis
    cells = np.array(trace.z, dtype=np.float64)
    painted = colours.paint(cells[::-1], scale.cmin < 0, float(scale.cmax))
    extent = (trace.x[0], trace.x[-1], trace.y[0], trace.y[-1])
    axes.imshow(painted, extent=extent, aspect="auto", interpolation="none")


_DRAWN = {"bar": _bar, "scatter": _line, "heatmap": _strip}


def _finish(axes: Axes, layout: Any, name: str, last: bool) -> None:
    across, down = layout["xaxis" + name.removeprefix("yaxis")], layout[name]
    if down.range:
        axes.set_ylim(down.range)
    if across.range:
        axes.set_xlim(across.range)
    else:
        axes.use_sticky_edges = False
        axes.margins(x=0.02)
    if down.tickvals is not None:
        axes.set_yticks(list(down.tickvals), [_named(text) for text in down.ticktext], fontsize=8.5)
    axes.tick_params(length=0)
    for side, line in axes.spines.items():
        line.set_visible(side == "bottom" and last and not across.zeroline)
    if across.zeroline:
        axes.axvline(0, color=QUIET_INK, linewidth=0.8, zorder=0.5)
    if across.showgrid is not False:
        axes.grid(axis="x", color=GRID, linewidth=0.7)
        axes.set_axisbelow(True)
    if not last:
        axes.set_xticks([])
        return
    alias = across.labelalias or {}
    axes.xaxis.set_major_locator(MaxNLocator(across.nticks or 6, integer=bool(alias)))
    axes.xaxis.set_major_formatter(
        FuncFormatter(
            lambda value, place: label(alias.get(f"{value:g}", "")) if alias else number(value, 4)
        )
    )
    if across.title.text:
        lines = label(across.title.text)
        axes.set_xlabel(lines, fontsize=9, labelpad=3)


def _named(text: str) -> str:
    """A row's name, without "=" where its value is not told."""
    return re.sub(r"\s*=\s*$", "", label(text))


def _annotate(places: dict[str, Axes], note: Any) -> None:
    """A number at the right end of a row, or a name over the left end of a panel."""
    axes = places["yaxis" + note.yref.split()[0][1:]]
    if "domain" in note.yref:
        axes.text(0, 1.04, label(note.text), transform=axes.transAxes, va="bottom", fontsize=9.5)
        return
    axes.text(1.012, note.y, label(note.text), transform=axes.get_yaxis_transform(), va="center")


def _names_width(figure: go.Figure) -> float:
    texts = [
        line
        for name in figure.layout
        if name.startswith("yaxis")
        for text in figure.layout[name].ticktext or ()
        for line in label(text).split("\n")
    ]
    return 0.075 * max(map(width_of, texts), default=4) + 0.1


def _numbers_width(figure: go.Figure) -> float:
    rows = [label(n.text) for n in figure.layout.annotations if "domain" not in (n.yref or "")]
    return 0.085 * max(map(width_of, rows), default=0) + 0.1


def _colour(colour: str) -> Any:
    """A colour of plotly as one of matplotlib."""
    if colour.startswith("rgba"):
        *rgb, alpha = (float(part) for part in colour[5:-1].split(","))
        return (*(part / 255 for part in rgb), alpha)
    return colour
