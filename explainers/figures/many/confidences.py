"""How sure the network is of its answers, over all inputs of a run."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.chart_style import QUIET, STRENGTH, apply_chart_style

HEIGHT, TOP = 260, 40


def confidence_histogram(counts: ArrayLike, wrong: ArrayLike | None = None) -> go.Figure:
    """Bars of how many inputs have a confidence in each of equal parts of 0 to 100 %.

    Parameters
    ----------
    counts : array_like, int, shape (B,)
    wrong : array_like, int, shape (B,), optional
        Those of them whose answer is another than their label; they stand at the bottom.

    Raises
    ------
    Problem
        Where shapes do not fit, or there is no confidence.

    Examples
    --------
    >>> figure = confidence_histogram([0, 4], [0, 1])
    >>> [(trace.name, trace.y.tolist()) for trace in figure.data]
    [('another than the label', [0, 1]), ('as the label', [0, 3])]
    >>> figure.layout.meta["alt"]
    'Confidence of 4 answers; most lie from 50 to 100 %. 1 of them is another than its label.'
    """
    whole = np.asarray(counts, np.int64)
    off = None if wrong is None else np.asarray(wrong, np.int64)
    if whole.ndim != 1 or not whole.any():
        raise Problem("No input has a confidence: the network's outputs are no classes.")
    if off is not None and (off.shape != whole.shape or (off > whole).any()):
        raise Problem(f"Counts of wrong answers need the shape {whole.shape}, and none above.")
    edges = np.linspace(0, 100, len(whole) + 1)
    width = float(edges[1])
    spans = [f"{low:g} to {high:g} %" for low, high in zip(edges, edges[1:], strict=False)]
    parts = [("answers", whole, QUIET)]
    if off is not None:
        parts = [("another than the label", off, STRENGTH), ("as the label", whole - off, QUIET)]
    figure = go.Figure(
        [
            go.Bar(
                x=edges[:-1] + width / 2,
                y=each,
                width=width,
                name=name,
                marker={"color": colour, "line": {"width": 0}},
                customdata=spans,
                hovertemplate=f"%{{customdata}}: %{{y:,}} {name}<extra></extra>",
            )
            for name, each, colour in parts
        ]
    )
    peak = spans[int(whole.argmax())]
    text = f"Confidence of {int(whole.sum()):,} answers; most lie from {peak}."
    if off is not None:
        many = int(off.sum())
        text += f" {many:,} of them {'is' if many == 1 else 'are'} another than "
        text += "its label." if many == 1 else "their labels."
    apply_chart_style(figure, HEIGHT, text, top=TOP if off is not None else 12)
    figure.update_layout(
        barmode="stack",
        bargap=0.04,
        showlegend=off is not None,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
    )
    figure.update_xaxes(
        range=[0, 100],
        ticksuffix=" %",
        nticks=6,
        fixedrange=True,
        zeroline=False,
        showgrid=False,
        title_text="Confidence",
    )
    figure.update_yaxes(title_text="Inputs", rangemode="tozero", nticks=4, fixedrange=True)
    return figure
