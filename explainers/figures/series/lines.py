"""A time series with its scores: every variable's line over a strip of honest colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explainers.errors import Problem
from explainers.figures.chart_style import apply_chart_style, clear_colorscale, colour_key
from explainers.figures.colours import checked_limit, colour_limit
from explainers.figures.rows import name_panel
from explainers.figures.series.timeline import label_steps, peaks_per_cell, time_axis_height
from explainers.figures.text.alt_texts import series_alt_text
from explainers.figures.text.labels import (
    checked_scores,
    checked_strengths,
    escaped,
    number,
    shortened,
)

STRIP, BETWEEN, TOP = 64, 30, 96
# A strip is the page itself at zero, light or dark, so the line on it is dark with a white edge.
LINE, EDGE = "#16161d", "#ffffff"


def series_heat(
    scores: np.ndarray,
    values: np.ndarray,
    variables: Sequence[str],
    steps: Sequence[str],
    signed: bool,
    limit: float | None = None,
    unit: str = "contribution",
    most: int = 8,
    time: str = "Time step",
) -> go.Figure:
    """A time series with its scores: one heat strip a variable with its values as a line over it.

    Of more than `most` variables the strongest are shown, in their order, and the axis says how
    much the others hold. Long series share cells, each in the colour of its strongest step;
    hovering reads every single step.

    Parameters
    ----------
    scores, values : ndarray, shape (T, V)
        Values may be NaN.
    variables : sequence of str, length V
    steps : sequence of str, length T
    signed : bool
        Whether scores may be below 0.
    limit : float, optional
        The score of the strongest colour; by default `colours.colour_limit`.
    unit : str
        What a score is, in a word.
    most : int
        How many variables are shown.
    time : str
        What the axis of time is called.

    Raises
    ------
    Problem
        Where shapes do not fit, or scores cannot be drawn.
    """
    scores = checked_strengths(checked_scores(scores, variables, "variable"), signed)
    values = np.asarray(values, dtype=np.float64)
    if scores.shape != values.shape or scores.shape != (len(steps), len(variables)):
        raise Problem(
            f"A series needs scores and values for {len(steps)} steps and {len(variables)} "
            f"variables; got {scores.shape} and {values.shape}."
        )
    limit = checked_limit(colour_limit(scores) if limit is None else limit)
    strength = np.abs(scores).sum(0)
    kept = sorted(np.argsort(-strength, kind="stable")[: max(1, most)])
    plot = len(kept) * STRIP + (len(kept) - 1) * BETWEEN
    below = time_axis_height(steps)
    figure = make_subplots(
        len(kept),
        1,
        shared_xaxes=True,
        vertical_spacing=BETWEEN / plot if len(kept) > 1 else 0,
    )
    for row, variable in enumerate(kept, 1):
        _panel(
            figure,
            row,
            scores[:, variable],
            values[:, variable],
            variables[variable],
            [escaped(step) for step in steps],
            unit,
        )
    apply_chart_style(
        figure, plot + TOP + below, series_alt_text(scores, variables, steps, signed), top=TOP
    )
    _colour_bar(figure, signed, limit, unit, plot)
    label_steps(figure, steps, len(kept), f"{escaped(shortened(time))}{_left_out(strength, kept)}")
    figure.update_layout(hovermode="x", margin_b=below)
    return figure


def _panel(
    figure: go.Figure,
    row: int,
    scores: np.ndarray,
    values: np.ndarray,
    name: str,
    steps: list[str],
    unit: str,
) -> None:
    """One variable, scores and values (T,): its strip, its line, and what hovering reads."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    pad = 0.08 * (high - low) or 0.5
    edges, cells = peaks_per_cell(scores)
    time = np.arange(len(scores))
    figure.add_heatmap(
        x=edges,
        y=[low - pad, high + pad],
        z=cells[None],
        coloraxis="coloraxis",
        hoverinfo="skip",
        row=row,
        col=1,
    )
    gap = np.isnan(np.r_[np.nan, values, np.nan])
    lonely = ~gap[1:-1] & gap[:-2] & gap[2:]
    for colour, width in ((EDGE, 4), (LINE, 1.6)):
        figure.add_scatter(
            x=time,
            y=values,
            mode="lines",
            hoverinfo="skip",
            row=row,
            col=1,
            line={"color": colour, "width": width},
        )
        if lonely.any():
            figure.add_scatter(
                x=time[lonely],
                y=values[lonely],
                mode="markers",
                hoverinfo="skip",
                row=row,
                col=1,
                marker={"color": colour, "size": width + 2},
            )
    # A line that is not seen answers the mouse at every step, also where the value is missing.
    figure.add_scatter(
        x=time,
        y=np.full(len(time), (low + high) / 2),
        mode="lines",
        line={"width": 0},
        text=[
            f"{step}: {number(value, 4)}<br>{unit} {number(score, sign=True)}"
            for step, value, score in zip(steps, values, scores, strict=True)
        ],
        hovertemplate=f"{escaped(name).replace('%', '&#37;')}, %{{text}}<extra></extra>",
        row=row,
        col=1,
    )
    figure.update_yaxes(
        row=row,
        col=1,
        range=[low - pad, high + pad],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        tickvals=[low, high] if high > low else [low],
        ticktext=[number(low), number(high)] if high > low else [number(low)],
        tickfont={"size": 12},
    )
    name_panel(figure, row, name, size=14)


def _colour_bar(figure: go.Figure, signed: bool, limit: float, unit: str, plot: int) -> None:
    ends = [-limit, 0, limit] if signed else [0, limit]
    key = ": red supports, blue opposes" if signed else " (without a sign)"
    ticks = {end: number(end, sign=signed) for end in ends}
    colour_key(figure, f"{unit}{key}", clear_colorscale(signed), ticks, 1 + 28 / plot, share=0.8)


def _left_out(strength: np.ndarray, kept: list[int]) -> str:
    if len(kept) == len(strength) or not strength.sum():
        return ""
    share = 1 - strength[kept].sum() / strength.sum()
    return (
        f"<br><span style='font-size:12px'>{len(kept)} strongest of {len(strength)} variables; "
        f"the others hold {100 * share:.1f} %</span>"
    )
