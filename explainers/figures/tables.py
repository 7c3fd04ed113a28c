"""Bars of a table's features: one row's contributions, and the mean over many rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.figures import rows
from explainers.figures.chart_style import GREY, SIGN_KEY, STRENGTH, apply_chart_style, bar_colour
from explainers.figures.text.alt_texts import table_alt_text
from explainers.figures.text.labels import (
    checked_scores,
    checked_strengths,
    escaped,
    number,
    value_text,
    wrapped,
)
from explainers.figures.waterfall import signed_sums

HEADROOM = 1.05


def bar_limit(scores: np.ndarray, most: int = 20, spread: np.ndarray | None = None) -> float:
    """Where the longest bar of `feature_bars` ends, error bar included; never 0.

    The largest of several tables' limits makes their charts comparable side by side.

    Parameters
    ----------
    scores : ndarray, shape (F,)
    most : int
        How many features have a bar of their own.
    spread : ndarray, shape (F,), optional
        How far each score may be off either way.

    Examples
    --------
    >>> bar_limit(np.array([1.0, -3.0]), spread=np.array([0.0, 0.5]))
    3.5
    """
    scores = np.asarray(scores, dtype=np.float64)
    first, others = rows.strongest(scores, most)
    reach = np.abs(scores[first]) + (0 if spread is None else np.asarray(spread)[first])
    return float(max(reach.max(), abs(scores[others].sum()))) or 1.0


def feature_bars(
    names: Sequence[str],
    values: Sequence[object],
    scores: np.ndarray,
    signed: bool = True,
    most: int = 20,
    limit: float | None = None,
    spread: np.ndarray | None = None,
) -> go.Figure:
    """One row's scores as bars, the strongest on top; the others are one bar of their sum.

    Parameters
    ----------
    names : sequence of str, length F
    values : sequence, length F
        The row's values as text or numbers; None or NaN is missing.
    scores : ndarray, shape (F,)
    signed : bool
        Whether scores may be below 0.
    most : int
        How many features have a bar of their own.
    limit : float, optional
        The end of the axis, for charts side by side; see `bar_limit`.
    spread : ndarray, shape (F,), optional
        How far each score may be off either way.

    Raises
    ------
    Problem
        Where names and scores do not fit, or scores cannot be drawn.

    Examples
    --------
    >>> figure = feature_bars(["age", "mass"], [41, 23.4], np.array([1.0, -3.0]))
    >>> list(figure.data[0].x)
    [-3.0, 1.0]
    """
    scores = checked_strengths(checked_scores(scores, names), signed)
    first, others = rows.strongest(scores, most)
    texts = [value_text(value) for value in values]
    labels = [wrapped(names[i], texts[i]) for i in first]
    full = [f"{escaped(names[i])} = {escaped(texts[i])}" for i in first]
    lengths = [float(scores[i]) for i in first]
    errors = [float(spread[i]) for i in first] if spread is not None else None
    if len(others):
        labels.append(f"{len(others)} others: sum")
        hidden = scores[others]
        full.append(f"{len(others)} others" + (f": {signed_sums(hidden)}" if signed else ""))
        lengths.append(float(hidden.sum()))
        errors = errors and [*errors, 0.0]
    noun = "contribution" if signed else "strength"
    numbers = [number(length, sign=signed) for length in lengths]
    figure = _bars(
        lengths,
        [bar_colour(length, signed) for length in lengths],
        (errors, errors) if errors else None,
    )
    figure.update_traces(
        customdata=[
            [name, text + (f" ± {number(error)}" if error else "")]
            for name, text, error in zip(full, numbers, errors or [0] * len(full), strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>" + noun + " %{customdata[1]}<extra></extra>",
    )
    end = limit or HEADROOM * bar_limit(scores, most, spread)
    _finish(figure, labels, numbers, table_alt_text(names, values, scores, signed))
    figure.update_xaxes(
        title_text=f"Contribution{SIGN_KEY}" if signed else "Strength (without a sign)",
        range=[-end if signed else 0, end],
    )
    return figure


def global_bars(
    names: Sequence[str],
    mean: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    most: int = 20,
) -> go.Figure:
    """Mean |contribution| over a data set with its interval, as bars, the strongest on top.

    The others are one bar of their sum, without an interval.

    Parameters
    ----------
    names : sequence of str, length F
    mean : ndarray, shape (F,)
    low, high : ndarray, shape (F,)
        The ends of the interval; NaN draws none. See
        `explainers.importance.uncertainty.intervals.mean_with_interval`.
    most : int
        How many features have a bar of their own.

    Raises
    ------
    Problem
        Where names and means do not fit, or means cannot be drawn.
    """
    mean = checked_strengths(checked_scores(mean, names), signed=False)
    first, others = rows.strongest(mean, most)
    labels = [wrapped(names[i]) for i in first]
    lengths = [float(mean[i]) for i in first]
    up, down = np.asarray(high)[first] - lengths, lengths - np.asarray(low)[first]
    between = [
        f", from {number(low[i])} to {number(high[i])}" if np.isfinite(low[i]) else ""
        for i in first
    ]
    full = [escaped(names[i]) for i in first]
    if len(others):
        labels.append(f"{len(others)} others: sum")
        full.append(f"{len(others)} others, sum of their means")
        lengths.append(float(mean[others].sum()))
        up, down, between = np.append(up, np.nan), np.append(down, np.nan), [*between, ""]
    numbers = [number(length) for length in lengths]
    errors = None if np.isnan(up).all() else (up, down)
    figure = _bars(lengths, STRENGTH, errors)
    figure.update_traces(
        customdata=[list(row) for row in zip(full, numbers, between, strict=True)],
        hovertemplate="%{customdata[0]}<br>mean |contribution| %{customdata[1]}%{customdata[2]}"
        "<extra></extra>",
    )
    spoken = "; ".join(
        f"{names[i]} {number(mean[i])}{b}" for i, b in zip(first, between, strict=False)
    )
    _finish(figure, labels, numbers, f"Mean absolute contribution: {spoken}.")
    end = max(np.nanmax(np.append(np.asarray(high)[first], 0.0)), max(lengths)) or 1.0
    figure.update_xaxes(title_text="Mean |contribution|", range=[0, HEADROOM * end])
    return figure


def _bars(
    lengths: list[float], colour: str | list[str], errors: tuple[ArrayLike, ArrayLike] | None
) -> go.Figure:
    """Horizontal bars; `errors` are how far each may be off, up and down."""
    reach = None
    if errors is not None:
        reach = {
            "type": "data",
            "symmetric": False,
            "array": errors[0],
            "arrayminus": errors[1],
            "color": GREY.format(1),
            "thickness": 2,
            "width": 4,
        }
    return go.Figure(
        go.Bar(
            x=lengths,
            y=list(range(len(lengths))),
            orientation="h",
            width=0.66,
            error_x=reach,
            marker={"color": colour, "line": {"width": 0}},
        )
    )


def _finish(figure: go.Figure, labels: list[str], numbers: list[str], alt: str) -> None:
    right = rows.label_rows(figure, labels, numbers)
    apply_chart_style(figure, rows.height_of(labels) + 84, alt, right)
    figure.update_xaxes(fixedrange=True, nticks=6, zeroline=True)
    figure.update_yaxes(title_text="Feature")
