"""One method's importance of the inputs: bars with 95 % intervals, the most important on top."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import GREY, STRENGTH, apply_chart_style, bar_colour
from explainers.figures.text.labels import escaped, number, wrapped

HEADROOM = 1.05
CORE, EDGE = "#ffffff", "#16161d"
SIGNS = "<br><span style='font-size:12px'>red raises the output, blue lowers it</span>"


def importance_bars(
    names: Sequence[str],
    values: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    unit: str,
    signed: bool,
    most: int = 40,
    ascending: bool = False,
) -> go.Figure:
    """Importance of the inputs by one method, with 95 % intervals, the largest |value| on top.

    Parameters
    ----------
    names : sequence of str, length F
    values, low, high : array_like, shape (F,)
        In the method's own unit. NaN values come last, without a bar; NaN ends, or both ends at
        the value, draw no interval.
    unit : str
        What the values are.
    signed : bool
        Whether values may be below 0: red raises the output, blue lowers it.
    most : int
        How many inputs are shown; the axis says of how many.
    ascending : bool
        Whether the values are places, the smallest the most important: drawn as points.

    Raises
    ------
    Problem
        Where shapes do not fit.

    Examples
    --------
    >>> figure = importance_bars(["rain", "wind"], [1, -3], [0, -4], [2, -2], "slope", True)
    >>> figure.data[0].x.tolist(), figure.layout.yaxis.ticktext
    ([-3.0, 1.0], ('wind', 'rain'))
    >>> figure.layout.meta["alt"]
    'Importance of 2 inputs (slope): wind −3, 95 % interval −4 to −2; rain 1, 0 to 2.'
    """
    many = len(names)
    given, low, high = (_checked(each, many) for each in (values, low, high))
    size = np.where(np.isfinite(given), given if ascending else -np.abs(given), np.inf)
    order = np.argsort(size, kind="stable")[: max(1, most)]
    sure = ~(np.isfinite(low) & np.isfinite(high)) | (low == high)
    ends = [
        "" if sure[i] or np.isnan(given[i]) else f"{number(low[i])} to {number(high[i])}"
        for i in order
    ]
    numbers = [number(given[i], sign=signed) for i in order]
    drawn = _points if ascending else _bars
    figure = go.Figure(drawn(given[order], signed))
    reach = _reach(given[order], low[order], high[order], sure[order])
    if ascending:  # nothing lies behind them
        figure.update_traces(error_x=reach | {"color": GREY.format(1), "thickness": 2, "width": 4})
    else:
        figure.update_traces(error_x=reach | {"color": EDGE, "thickness": 4.5, "width": 5})
        _add_cores(figure, reach)
    figure.update_traces(
        selector=0,
        customdata=[
            [escaped(names[i]), text, f"<br>95 % interval {end}" if end else ""]
            for i, text, end in zip(order, numbers, ends, strict=True)
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}%{customdata[2]}<extra></extra>",
    )
    labels = [wrapped(names[i], width=18) for i in order]
    right = rows.label_rows(figure, labels, numbers)
    alt = _spoken(names, given, order, ends, unit)
    apply_chart_style(figure, rows.height_of(labels) + 84, alt, right)
    shown = "" if len(order) == many else f" ({len(order)} first of {many})"
    figure.update_yaxes(title_text=f"Input{shown}")
    figure.update_xaxes(
        title_text=f"{_capital(escaped(unit))}{SIGNS if signed and not ascending else ''}",
        range=_range(np.concatenate([each[order] for each in (given, low, high)]), signed),
        fixedrange=True,
        nticks=6,
        zeroline=not ascending,
        zerolinewidth=2,
    )
    if ascending:
        figure.update_xaxes(range=[0.5, _last(given, high) + 0.5], tick0=1)
        if _last(given, high) <= 12:
            figure.update_xaxes(dtick=1)
    return figure


def _checked(values: ArrayLike, many: int) -> np.ndarray:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (many,) or not many:
        raise Problem(f"{many} inputs need one value each; got shape {numbers.shape}.")
    return numbers


def _bars(values: np.ndarray, signed: bool) -> go.Bar:
    drawn = np.where(np.isfinite(values), values, 0.0)
    return go.Bar(
        x=drawn,
        y=list(range(len(values))),
        orientation="h",
        width=0.66,
        marker={"color": [bar_colour(v, signed) for v in drawn], "line": {"width": 0}},
    )


def _points(values: np.ndarray, signed: bool) -> go.Scatter:
    return go.Scatter(
        x=values,
        y=list(range(len(values))),
        mode="markers",
        marker={"color": STRENGTH, "size": 11},
    )


def _reach(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, sure: np.ndarray
) -> dict[str, object]:
    """Plotly's form of the intervals; a value outside of its own leaves no negative length."""
    none = sure | ~np.isfinite(values)
    return {
        "type": "data",
        "symmetric": False,
        "array": np.where(none, np.nan, np.maximum(high - values, 0)),
        "arrayminus": np.where(none, np.nan, np.maximum(values - low, 0)),
    }


def _add_cores(figure: go.Figure, reach: dict[str, object]) -> None:
    """Light cores of the dark intervals, so that they are seen on bars and on any page."""
    drawn = figure.data[0]
    figure.add_scatter(
        x=drawn.x,
        y=drawn.y,
        mode="markers",
        marker={"size": 0.1, "color": CORE},
        error_x=reach | {"color": CORE, "thickness": 1.5, "width": 3.5},
        hoverinfo="skip",
    )


def _range(reached: np.ndarray, signed: bool) -> list[float]:
    reached = reached[np.isfinite(reached)]
    end = HEADROOM * (float(np.abs(reached).max(initial=0)) or 1.0)
    below = HEADROOM * min(0.0, float(reached.min(initial=0)))
    return [-end if signed else below, end]


def _last(values: np.ndarray, high: np.ndarray) -> float:
    """The last place that any value or interval reaches."""
    reached = np.concatenate([values, high])
    return float(reached[np.isfinite(reached)].max(initial=1))


def _spoken(
    names: Sequence[str], values: np.ndarray, order: np.ndarray, ends: list[str], unit: str
) -> str:
    parts, before = [], ", 95 % interval "
    for feature, end in zip(order, ends, strict=True):
        parts.append(f"{names[feature]} {number(values[feature])}{before if end else ''}{end}")
        before = ", " if end else before
    shown = "" if len(order) == len(names) else f", the first {len(order)}"
    return f"Importance of {len(names)} inputs ({unit}){shown}: {'; '.join(parts)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
