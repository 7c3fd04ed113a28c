"""Where in a series the scores lie: sums per variable, per time step, and per lag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explainers.figures import rows
from explainers.figures.chart_style import (
    GREY,
    OPPOSE,
    SIGN_KEY,
    STRENGTH,
    SUPPORT,
    apply_chart_style,
)
from explainers.figures.series.timeline import label_steps, time_axis_height
from explainers.figures.text.alt_texts import series_alt_text
from explainers.figures.text.labels import (
    checked_scores,
    checked_strengths,
    escaped,
    number,
    wrapped,
)
from explainers.importance.lags import by_lag, median_lag

HEADROOM, TIME, BETWEEN = 1.05, 200, 100


def marginals(
    scores: np.ndarray,
    variables: Sequence[str],
    steps: Sequence[str],
    signed: bool,
    most: int = 20,
) -> go.Figure:
    """Scores of a time series summed per variable (bars) and per time step (below).

    Positive and negative scores are summed apart, so that nothing cancels unseen.

    Parameters
    ----------
    scores : ndarray, shape (T, V)
    variables : sequence of str, length V
    steps : sequence of str, length T
    signed : bool
        Whether scores may be below 0.
    most : int
        How many variables have a bar of their own; the others are one bar.

    Raises
    ------
    Problem
        Where shapes do not fit, or scores cannot be drawn.
    """
    scores = checked_strengths(checked_scores(scores, variables, "variable"), signed)
    up, down = np.clip(scores, 0, None), np.clip(scores, None, 0)
    first, others = rows.strongest((up - down).sum(0), most)
    labels = [wrapped(variables[i]) for i in first]
    full = [escaped(variables[i]) for i in first]
    if len(others):
        labels.append(f"{len(others)} others: sum")
        full.append(f"{len(others)} others")
    high = max(rows.height_of(labels), 46 * len(labels) * signed)  # two numbers a row
    plot = high + BETWEEN + TIME
    figure = make_subplots(
        2,
        1,
        row_heights=[high / (plot - BETWEEN), TIME / (plot - BETWEEN)],
        vertical_spacing=BETWEEN / plot,
    )
    noun, below = "contribution" if signed else "strength", time_axis_height(steps)
    per_variable, per_step = [], []
    for part, colour in ((up, SUPPORT if signed else STRENGTH), (down, OPPOSE))[: 1 + signed]:
        sums = part.sum(0)
        sums = np.append(sums[first], sums[others].sum()) if len(others) else sums[first]
        per_variable.append(sums)
        per_step.append(part.sum(1))
        _bars(figure, sums, full, noun, colour)
        _steps(figure, per_step[-1], [escaped(step) for step in steps], noun, colour)
    apply_chart_style(figure, plot + 12 + below, series_alt_text(scores, variables, steps, signed))
    texts = [
        " ".join(number(part, sign=signed) for part in row if part or not signed) or "0"
        for row in zip(*per_variable, strict=True)
    ]
    right = rows.label_rows(figure, labels, [text.replace(" ", "<br>") for text in texts])
    longest = max(len(part) for text in texts for part in text.split(" "))
    figure.update_layout(
        barmode="relative", bargap=0.34, margin_b=below, margin_r=min(right, 16 + 8 * longest)
    )
    reach = HEADROOM * (np.abs(per_variable).max() or 1.0)
    title = f"Summed contributions{SIGN_KEY}" if signed else "Summed strengths (without a sign)"
    figure.update_xaxes(
        row=1,
        col=1,
        range=[-reach if signed else 0, reach],
        fixedrange=True,
        nticks=6,
        title_text=title,
    )
    figure.update_yaxes(row=1, col=1, title_text="Variable")
    label_steps(figure, steps, 2)
    reach = HEADROOM * (np.abs(per_step).max() or 1.0)
    figure.update_yaxes(
        row=2,
        col=1,
        title_text="Sum per step",
        fixedrange=True,
        nticks=5,
        range=[-reach if signed else 0, reach],
    )
    return figure


def lag_profile(scores: np.ndarray, signed: bool) -> go.Figure:
    """|Scores| summed over variables against the lag, the steps before the end.

    The end is at the right. A dashed line marks the median lag: half of what the network uses is
    as recent as that or more recent.

    Parameters
    ----------
    scores : ndarray, shape (T, V)
    signed : bool
        Whether scores may be below 0.
    """
    scores = np.asarray(scores, dtype=np.float64)
    scores = checked_strengths(checked_scores(scores, range(scores.shape[-1]), "variable"), signed)
    profile, median = by_lag(scores), median_lag(scores)
    noun = "|contribution|" if signed else "strength"
    lags = np.arange(len(profile))
    figure = go.Figure(
        go.Scatter(
            x=np.r_[-0.5, lags, lags[-1] + 0.5],
            y=np.r_[profile[0], profile, profile[-1]],
            mode="lines",
            line={"shape": "hvh", "color": STRENGTH, "width": 1.5},
            fill="tozeroy",
            customdata=np.r_[0, lags, lags[-1]],
            hovertemplate="%{customdata} steps before the end: " + noun + " %{y:.3~g}"
            "<extra></extra>",
        )
    )
    known = np.isfinite(median)
    half = f"half lies within {number(median)} steps of the end" if known else "there is none"
    apply_chart_style(figure, 320, f"Sum of {noun} against steps before the end; {half}.", top=32)
    if known:
        figure.add_vline(x=median, line={"color": GREY.format(1), "dash": "dash", "width": 2})
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            y=1,
            yref="paper",
            yanchor="bottom",
            text=f"– – median: {number(median)} steps before the end",
            showarrow=False,
        )
    figure.update_layout(hovermode="x")
    figure.update_xaxes(
        title_text="Steps before the end (lag)",
        range=[len(profile) - 0.5, -0.5],
        zeroline=False,
        nticks=7,
    )
    figure.update_yaxes(
        title_text=f"Sum of {noun}",
        range=[0, HEADROOM * (profile.max() or 1.0)],
        fixedrange=True,
        nticks=5,
    )
    return figure


def _bars(figure: go.Figure, sums: np.ndarray, full: list[str], noun: str, colour: str) -> None:
    figure.add_bar(
        x=sums,
        y=list(range(len(sums))),
        orientation="h",
        row=1,
        col=1,
        marker={"color": colour, "line": {"width": 0}},
        customdata=full,
        hovertemplate="%{customdata}<br>" + noun + " %{x:+.3~g}<extra></extra>",
    )


def _steps(figure: go.Figure, sums: np.ndarray, steps: list[str], noun: str, colour: str) -> None:
    last = len(sums) - 1
    figure.add_scatter(
        x=np.r_[-0.5, np.arange(last + 1), last + 0.5],
        y=np.r_[sums[0], sums, sums[-1]],
        mode="lines",
        line={"shape": "hvh", "color": colour, "width": 1.5},
        fill="tozeroy",
        text=[steps[0], *steps, steps[-1]],
        row=2,
        col=1,
        hovertemplate="%{text}<br>" + noun + " %{y:+.3~g}<extra></extra>",
    )
