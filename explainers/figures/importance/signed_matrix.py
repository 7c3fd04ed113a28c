"""A matrix of numbers with a sign: colours of symmetric limits, written numbers where they fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import apply_chart_style, colorscale, colour_key
from explainers.figures.text.labels import escaped, number, shortened, wrapped

ROW, HEADER, KEY = 34, 120, 74
WRITTEN = 12


def matrix_of(values: ArrayLike, down: Sequence[str], across: Sequence[str]) -> np.ndarray:
    """Numbers (rows, columns) that can be drawn; Problem where they do not fit the names.

    NaN cells stay empty.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (len(down), len(across)) or not numbers.size:
        raise Problem(
            f"{len(down)} rows and {len(across)} columns need a matrix of that shape; got "
            f"{numbers.shape}."
        )
    if not np.isfinite(numbers).any():
        raise Problem("No number of the matrix is finite, so there is nothing to draw.")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def signed_matrix(
    down: Sequence[str],
    across: Sequence[str],
    values: ArrayLike,
    unit: str,
    alt: str,
    signed: bool = True,
    limit: float | None = None,
    hover: ArrayLike | None = None,
    written: int = WRITTEN,
) -> go.Figure:
    """A heatmap whose zero is neutral and whose limits are symmetric; without a sign, from zero.

    Parameters
    ----------
    down, across : sequence of str, length rows, columns
    values : array_like, shape (rows, columns)
        NaN cells stay empty.
    unit : str
        What the numbers are, as the key says; its own markup is kept.
    alt : str
        In words.
    signed : bool
        Whether values may be below 0.
    limit : float, optional
        The value of the strongest colour; the largest size unless given.
    hover : array_like of str, shape (rows, columns), optional
        What hovering adds.
    written : int
        Columns up to which numbers are written into the cells.

    Raises
    ------
    Problem
        Where shapes do not fit, nothing is finite, or values without a sign are negative.

    Examples
    --------
    >>> figure = signed_matrix(["y"], ["a", "b"], [[-2.0, 1.0]], "slope", "Slopes.")
    >>> figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax, figure.data[0].text
    (-2.0, 2.0, (['−2', '1'],))
    """
    numbers = matrix_of(values, down, across)
    if not signed and (numbers < 0).any():
        raise Problem("Numbers without a sign are 0 and more; some are negative.")
    end = float(np.nanmax(np.abs(numbers)) if limit is None else limit) or 1.0
    more = np.full(numbers.shape, "") if hover is None else np.asarray(hover, dtype=object)
    figure = go.Figure(
        go.Heatmap(
            x=list(range(len(across))),
            y=list(range(len(down))),
            z=numbers,
            coloraxis="coloraxis",
            xgap=1,
            ygap=1,
            text=_texts(numbers),
            texttemplate="%{text}" if len(across) <= written else None,
            textfont={"size": 12 if len(across) <= 8 else 10},
            customdata=[
                [
                    [escaped(row), escaped(column), number(value, 4), extra]
                    for column, value, extra in zip(across, line, extras, strict=True)
                ]
                for row, line, extras in zip(down, numbers, more, strict=True)
            ],
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{customdata[2]}%{customdata[3]}"
            "<extra></extra>",
            hoverongaps=False,
        )
    )
    labels = [wrapped(shortened(name, 28), width=15) for name in down]
    plot = max(ROW * len(labels), rows.height_of(labels) if len(labels) <= 20 else 0)
    rows.label_rows(figure, labels, [])
    apply_chart_style(figure, plot + HEADER + KEY, alt, top=12)
    name_columns(figure, [shortened(name, 18) for name in across], upright=len(across) > 8)
    ends = [-end, 0.0, end] if signed else [0.0, end]
    ticks = {each: number(each, sign=signed) for each in ends}
    colour_key(figure, unit, colorscale(signed), ticks, -8 / plot)
    return figure


def _texts(numbers: np.ndarray) -> list[list[str]]:
    """As many decimals for all as give the largest two digits."""
    largest = float(np.nanmax(np.abs(numbers)))
    decimals = 1 - math.floor(math.log10(largest)) if largest else 0
    step = 10.0**-decimals
    if not 1e-3 <= largest < 1e6:
        return [["" if np.isnan(value) else number(value, 2) for value in row] for row in numbers]
    return [
        ["" if np.isnan(value) else number(round(value / step) * step, 6) for value in row]
        for row in numbers
    ]


def name_columns(figure: go.Figure, labels: Sequence[str], upright: bool) -> None:
    """Over the columns 0, 1, …; many names stand upright, so that none meet and none is cut off."""
    figure.update_xaxes(
        tickvals=list(range(len(labels))),
        ticktext=[wrapped(label, width=30 if upright else 13) for label in labels],
        range=[-0.5, len(labels) - 0.5],
        side="top",
        tickfont={"size": 12 if len(labels) <= 20 else 10},
        tickangle=-90 if upright else None,
        autotickangles=[0, -90],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        ticks="outside",
        ticklen=4,
        tickcolor="rgba(0,0,0,0)",
    )
