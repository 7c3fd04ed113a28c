"""The marks of a chart: its bars, lines, points and cells, in their own colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.reports.pictures.matrix import ink_on, named_colours, rgba
from explainers.reports.pictures.sheet import INK, QUIET_INK
from explainers.reports.pictures.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 0.7
"""Of type for a pixel."""
DASHES = {"dash": (0, (5, 3)), "dot": (0, (1.2, 2)), "solid": "solid"}
SYMBOLS = {"line-ns": "|", "diamond": "D", "square": "s", "x": "x"}
_SIDES = {"left": "right", "center": "center", "right": "left"}
_UP = {"top": "bottom", "middle": "center", "bottom": "top"}


def draw_trace(axes: Axes, trace: Any, layout: Any, before: Any) -> None:
    """Draw one trace; `before` is the one that was drawn before it on these axes, or None."""
    if trace.type == "bar":
        _bar(axes, trace)
    elif trace.type == "heatmap":
        _cells(axes, trace, layout)
    else:
        _scatter(axes, trace, layout, before)


def colour(given: str | None, opacity: float | None = None) -> Any:
    """A colour of plotly as one of matplotlib: (red, green, blue, alpha).

    Examples
    --------
    >>> colour("rgba(128,128,128,0.5)")[3], colour("#ff0000"), colour("rgb(0, 0, 255)")[2]
    (0.5, (1.0, 0.0, 0.0, 1.0), 1.0)
    """
    from matplotlib.colors import to_rgba

    red, green, blue, alpha = to_rgba(rgba(given or INK))
    return red, green, blue, alpha * (1.0 if opacity is None else opacity)


def places_of(values: Any, names: Sequence[str] | None = None) -> np.ndarray:
    """Places on an axis as numbers: of names 0, 1, …; of what is missing NaN.

    Examples
    --------
    >>> places_of(["b", "a", "b"]).tolist(), places_of([1, None]).tolist()
    ([0.0, 1.0, 0.0], [1.0, nan])
    """
    if values is None:
        return np.empty(0)
    listed = list(values)
    if any(isinstance(value, str) for value in listed):
        order = {name: place for place, name in enumerate(dict.fromkeys(map(str, listed)))}
        return np.array([order[str(value)] for value in listed], dtype=np.float64)
    return np.array(
        [np.nan if value is None else float(value) for value in listed], dtype=np.float64
    )


def _bar(axes: Axes, trace: Any) -> None:
    level = trace.orientation == "h"
    lengths = places_of(trace.x if level else trace.y)
    given = trace.y if level else trace.x
    at = np.arange(len(lengths)) * 1.0 if given is None else places_of(given)
    thick = 0.66 if trace.width is None else np.asarray(trace.width, dtype=np.float64)
    base = 0.0 if trace.base is None else places_of(np.atleast_1d(trace.base))
    painted = trace.marker.color
    fills = [painted] * len(at) if painted is None or isinstance(painted, str) else list(painted)
    colours = [colour(each, trace.marker.opacity) for each in fills]
    draw = axes.barh if level else axes.bar
    drawn = draw(at, lengths, thick, base, color=colours, linewidth=0)
    for patch, shape in zip(drawn, trace.marker.pattern.shape or (), strict=False):
        if shape:
            patch.set(hatch="////", edgecolor="white")
    _reach(axes, trace, *((lengths + base, at) if level else (at, lengths + base)))
    if trace.textposition == "outside" and trace.text is not None:
        for place, end, text in zip(at, lengths + base, trace.text, strict=True):
            _number(axes, label(text), place, end, level)


def _number(axes: Axes, text: str, place: float, end: float, level: bool) -> None:
    axes.annotate(
        text,
        (end, place) if level else (place, end),
        (3, 0) if level else (0, 3),
        textcoords="offset points",
        ha="left" if level else "center",
        va="center" if level else "bottom",
        fontsize=8.5,
    )


def _reach(axes: Axes, trace: Any, x: np.ndarray, y: np.ndarray) -> None:
    """The intervals of bars and points, either way."""
    for way, reach in (("xerr", trace.error_x), ("yerr", trace.error_y)):
        if reach is None or reach.array is None:
            continue
        above = places_of(reach.array)
        below = above if reach.arrayminus is None else places_of(reach.arrayminus)
        given: Any = {way: np.nan_to_num([below, above])}
        known = np.isfinite(above) & np.isfinite(below)
        axes.errorbar(
            np.where(known, x, np.nan),
            y,
            fmt="none",
            ecolor=colour(reach.color or QUIET_INK),
            elinewidth=(2.0 if reach.thickness is None else reach.thickness) * POINTS,
            capsize=(4 if reach.width is None else reach.width) * POINTS,
            **given,
        )


def _scatter(axes: Axes, trace: Any, layout: Any, before: Any) -> None:
    x, y, mode = places_of(trace.x), places_of(trace.y), trace.mode or "lines"
    _fill(axes, trace, x, y, before)
    wide = 2.0 if trace.line.width is None else float(trace.line.width)
    if "lines" in mode and wide:
        axes.plot(
            x,
            y,
            color=colour(trace.line.color, trace.opacity),
            linewidth=wide * POINTS,
            linestyle=DASHES.get(trace.line.dash or "solid", "solid"),
            solid_joinstyle="round",
            drawstyle="steps-mid" if trace.line.shape == "hvh" else "default",
        )
    _reach(axes, trace, x, y)
    if "markers" in mode:
        _dots(axes, trace, layout, x, y)
    if "text" in mode and trace.text is not None:
        _names(axes, trace, x, y)


def _fill(axes: Axes, trace: Any, x: np.ndarray, y: np.ndarray, before: Any) -> None:
    if not trace.fill or trace.fill == "none":
        return
    under: Any = 0.0
    if trace.fill == "tonexty" and before is not None and len(places_of(before.y)) == len(y):
        under = places_of(before.y)
    shade = colour(trace.fillcolor or trace.line.color, None if trace.fillcolor else 0.5)
    step: Any = "mid" if trace.line.shape == "hvh" else None
    axes.fill_between(x, under, y, color=shade, linewidth=0, step=step)


def _dots(axes: Axes, trace: Any, layout: Any, x: np.ndarray, y: np.ndarray) -> None:
    marker = trace.marker
    size = np.asarray(6.0 if marker.size is None else marker.size, dtype=np.float64) * POINTS
    given = marker.color
    fills: Any = colour(given if isinstance(given, str) else None, marker.opacity)
    if given is not None and not isinstance(given, str):
        listed = list(given)
        if listed and isinstance(listed[0], str):
            fills = [colour(each, marker.opacity) for each in listed]
        else:
            scale, norm = named_colours(layout.coloraxis if marker.coloraxis else marker)
            fills = scale(norm(places_of(listed)))
    rim = marker.line.color if isinstance(marker.line.color, str) else None
    edge = fills if rim is None else colour(rim)
    thin = (0.0 if rim is None else float(marker.line.width or 1.0)) * POINTS
    shape = SYMBOLS.get(marker.symbol if isinstance(marker.symbol, str) else "", "o")
    if shape == "|":  # a mark without a body
        fills, thin = edge, max(thin, 1.4)
    look = {"color": fills} if isinstance(fills, tuple) else {"c": fills}
    rimmed = {} if shape == "|" else {"edgecolors": edge}
    axes.scatter(
        x,
        y,
        s=size**2,
        marker=shape,
        linewidths=thin,
        clip_on=False,
        zorder=2.5,
        **look,
        **rimmed,
    )


def _names(axes: Axes, trace: Any, x: np.ndarray, y: np.ndarray) -> None:
    where = trace.textposition or "middle center"
    listed = [where] * len(x) if isinstance(where, str) else list(where)
    for across, up, text, side in zip(x, y, trace.text, listed, strict=True):
        above, beside = side.split()
        right, high = (
            {"left": -1, "right": 1}.get(beside, 0),
            {"top": 1, "bottom": -1}.get(above, 0),
        )
        axes.annotate(
            label(text),
            (across, up),
            (6 * right, 6 * high),
            textcoords="offset points",
            ha=_SIDES[beside],
            va=_UP[above],
            fontsize=8.5,
        )


def _cells(axes: Axes, trace: Any, layout: Any) -> None:
    values = np.array(
        [[np.nan if v is None else float(v) for v in row] for row in trace.z], dtype=np.float64
    )
    scale, norm = named_colours(layout.coloraxis if trace.coloraxis else trace)
    x, y = (
        _edges(given, count)
        for given, count in ((trace.x, values.shape[1]), (trace.y, len(values)))
    )
    gap: Any = {"edgecolors": "white", "linewidth": 1} if trace.xgap or trace.ygap else {}
    painted = np.ma.masked_invalid(values)
    axes.pcolormesh(x, y, painted, cmap=scale, norm=norm, rasterized=values.size > 5000, **gap)
    if trace.texttemplate and trace.text is not None:
        middle = [(x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2]
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                axes.text(
                    middle[0][column],
                    middle[1][row],
                    label(trace.text[row][column]),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color=ink_on(scale(norm(value))),
                )


def _edges(given: Any, count: int) -> np.ndarray:
    """The edges of cells, of which the middles are given, or the edges themselves."""
    at = np.arange(count) * 1.0 if given is None else places_of(given)
    if len(at) == count + 1:
        return at
    step = float(at[1] - at[0]) if count > 1 else 1.0
    return np.concatenate([at - step / 2, at[-1:] + step / 2])
