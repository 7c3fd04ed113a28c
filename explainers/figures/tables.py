"""Bars of a table's features: one row's contributions, and the mean over many rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.figures import rows
from explainers.figures.palette import GREY, KEY, STRENGTH, calm, ink
from explainers.figures.text.labels import finite, number, safe, shown, strengths, wrapped
from explainers.figures.text.sentences import spoken_table
from explainers.figures.waterfall import parts

ROOM = 1.05


def bar_limit(scores: np.ndarray, most: int = 20, spread: np.ndarray | None = None) -> float:
    """Where the longest bar of `feature_bars` ends, error bar included; never 0.

    The largest of several tables' limits makes their charts comparable side by side.
    """
    scores = np.asarray(scores, dtype=np.float64)
    first, others = rows.strongest(scores, most)
    reach = np.abs(scores[first]) + (0 if spread is None else np.asarray(spread)[first])
    return float(max(reach.max(), abs(scores[others].sum()))) or 1.0


def feature_bars(
    names: Sequence[str],
    values: Sequence,
    scores: np.ndarray,
    signed: bool = True,
    most: int = 20,
    limit: float | None = None,
    spread: np.ndarray | None = None,
) -> go.Figure:
    """One input's scores (F,) as bars, the strongest on top; the others are one bar of their sum.

    `limit` is the end of the axis, for charts side by side (see `bar_limit`); `spread` (F,) is
    how far each score may be off either way. `values` (F,) are text or numbers, NaN is missing.
    """
    scores = strengths(finite(scores, names), signed)
    first, others = rows.strongest(scores, most)
    texts = [shown(value) for value in values]
    labels = [wrapped(names[i], texts[i]) for i in first]
    full = [f"{safe(names[i])} = {safe(texts[i])}" for i in first]
    lengths = [float(scores[i]) for i in first]
    errors = [float(spread[i]) for i in first] if spread is not None else None
    if len(others):
        labels.append(f"{len(others)} others: sum")
        hidden = scores[others]
        full.append(f"{len(others)} others" + (f": {parts(hidden)}" if signed else ""))
        lengths.append(float(hidden.sum()))
        errors = errors and [*errors, 0.0]
    noun = "contribution" if signed else "strength"
    numbers = [number(length, sign=signed) for length in lengths]
    figure = _bars(
        lengths, [ink(length, signed) for length in lengths], errors and (errors, errors)
    )
    figure.update_traces(
        customdata=[
            [name, text + (f" ± {number(error)}" if error else "")]
            for name, text, error in zip(full, numbers, errors or [0] * len(full), strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>" + noun + " %{customdata[1]}<extra></extra>",
    )
    end = limit or ROOM * bar_limit(scores, most, spread)
    _finish(figure, labels, numbers, spoken_table(names, values, scores, signed))
    figure.update_xaxes(
        title_text=f"Contribution{KEY}" if signed else "Strength (without a sign)",
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
    """Mean |contribution| (F,) over a data set with its interval from `low` to `high` (F,).

    The strongest is on top; the others are one bar of their sum, without an interval. NaN in
    `low` and `high` draws no interval.
    """
    mean = strengths(finite(mean, names), signed=False)
    first, others = rows.strongest(mean, most)
    labels = [wrapped(names[i]) for i in first]
    lengths = [float(mean[i]) for i in first]
    up, down = np.asarray(high)[first] - lengths, lengths - np.asarray(low)[first]
    between = [
        f", from {number(low[i])} to {number(high[i])}" if np.isfinite(low[i]) else ""
        for i in first
    ]
    full = [safe(names[i]) for i in first]
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
    figure.update_xaxes(title_text="Mean |contribution|", range=[0, ROOM * end])
    return figure


def _bars(lengths: list[float], colour, errors: tuple | None) -> go.Figure:
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
    right = rows.write(figure, labels, numbers)
    calm(figure, rows.height(labels) + 84, alt, right)
    figure.update_xaxes(fixedrange=True, nticks=6, zeroline=True)
    figure.update_yaxes(title_text="Feature")
