"""The spread of a feature's values, as a strip of bars under its curves."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from explainers.figures.chart_style import QUIET, apply_chart_style
from explainers.figures.text.labels import escaped, number, shortened

PLOT, STRIP, TOP, BELOW = 330, 56, 74, 56
FEW = 12
"""Different values up to which each has a bar of its own."""
BINS = 40


def value_counts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """How many rows lie where: a bar a value where these are few, else bins of equal width.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Finite.

    Returns
    -------
    places, counts : ndarray, shape (bars,)
    width : float
        Of a bar.

    Examples
    --------
    >>> places, counts, width = value_counts(np.array([0.0, 1.0, 1.0]))
    >>> places.tolist(), counts.tolist(), width
    ([0.0, 1.0], [1, 2], 0.5)
    """
    own, counts = np.unique(values, return_counts=True)
    if len(own) <= FEW:
        return own, counts, float(np.diff(own).min() / 2) if len(own) > 1 else 1.0
    counts, edges = np.histogram(values, BINS)
    return (edges[1:] + edges[:-1]) / 2, counts, float(edges[1] - edges[0])


def curves_over_spread(data: ArrayLike | None) -> tuple[go.Figure, int, str]:
    """An empty chart of curves, with the spread of the feature's values under it where given.

    Parameters
    ----------
    data : array_like, shape (N,), or None
        The feature's values in the rows; NaN is missing and is counted.

    Returns
    -------
    figure : plotly.graph_objects.Figure
        Curves go to row 1, column 1.
    row : int
        That of the lowest x axis.
    words : str
        Where the middle 90 % of the rows lie.
    """
    values = np.asarray([] if data is None else data, dtype=np.float64).ravel()
    known = values[np.isfinite(values)]
    if not len(known):
        return make_subplots(1, 1), 1, ""
    whole = PLOT + STRIP
    figure = make_subplots(
        2, 1, shared_xaxes=True, row_heights=[PLOT / whole, STRIP / whole], vertical_spacing=0.03
    )
    places, counts, width = value_counts(known)
    figure.add_bar(
        x=places,
        y=counts,
        width=width,
        marker={"color": QUIET, "line": {"width": 0}},
        showlegend=False,
        name="rows",
        hovertemplate="%{y} rows near %{x:.4~g}<extra></extra>",
        row=2,
        col=1,
    )
    low, high = np.percentile(known, [5, 95])
    lost = len(values) - len(known)
    missing = f"; it is missing in {lost:,}" if lost else ""
    return (
        figure,
        2,
        f" The middle 90 % of {len(known):,} rows lie from {number(low, 4)} to {number(high, 4)}"
        f"{missing}.",
    )


def finish_curves(
    figure: go.Figure, row: int, name: str, output: str, alt: str, shares: bool = False
) -> go.Figure:
    """Axes, key and look of curves over a feature's values; the same figure.

    Parameters
    ----------
    figure, row
        As from `curves_over_spread`.
    name, output : str
        The feature's, and what the curves are.
    alt : str
        In words.
    shares : bool
        Whether x runs over shares of the ranges of several columns, from 0 to 1.
    """
    apply_chart_style(figure, PLOT + TOP + BELOW + (STRIP + 8) * (row > 1), alt, top=TOP)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        bargap=0,
        margin_b=BELOW,
        hovermode="closest",
    )
    what = escaped(shortened(name))
    figure.update_xaxes(zeroline=False, nticks=7, fixedrange=True)
    figure.update_xaxes(
        row=row,
        col=1,
        title_text=f"Share of the range of {what}" if shares else f"Value of {what}",
    )
    figure.update_yaxes(row=1, col=1, title_text=escaped(shortened(output)), zeroline=False)
    if row > 1:
        figure.update_yaxes(
            row=2,
            col=1,
            title_text="rows",
            nticks=2,
            rangemode="tozero",
            zeroline=False,
            fixedrange=True,
        )
    return figure
