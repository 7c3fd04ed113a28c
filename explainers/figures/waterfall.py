"""The waterfall: from the baseline's output to the output, one contribution at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.figures import rows
from explainers.figures.chart_style import GREY, QUIET, SIGN_KEY, apply_chart_style, bar_colour
from explainers.figures.text.alt_texts import table_alt_text
from explainers.figures.text.labels import checked_scores, escaped, number, value_text, wrapped

INVISIBLE = 1e-3
"""A gap below this share of the chart's width is narrower than a pixel."""


def waterfall(
    names: Sequence[str],
    values: Sequence[object],
    scores: np.ndarray,
    output: float,
    baseline_output: float,
    about: str,
    most: int = 10,
) -> go.Figure:
    """A waterfall plot: how contributions lead from the baseline's output down to the output.

    The strongest come first, those beyond the `most` strongest are one bar of their sum. What the
    contributions leave open (the completeness gap) is a hatched grey bar.

    Parameters
    ----------
    names : sequence of str, length F
    values : sequence, length F
        The row's values as text or numbers; None or NaN is missing.
    scores : ndarray, shape (F,)
    output, baseline_output : float
    about : str
        What is explained.
    most : int
        How many features have a bar of their own.

    Raises
    ------
    Problem
        Where names and scores do not fit, or scores are not finite.

    References
    ----------
    Waterfall plots of the shap package, Lundberg & Lee 2017, arXiv:1705.07874.

    Examples
    --------
    >>> scores = np.array([1.0, -3.0])
    >>> figure = waterfall(["age", "mass"], [41, 23.4], scores, 5.0, 7.0, "risk")
    >>> list(figure.data[1].x), list(figure.data[1].base)
    ([-3.0, 1.0], [7.0, 4.0])
    """
    scores = checked_scores(scores, names)
    shown_first, others = rows.strongest(scores, most)
    texts = [value_text(value) for value in values]
    labels = [wrapped(names[i], texts[i]) for i in shown_first]
    full = [f"{escaped(names[i])} = {escaped(texts[i])}" for i in shown_first]
    steps = [float(scores[i]) for i in shown_first]
    if len(others):
        hidden = scores[others]
        labels.append(f"{len(others)} others")
        full.append(f"{len(others)} others: {signed_sums(hidden)}")
        steps.append(float(hidden.sum()))
    stops = baseline_output + np.concatenate([[0.0], np.cumsum(steps)])
    gap = float(output - stops[-1])
    if abs(gap) > INVISIBLE * np.ptp([*stops, output]):
        labels.append("not accounted for")
        full.append("not accounted for by the contributions")
        steps.append(gap)
        stops = np.append(stops, output)
        open_end = len(steps) - 1
    else:
        open_end = None
    figure = go.Figure()
    _links(figure, stops)
    figure.add_bar(
        base=stops[:-1].tolist(),
        x=steps,
        y=list(range(1, len(steps) + 1)),
        orientation="h",
        width=0.66,
        marker={
            "color": [QUIET if i == open_end else bar_colour(step) for i, step in enumerate(steps)],
            "pattern": {"shape": ["/" if i == open_end else "" for i in range(len(steps))]},
            "line": {"width": 0},
        },
        customdata=[
            [name, number(step, sign=True), number(start, 4), number(end, 4)]
            for name, step, start, end in zip(full, steps, stops, stops[1:], strict=False)
        ],
        hovertemplate="%{customdata[0]}<br>contribution %{customdata[1]}"
        "<br>from %{customdata[2]} to %{customdata[3]}<extra></extra>",
    )
    ends = [float(baseline_output), float(output)]
    figure.add_scatter(
        x=ends,
        y=[0, len(steps) + 1],
        mode="markers",
        text=["baseline", "output"],
        marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": QUIET}},
        hovertemplate="%{text}: %{x:.4~g}<extra></extra>",
        cliponaxis=False,
    )
    labels = ["baseline", *labels, "output"]
    numbers = [number(step, sign=True) for step in steps]
    right = rows.label_rows(figure, labels, [number(ends[0], 4), *numbers, number(ends[1], 4)])
    apply_chart_style(
        figure,
        rows.height_of(labels) + 100,
        f"From {number(ends[0], 4)} on the baseline to {number(ends[1], 4)} for {about}. "
        + table_alt_text(names, values, scores),
        right,
    )
    figure.update_xaxes(
        title_text=f"Score of {wrapped(about, width=26)}{SIGN_KEY}",
        zeroline=False,
        fixedrange=True,
        nticks=6,
    )
    figure.update_yaxes(title_text="Feature")
    return figure


def signed_sums(hidden: np.ndarray) -> str:
    """What a sum of hidden contributions (K,) is made of, so that none cancels another unseen.

    Examples
    --------
    >>> signed_sums(np.array([1.0, 2.0, -5.0]))
    '+3 and −5'
    """
    support, oppose = hidden[hidden > 0].sum(), hidden[hidden < 0].sum()
    return f"{number(support, sign=True)} and {number(oppose)}"


def _links(figure: go.Figure, stops: np.ndarray) -> None:
    """Thin lines from the end of each bar to the start of the next."""
    across = [x for stop in stops for x in (float(stop), float(stop), None)]
    down = [y for row in range(len(stops)) for y in (row + 0.33, row + 0.67, None)]
    figure.add_scatter(
        x=across,
        y=down,
        mode="lines",
        line={"color": GREY.format(0.7), "width": 1},
        hoverinfo="skip",
    )
