"""Importance of a series' variables by lag: how far back each is looked at, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from explainers.errors import Problem
from explainers.figures.chart_style import STRENGTH, apply_chart_style
from explainers.figures.importance.signed_matrix import matrix_of
from explainers.figures.rows import name_panel
from explainers.figures.text.labels import escaped, number

PANEL, BETWEEN, TOP, BELOW = 78, 26, 30, 62
HEADROOM = 1.06


def lag_importance(
    variables: Sequence[str],
    values: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    unit: str = "importance",
    most: int = 8,
) -> go.Figure:
    """One panel a variable, its importance by lag, all on one scale; the end is at the right.

    Parameters
    ----------
    variables : sequence of str, length V
    values : array_like, shape (V, T)
        Lag 0, the last step, first; NaN leaves a gap.
    low, high : array_like, shape (V, T), optional
        The ends of the 95 % intervals; NaN draws none.
    unit : str
        What the values are.
    most : int
        How many variables are shown, those with the largest sums of sizes first; the axis says of
        how many.

    Raises
    ------
    Problem
        Where shapes do not fit, or nothing is finite.

    Examples
    --------
    >>> figure = lag_importance(["rain", "wind"], [[3.0, 1.0, 0.0], [0.0, 0.0, 0.5]])
    >>> [trace.y.tolist() for trace in figure.data]
    [[3.0, 1.0, 0.0], [0.0, 0.0, 0.5]]
    >>> figure.layout.meta["alt"]
    'Importance of 2 variables by lag (importance). rain is strongest at lag 0 (3); wind at lag 2
     (0.5).'
    """
    shape = np.asarray(values).shape
    lags = list(map(str, range(shape[-1]))) if len(shape) == 2 else []
    numbers = matrix_of(values, variables, lags)
    ends = [None if end is None else np.asarray(end, np.float64) for end in (low, high)]
    if any(end is not None and end.shape != numbers.shape for end in ends):
        raise Problem(f"Intervals need the shape of the values, {numbers.shape}.")
    size = np.nan_to_num(np.abs(numbers))
    order = np.argsort(-size.sum(1), kind="stable")[: max(1, most)]
    plot = len(order) * PANEL + (len(order) - 1) * BETWEEN
    figure = make_subplots(
        len(order),
        1,
        shared_xaxes=True,
        vertical_spacing=BETWEEN / plot if len(order) > 1 else 0,
    )
    for row, variable in enumerate(order, 1):
        band = None
        if ends[0] is not None and ends[1] is not None:
            band = (ends[0][variable], ends[1][variable])
        _panel(figure, row, variables[variable], numbers[variable], band, unit)
    apply_chart_style(figure, plot + TOP + BELOW, _spoken(variables, numbers, order, unit), top=TOP)
    reached = np.concatenate([part[order].ravel() for part in (numbers, *ends) if part is not None])
    reached = reached[np.isfinite(reached)]
    figure.update_yaxes(
        range=[HEADROOM * min(0.0, reached.min()), HEADROOM * max(0.0, reached.max()) or 1.0],
        fixedrange=True,
        nticks=3,
        zeroline=True,
        tickfont={"size": 12},
    )
    many = "" if len(order) == len(variables) else f"; {len(order)} of {len(variables)} variables"
    figure.update_xaxes(
        range=[numbers.shape[1] - 0.5, -0.5], zeroline=False, fixedrange=True, nticks=8, ticks=""
    )
    small = f"<br><span style='font-size:12px'>{escaped(unit)}{many}</span>"
    figure.update_xaxes(row=len(order), col=1, title_text=f"Steps before the end (lag){small}")
    figure.update_layout(hovermode="closest", margin_b=BELOW)
    return figure


def _panel(
    figure: go.Figure,
    row: int,
    name: str,
    values: np.ndarray,
    band: tuple[np.ndarray, np.ndarray] | None,
    unit: str,
) -> None:
    """One variable: bars where lags are few, else a line; intervals as whiskers or a band."""
    lags = np.arange(len(values))
    few = len(lags) <= 40
    text = [number(value, 4) for value in values]
    if band is not None:
        text = [
            f"{one}<br>95 % interval {number(low)} to {number(high)}"
            if np.isfinite(low) and np.isfinite(high)
            else one
            for one, low, high in zip(text, *band, strict=True)
        ]
    shared = {
        "x": lags,
        "y": values,
        "text": text,
        "textposition": "none" if few else None,
        "hovertemplate": f"{_plain(name)}, lag %{{x}}: %{{text}}<extra></extra>",
        "name": escaped(name),
    }
    if few:
        reach = None
        if band is not None:
            reach = {
                "type": "data",
                "symmetric": False,
                "array": np.maximum(band[1] - values, 0),
                "arrayminus": np.maximum(values - band[0], 0),
                "color": "rgba(128,128,128,1)",
                "thickness": 1.5,
                "width": 3 if len(lags) <= 20 else 0,
            }
        bar = go.Bar(**shared, width=0.66, error_y=reach, marker={"color": STRENGTH})
        figure.add_trace(bar, row=row, col=1)
    else:
        if band is not None:
            for end, fill in ((band[0], None), (band[1], "tonexty")):
                figure.add_scatter(
                    x=lags,
                    y=end,
                    mode="lines",
                    line={"width": 0},
                    fill=fill,
                    fillcolor="rgba(128,128,128,0.5)",
                    hoverinfo="skip",
                    name="95 % interval",
                    row=row,
                    col=1,
                )
        shared.pop("textposition")
        figure.add_scatter(
            **shared, mode="lines", line={"color": STRENGTH, "width": 2}, row=row, col=1
        )
    name_panel(figure, row, name, size=13)


def _plain(name: str) -> str:
    """A name within a hover template, in which a % might begin a field."""
    return escaped(name).replace("%", "&#37;")


def _spoken(variables: Sequence[str], values: np.ndarray, order: np.ndarray, unit: str) -> str:
    parts: list[str] = []
    for variable in order:
        size = np.abs(values[variable])
        if not np.isfinite(size).any():
            continue
        lag = int(np.nanargmax(size))
        verb = " is strongest" if not parts else ""
        parts.append(f"{variables[variable]}{verb} at lag {lag} ({number(values[variable, lag])})")
    return f"Importance of {len(variables)} variables by lag ({unit}). {'; '.join(parts)}."
