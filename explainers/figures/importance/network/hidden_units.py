"""The hidden units of one layer: what moves each of them, and what it does to the output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import (
    GREY,
    apply_chart_style,
    bar_colour,
    colorscale,
    colour_key,
)
from explainers.figures.importance.signed_matrix import matrix_of, name_columns
from explainers.figures.text.labels import escaped, number, shortened

ROW, HEADER, KEY = 26, 120, 96
WRITTEN = 8


def hidden_units(
    units: Sequence[str],
    inputs: Sequence[str],
    by_input: ArrayLike,
    on_output: ArrayLike,
    mean: ArrayLike,
    unit: str = "slope",
    output: str = "output",
    most: int = 20,
) -> go.Figure:
    """Slopes of hidden units by the inputs beside each unit's part in the output.

    Parameters
    ----------
    units, inputs : sequence of str, length U, F
    by_input : array_like, shape (U, F)
        Mean slopes of the units by the inputs; NaN cells stay empty.
    on_output : array_like, shape (U,)
        How much each unit moves the output, 0 and more: the longest on top.
    mean : array_like, shape (U,)
        The mean slope of the output by each, whose sign colours its bar.
    unit : str
        What `by_input` holds.
    output : str
        What the output is called.
    most : int
        How many units and inputs are shown; the axes say of how many.

    Raises
    ------
    Problem
        Where shapes do not fit, or sizes are negative.

    Examples
    --------
    >>> figure = hidden_units(["1", "2"], ["a", "b"], [[1, 0], [-2, 3]], [0.1, 0.9], [0.1, -0.9])
    >>> figure.data[0].z.tolist(), figure.data[1].x.tolist()
    ([[-2.0, 3.0], [1.0, 0.0]], [0.9, 0.1])
    >>> figure.layout.meta["alt"]
    'Hidden units by what they do to the output: 2, 0.9, lowers it, moved most by b; 1, 0.1, \
raises it, moved most by a.'
    """
    slopes = matrix_of(by_input, units, inputs)
    part, sign = np.asarray(on_output, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    if part.shape != (len(units),) or sign.shape != part.shape or (part < 0).any():
        raise Problem(
            f"{len(units)} units need one size and one mean slope each; got {part.shape} and "
            f"{sign.shape}, the sizes 0 and more."
        )
    order = np.argsort(-part, kind="stable")[: max(1, most)]
    strongest = np.where(np.isfinite(slopes[order]), np.abs(slopes[order]), 0).max(0)
    across = np.sort(np.argsort(-strongest, kind="stable")[: max(1, most)])
    drawn = slopes[np.ix_(order, across)]
    figure = make_subplots(1, 2, column_widths=[0.68, 0.32], horizontal_spacing=0.04)
    figure.add_trace(_cells(units, inputs, drawn, order, across), 1, 1)
    figure.add_bar(
        x=part[order],
        y=list(range(len(order))),
        orientation="h",
        width=0.66,
        marker={"color": [bar_colour(value) for value in sign[order]], "line": {"width": 0}},
        customdata=[
            [escaped(units[i]), number(part[i]), number(sign[i], sign=True)] for i in order
        ],
        hovertemplate="unit %{customdata[0]}: %{customdata[1]}<br>mean slope %{customdata[2]}"
        "<extra></extra>",
        row=1,
        col=2,
    )
    labels = [escaped(shortened(units[i], 16)) for i in order]
    rows.label_rows(figure, labels, [])
    rows.label_rows(figure, [""] * len(labels), [], "y2")
    height = max(ROW * len(labels), 90)
    words = "; ".join(_spoken(units[i], inputs, part[i], sign[i], slopes[i]) for i in order[:5])
    alt = f"Hidden units by what they do to the {output}: {words}."
    apply_chart_style(figure, height + HEADER + KEY, alt, top=HEADER)
    figure.update_layout(margin_b=KEY)
    upright = len(across) > 6
    name_columns(figure, [shortened(inputs[i], 18) for i in across], upright=upright)
    figure.update_xaxes(
        row=1,
        col=2,
        side="top",
        tickangle=0,
        tickmode="auto",
        tickvals=None,
        ticktext=None,
        nticks=4,
        range=[0, 1.05 * (float(part.max()) or 1.0)],
        showgrid=True,
        zeroline=True,
        title_text=f"Moves the {escaped(shortened(output, 20))} by",
        tickfont={"size": 12},
        fixedrange=True,
    )
    some = "" if len(order) == len(units) else f", {len(order)} of {len(units)}"
    figure.update_yaxes(row=1, col=1, title_text=f"Unit{some}")
    end = float(np.nanmax(np.abs(drawn))) or 1.0
    ticks = {each: number(each, sign=True) for each in (-end, 0.0, end)}
    fewer = "" if len(across) == len(inputs) else f"; {len(across)} of {len(inputs)} inputs"
    signs = f"<br><span style='font-size:12px'>red raises, blue lowers{fewer}</span>"
    colour_key(figure, f"{escaped(unit)}{signs}", colorscale(True), ticks, -8 / height)
    return figure


def _cells(
    units: Sequence[str],
    inputs: Sequence[str],
    drawn: np.ndarray,
    order: np.ndarray,
    across: np.ndarray,
) -> go.Heatmap:
    written = [["" if np.isnan(value) else number(value, 2) for value in row] for row in drawn]
    return go.Heatmap(
        x=list(range(len(across))),
        y=list(range(len(order))),
        z=drawn,
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        text=written,
        texttemplate="%{text}" if len(across) <= WRITTEN else None,
        textfont={"size": 12},
        customdata=[
            [f"unit {escaped(units[i])} by {escaped(inputs[j])}" for j in across] for i in order
        ],
        hovertemplate="%{customdata}: %{z:+.3~g}<extra></extra>",
        hoverongaps=False,
        showlegend=False,
        hoverlabel={"bordercolor": GREY.format(0.5)},
    )


def _spoken(unit: str, inputs: Sequence[str], part: float, sign: float, slopes: np.ndarray) -> str:
    size = np.where(np.isfinite(slopes), np.abs(slopes), 0)
    way = ", raises it" if sign > 0 else ", lowers it" if sign < 0 else ""
    by = f", moved most by {inputs[int(size.argmax())]}" if size.any() else ", never moved"
    return f"{unit}, {number(part)}{way}{by}"
