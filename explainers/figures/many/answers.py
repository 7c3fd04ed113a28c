"""Where the answers of a run lie, of a network that answers with numbers."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.chart_style import QUIET, apply_chart_style
from explainers.figures.text.words import number

HEIGHT, BINS = 260, 20


def answer_histogram(answers: ArrayLike) -> go.Figure:
    """Bars of how many inputs have an answer in each of equal parts of their range.

    Parameters
    ----------
    answers : array_like, shape (N,)
        Finite.

    Raises
    ------
    Problem
        Where there is none.

    Examples
    --------
    >>> figure = answer_histogram([1.0, 2.0, 3.0, 11.0])
    >>> int(sum(figure.data[0].y))
    4
    >>> figure.layout.meta["alt"]
    '4 answers, 1 to 11; half of them lie from 1.75 to 5, the median is 2.5.'
    """
    values = np.asarray(answers, np.float64)
    if values.ndim != 1 or not len(values):
        raise Problem(f"Answers are a number an input; got the shape {values.shape}.")
    counts, edges = np.histogram(values, BINS)
    spans = [f"{number(a)} to {number(b)}" for a, b in zip(edges, edges[1:], strict=False)]
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=float(edges[1] - edges[0]),
            marker={"color": QUIET, "line": {"width": 0}},
            customdata=spans,
            hovertemplate="%{customdata}: %{y:,} inputs<extra></extra>",
        )
    )
    low, first, middle, third, high = map(number, np.percentile(values, (0, 25, 50, 75, 100)))
    alt = f"{len(values):,} answers, {low} to {high}; half of them lie from {first} to {third}, "
    apply_chart_style(figure, HEIGHT, f"{alt}the median is {middle}.", top=12)
    figure.update_layout(bargap=0.04)
    figure.update_xaxes(fixedrange=True, zeroline=False, showgrid=False, title_text="Answer")
    figure.update_yaxes(title_text="Inputs", rangemode="tozero", nticks=4, fixedrange=True)
    return figure
