"""Both sides of what must be equal, or not more, on any network: a receipt and its error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import GREY, LOW_HIGH, apply_chart_style
from explainers.figures.text.labels import number, wrapped

CERTAIN = 1.96
ROW = 30


class Sides(NamedTuple):
    """What an identity compares: its name, and what stands left and right in it."""

    title: str
    left: str
    right: str


SIDES = {
    "permutation_total": Sides(
        "Permutation = 2 V T",
        "mean squared change when it is permuted",
        "twice the variance times its total Sobol index",
    ),
    "first_below_shapley": Sides(
        "S ≤ Shapley effect", "its first-order Sobol index", "its Shapley effect"
    ),
    "shapley_below_total": Sides(
        "Shapley effect ≤ T", "its Shapley effect", "its total Sobol index"
    ),
    "shapley_sum": Sides("Sum of Shapley effects = 1", "their sum", "the whole variance: 1"),
    "total_below_slopes": Sides(
        "T ≤ what slopes allow", "the variance through it", "the most that its slopes allow"
    ),
}
"""By the key of an identity of `importance.reliability.identities`."""


def identity_sides(
    key: str,
    relation: str,
    names: Sequence[str],
    left: ArrayLike,
    right: ArrayLike,
    error: ArrayLike,
    most: int = 20,
) -> go.Figure:
    """Both sides of an identity for every input, with how far chance alone may part them.

    Parameters
    ----------
    key : str
        Of SIDES.
    relation : str
        "=" or "≤".
    names : sequence of str, length K
    left, right : array_like, shape (K,)
    error : array_like, shape (K,)
        The standard error of right − left.
    most : int
        How many inputs are shown, those of the largest sides; the axis says of how many.

    Raises
    ------
    Problem
        Where shapes do not fit.

    Examples
    --------
    >>> figure = identity_sides("shapley_sum", "=", ["their sum"], [1.02], [1.0], [0.02])
    >>> figure.layout.meta["alt"]
    'Sum of Shapley effects = 1. their sum: 1.02 and 1, 1 standard error apart.'
    """
    sides, many = SIDES[key], len(names)
    one, other, spread = (np.asarray(each, dtype=np.float64) for each in (left, right, error))
    if not many or not one.shape == other.shape == spread.shape == (many,):
        raise Problem(
            f"{many} inputs need two sides and an error each; got {one.shape}, {other.shape} and "
            f"{spread.shape}."
        )
    size = np.maximum(np.abs(one), np.abs(other))
    order = np.argsort(-size, kind="stable")[: max(1, most)]
    apart = [_apart(one[i], other[i], spread[i]) for i in order]
    labels, places = [wrapped(names[i], width=18) for i in order], list(range(len(order)))
    figure = go.Figure()
    figure.add_scatter(
        x=other[order],
        y=places,
        mode="markers",
        name=sides.right,
        marker={"symbol": "line-ns", "size": 18, "line": {"width": 3, "color": LOW_HIGH[0]}},
        error_x={
            "type": "data",
            "array": CERTAIN * spread[order],
            "color": GREY.format(0.55),
            "thickness": 7,
            "width": 0,
        },
        hovertemplate="%{x:.4~g}<extra>%{fullData.name}</extra>",
    )
    figure.add_scatter(
        x=one[order],
        y=places,
        mode="markers",
        name=sides.left,
        marker={"color": LOW_HIGH[2], "size": 10},
        customdata=apart,
        hovertemplate="%{x:.4~g}<br>%{customdata}<extra>%{fullData.name}</extra>",
    )
    right = rows.label_rows(figure, labels, [])
    shown = [
        f"{names[i]}: {number(one[i])} and {number(other[i])}, {text}"
        for i, text in zip(order, apart, strict=True)
    ]
    alt = f"{sides.title}. {'; '.join(shown)}."
    height = max(ROW * len(labels), rows.height_of(labels))
    apply_chart_style(figure, height + 170, alt, right, top=70)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
    )
    key_of_bars = (
        "<br><span style='font-size:12px'>grey: how far chance alone may part the two (95 %)</span>"
    )
    what = "the dot lies on the line" if relation == "=" else "the dot is not right of the line"
    figure.update_xaxes(title_text=f"It must be: {what}{key_of_bars}", nticks=6, fixedrange=True)
    if len(order) < many:
        figure.update_yaxes(title_text=f"{len(order)} of {many} inputs")
    return figure


def _apart(left: float, right: float, error: float) -> str:
    """How far two sides are from each other, in words."""
    if not error > 0:
        return "the same" if left == right else "no random error"
    off = number(abs(right - left) / error, 2)
    return f"{off} standard error{'' if off == '1' else 's'} apart"
