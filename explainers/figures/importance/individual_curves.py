"""Partial dependence with the rows' own curves (ICE) under it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.chart_style import GREY, STRENGTH
from explainers.figures.importance.profile_curves import course
from explainers.figures.importance.value_spread import curves_over_spread, finish_curves
from explainers.figures.text.sides import whole_percent

MOST = 200


def individual_curves(
    name: str,
    grid: ArrayLike,
    curves: ArrayLike,
    mean: ArrayLike,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    data: ArrayLike | None = None,
    output: str = "output",
    row_numbers: ArrayLike | None = None,
    centred: bool = False,
    shares: bool = False,
) -> go.Figure:
    """The mean output along one feature, over the curves of single rows.

    Where rows' curves are not parallel the feature interacts with others, and the mean hides it.

    Parameters
    ----------
    name : str
        The feature's.
    grid : array_like, shape (points,)
        Values that the feature runs through, or shares of its range; see `shares`.
    curves : array_like, shape (rows, points)
        Of single rows; of more than 200 so many are drawn, evenly chosen.
    mean : array_like, shape (points,)
        The partial dependence: the mean over all rows.
    low, high : array_like, shape (points,), optional
        Its 95 % interval.
    data : array_like, shape (N,), optional
        The feature's values in the rows; NaN is missing.
    output : str
        What the curves are.
    row_numbers : array_like of int, shape (rows,), optional
        Of the curves' rows in the data, from 0; hovering counts from 1.
    centred : bool
        Whether every curve starts at 0, which shows best who is not parallel.
    shares : bool
        Whether `grid` holds shares of the ranges of several columns.

    Raises
    ------
    Problem
        Where shapes do not fit.

    References
    ----------
    Friedman 2001, Annals of Statistics 29; Goldstein, Kapelner, Bleich & Pitkin 2015,
    arXiv:1309.6392.

    Examples
    --------
    >>> figure = individual_curves("rain", [0, 1], [[0.0, 2.0], [1.0, 0.0]], [0.5, 1.0])
    >>> figure.data[-1].y.tolist()
    [0.5, 1.0]
    >>> figure.layout.meta["alt"]
    'Partial dependence on rain: the mean output rises from 0.5 to 1 (range 0.5). 50 % of 2 rows
     run against it.'
    """
    along, lines = np.asarray(grid, dtype=np.float64), np.asarray(curves, dtype=np.float64)
    centre = np.asarray(mean, dtype=np.float64)
    if along.ndim != 1 or centre.shape != along.shape or lines.shape[1:] != along.shape:
        raise Problem(
            f"Curves over {along.shape} values need shapes (rows, {along.size}) and "
            f"({along.size},); got {lines.shape} and {centre.shape}."
        )
    start = centre[0] if centred else 0.0
    alt = (
        f"Partial dependence on {name}: the mean {output} {course(along, centre)}."
        f"{_dissent(lines, centre)}"
    )
    numbers = np.arange(len(lines)) if row_numbers is None else np.asarray(row_numbers)
    chosen = np.unique(np.linspace(0, len(lines) - 1, min(MOST, len(lines))).round().astype(int))
    figure, row, spread = curves_over_spread(None if shares else data)
    shift = lines[:, :1] if centred else np.zeros((len(lines), 1))
    some = "" if len(chosen) == len(lines) else f" of {len(lines):,}"
    _thin(figure, along, (lines - shift)[chosen], numbers[chosen], f"{len(chosen)}{some} rows")
    if low is not None and high is not None:
        for end, fill in ((np.asarray(low), None), (np.asarray(high), "tonexty")):
            figure.add_scatter(
                x=along,
                y=end - start,
                mode="lines",
                line={"width": 0},
                fill=fill,
                fillcolor="rgba(204,76,2,0.25)",
                name="95 % interval",
                showlegend=fill is not None,
                hoverinfo="skip",
                row=1,
                col=1,
            )
    figure.add_scatter(
        x=along,
        y=centre - start,
        mode="lines",
        name="mean: partial dependence",
        line={"color": STRENGTH, "width": 4},
        hovertemplate="mean at %{x:.4~g}: %{y:.4~g}<extra></extra>",
        row=1,
        col=1,
    )
    what = f"Change of the {output}" if centred else f"{output[:1].upper()}{output[1:]}"
    return finish_curves(figure, row, name, what, f"{alt}{spread}", shares)


def _thin(
    figure: go.Figure, along: np.ndarray, lines: np.ndarray, numbers: np.ndarray, name: str
) -> None:
    """All rows' curves as one trace, parted by gaps."""
    if not len(lines):
        return
    gap = np.full((len(lines), 1), np.nan)
    opacity = 0.7 if len(lines) <= 20 else 0.45
    figure.add_scatter(
        x=np.tile(np.append(along, np.nan), len(lines)),
        y=np.hstack([lines, gap]).ravel(),
        customdata=np.repeat(numbers + 1, len(along) + 1),
        mode="lines",
        name=name,
        line={"color": GREY.format(opacity), "width": 1},
        connectgaps=False,
        hovertemplate="row %{customdata:,}<br>at %{x:.4~g}: %{y:.4~g}<extra></extra>",
        row=1,
        col=1,
    )


def _dissent(lines: np.ndarray, mean: np.ndarray) -> str:
    """The share of rows whose curve runs against the mean's: their covariance is below 0."""
    whole = mean - mean.mean()
    if len(lines) < 2 or not np.isfinite(whole).all() or not np.ptp(whole):
        return ""
    share = float(((lines - lines.mean(1, keepdims=True)) @ whole < 0).mean())
    return (
        f" {whole_percent(share)} of {len(lines)} rows run against it."
        if share
        else f" None of {len(lines)} rows runs against it."
    )
