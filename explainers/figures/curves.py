"""Curves: the answer while cells are hidden or revealed, and maps' likeness over stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

# Okabe & Ito's colours, told apart by colour-blind people; dashes where they run out.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("solid", "dash", "dot")
RANDOM = "rgba(128,128,128,{})"


def area(shares: ArrayLike, values: ArrayLike) -> np.ndarray:
    """The area under curves, by the trapezoid rule.

    Parameters
    ----------
    shares : array_like, shape (K,)
        From 0 to 1.
    values : array_like, shape (…, K)

    Returns
    -------
    ndarray, shape (…)

    Examples
    --------
    >>> float(area([0, 0.5, 1], [1, 0.5, 0]))
    0.5
    """
    values = np.asarray(values, dtype=np.float64)
    areas: np.ndarray = ((values[..., 1:] + values[..., :-1]) / 2 * np.diff(shares)).sum(-1)
    return areas


def deletion_insertion_curves(
    shares: list[list[float]],
    deletion: dict[str, np.ndarray],
    insertion: dict[str, np.ndarray],
    chance: tuple[np.ndarray, np.ndarray] | None,
    about: str,
    units: str = "cells",
    numbers: bool = False,
) -> go.Figure:
    """Deletion and insertion curves side by side: the answer while units are hidden or revealed.

    Parameters
    ----------
    shares : list of list of float
        For each curve the K shares of units, from 0 to 1, at which it is known.
    deletion, insertion : dict of str to ndarray, shape (K,)
        The answer by the name of the map whose order is followed.
    chance : pair of ndarray, shape (draws, K), or None
        Deletion and insertion in random orders, at the first shares; drawn as a band from lowest
        to highest with their mean.
    about : str
        What the answer is.
    units : str
        What is hidden.
    numbers : bool
        Whether the answer is a number; else it is a share from 0 to 1.

    References
    ----------
    Petsiuk, Das & Saenko 2018, "RISE", arXiv:1806.07421.
    """
    titles = (
        "Strongest<br>hidden first:<br>lower is better",
        "Strongest<br>shown first:<br>higher is better",
    )
    figure = make_subplots(1, 2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.06)
    percents, whole = [100 * np.asarray(each) for each in shares], 1 if numbers else 100
    hover = f"%{{x:.0f}} % of the {units}: " + ("%{y:.4g}" if numbers else "%{y:.1f} %")
    for column, curves in ((1, deletion), (2, insertion)):
        if chance is not None:
            _band(figure, percents[0], whole * chance[column - 1], column, hover)
        for index, (name, values) in enumerate(curves.items()):
            figure.add_scatter(
                x=percents[index],
                y=whole * values,
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                mode="lines",
                row=1,
                col=column,
                line={
                    "color": COLOURS[index % len(COLOURS)],
                    "width": 2.5,
                    "dash": DASHES[index // len(COLOURS) % len(DASHES)],
                },
                hovertemplate=hover,
            )
    figure.update_layout(
        height=400,
        margin={"l": 8, "r": 8, "t": 72, "b": 8},
        hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 14},
        legend={"orientation": "h", "y": -0.26, "yanchor": "top"},
    )
    figure.update_annotations(font_size=14)  # side by side on a phone too
    axis = {} if numbers else {"range": [0, 102], "ticksuffix": " %"}
    figure.update_yaxes(**axis, fixedrange=True, gridcolor=RANDOM.format(0.2))
    figure.update_yaxes(title=f"Answer {about}", col=1)
    figure.update_xaxes(
        title=f"Share of the {units}", ticksuffix=" %", range=[0, 100], fixedrange=True
    )
    return figure


def _band(
    figure: go.Figure, percent: np.ndarray, draws: np.ndarray, column: int, hover: str
) -> None:
    common = {"x": percent, "legendgroup": "random", "row": 1, "col": column, "mode": "lines"}
    edge = {"line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(y=draws.min(0), **common, **edge)
    figure.add_scatter(
        y=draws.max(0), fill="tonexty", fillcolor=RANDOM.format(0.25), **common, **edge
    )
    figure.add_scatter(
        y=draws.mean(0),
        name=f"at random, {len(draws)} draws",
        showlegend=column == 1,
        line={"color": RANDOM.format(1), "dash": "dash", "width": 2},
        **common,
        hovertemplate=hover,
    )


def similarity_matrix(names: Sequence[str], values: np.ndarray, what: str) -> go.Figure:
    """How alike maps are, pair by pair, as a square with its numbers written in it.

    Parameters
    ----------
    names : sequence of str, length n
    values : ndarray, shape (n, n)
        Shares or correlations from −1 to 1.
    what : str
        What the numbers are.
    """
    text = [[f"{value:.2f}".replace("-", "−") for value in row] for row in values]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(names),
            y=list(names),
            text=text,
            texttemplate="%{text}",
            showscale=False,
            zmin=-1,
            zmax=1,
            xgap=2,
            ygap=2,
            colorscale=[[0, "#f4a582"], [0.5, "#f7f7f7"], [1, "#4393c3"]],
            textfont={"color": "#16161d", "size": 14},
            hovertemplate="%{y} and %{x}: %{z:.2f}<extra>" + what + "</extra>",
        )
    )
    figure.update_layout(
        height=110 + 46 * len(names),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 14},
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, ticksuffix="  ")
    figure.update_xaxes(fixedrange=True, automargin=True, tickangle=-35)
    return figure
