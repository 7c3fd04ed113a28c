"""Inputs × methods: which place each method gives each input, on one scale of ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import apply_chart_style, colorscale, colour_key
from explainers.figures.importance.signed_matrix import name_columns
from explainers.figures.text.labels import escaped, number, shortened, wrapped

ROW, HEADER, MOST_LEVEL = 38, 132, 7
_SMALL = "<span style='font-size:10px'>{}</span>"


def rank_table(
    names: Sequence[str],
    methods: Sequence[str],
    rank: ArrayLike,
    rank_low: ArrayLike,
    rank_high: ArrayLike,
    in_order: bool = False,
    intervals: bool = True,
) -> go.Figure:
    """Every method's ranks of the inputs, with their intervals, as colour and number.

    One row an input, the lowest mean rank on top; one column a method. The darkest is the first
    place. Under a rank its interval is written where it spans more than one place.

    Parameters
    ----------
    names : sequence of str, length F
    methods : sequence of str, length M
        As people shall read them.
    rank, rank_low, rank_high : array_like, shape (M, F)
        1 is the most important; NaN where a method gives none. Of a part of the inputs the ranks
        among all of them may be given.
    in_order : bool
        Whether the inputs stand from the top as they are given, and not by their mean rank.
    intervals : bool
        Whether intervals are written; else they are read by hovering, which leaves room for many
        methods on a narrow screen.

    Raises
    ------
    Problem
        Where shapes do not fit, or no method gives a rank.

    Examples
    --------
    >>> ones = [[2, 1], [2, 1]]
    >>> figure = rank_table(["rain", "wind"], ["Sobol", "Morris"], ones, ones, [[2, 2], [2, 1]])
    >>> figure.layout.yaxis.ticktext, figure.data[0].z.tolist()
    (('wind', 'rain'), [[1.0, 1.0], [2.0, 2.0]])
    >>> figure.layout.meta["alt"]
    'Ranks of 2 inputs by 2 methods. wind is first in both methods; rain is last in both.'
    """
    shape = (len(methods), len(names))
    ranks, lows, highs = (_checked(table, shape) for table in (rank, rank_low, rank_high))
    order = list(range(len(names))) if in_order else by_mean_rank(ranks).tolist()
    places, low, high = (table[:, order].T for table in (ranks, lows, highs))
    figure = go.Figure(
        go.Heatmap(
            x=list(range(len(methods))),
            y=list(range(len(names))),
            z=places,
            coloraxis="coloraxis",
            xgap=1,
            ygap=1,
            text=[
                [_cell(*three, intervals) for three in zip(*row, strict=True)]
                for row in zip(places, low, high, strict=True)
            ],
            texttemplate="%{text}",
            textfont={"size": 13},
            customdata=[
                [
                    [escaped(names[feature]), escaped(method), ranked(*three)]
                    for method, *three in zip(methods, *row, strict=True)
                ]
                for feature, row in zip(order, zip(places, low, high, strict=True), strict=True)
            ],
            hoverongaps=True,
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{customdata[2]}<extra></extra>",
        )
    )
    for row, column in np.argwhere(~np.isfinite(places)):
        figure.add_annotation(x=int(column), y=int(row), text="–", showarrow=False)
    labels = [wrapped(shortened(names[feature], 28), width=15) for feature in order]
    plot = rows.height_of(labels) if any("<br>" in label for label in labels) else 0
    plot = max(plot, ROW * len(names))
    rows.label_rows(figure, labels, [])
    apply_chart_style(figure, plot + HEADER + 76, _spoken(names, ranks), top=HEADER)
    name_columns(figure, [shortened(name, 20) for name in methods], len(methods) > MOST_LEVEL)
    _key(figure, max(len(names), int(np.nanmax(ranks))), plot, intervals)
    return figure


def by_mean_rank(ranks: np.ndarray) -> np.ndarray:
    """The order (F,) of inputs by their mean rank over methods (M, F), those without one last.

    Examples
    --------
    >>> by_mean_rank(np.array([[2.0, 1.0, np.nan], [2.0, 3.0, np.nan]])).tolist()
    [0, 1, 2]
    """
    known = np.isfinite(ranks)
    sums, counts = np.where(known, ranks, 0).sum(0), known.sum(0)
    return np.argsort(np.where(counts, sums / np.maximum(counts, 1), np.inf), kind="stable")


def ranked(rank: float, low: float, high: float) -> str:
    """A rank with its interval.

    Examples
    --------
    >>> ranked(2, 1, 3), ranked(2, 2, 2), ranked(float("nan"), 1, 3)
    ('2 (1–3)', '2', 'no rank')
    """
    if not np.isfinite(rank):
        return "no rank"
    if not (np.isfinite(low) and np.isfinite(high)) or low == high:
        return number(rank)
    return f"{number(rank)} ({number(low)}–{number(high)})"


def _cell(rank: float, low: float, high: float, intervals: bool) -> str:
    """The same on two lines, for a cell."""
    if not np.isfinite(rank):
        return ""
    first, _, interval = ranked(rank, low, high).partition(" (")
    return f"{first}<br>{_SMALL.format(interval[:-1])}" if interval and intervals else first


def _checked(table: ArrayLike, shape: tuple[int, int]) -> np.ndarray:
    ranks = np.asarray(table, dtype=np.float64)
    if ranks.shape != shape or not ranks.size:
        raise Problem(
            f"{shape[0]} methods and {shape[1]} inputs need ranks of shape {shape}; got "
            f"{ranks.shape}."
        )
    if not np.isfinite(ranks).any():
        raise Problem("No method gives a rank, so there is no table of ranks to draw.")
    return ranks


def _key(figure: go.Figure, last: int, plot: int, intervals: bool) -> None:
    """The scale of ranks, under the table."""
    under = "<br>below it its 95 % interval" if intervals else ""
    ticks = {float(place): str(place) for place in sorted({1, (last + 1) // 2, max(last, 2)})}
    title = f"Rank: 1 matters most{under}"
    colour_key(figure, title, colorscale(signed=False), ticks, -8 / plot, reverse=True)


def _spoken(names: Sequence[str], ranks: np.ndarray) -> str:
    """Which input most methods place first, and which last."""
    many = len(ranks)
    known = np.isfinite(ranks)
    first = (np.where(known, ranks, np.inf) == _ends(ranks, np.nanmin)).sum(0)
    last = (np.where(known, ranks, -np.inf) == _ends(ranks, np.nanmax)).sum(0)
    leader, loser = int(first.argmax()), int(last.argmax())
    text = (
        f"Ranks of {len(names)} inputs by {many} method{'s' * (many > 1)}. {names[leader]} is "
        f"first in {_of(first[leader], many)}{' methods' * (many > 1)}"
    )
    if loser != leader:
        those = "" if np.nanmax(ranks) <= len(names) else " of these inputs"
        text += f"; {names[loser]} is last{those} in {_of(last[loser], many)}"
    return f"{text}."


def _ends(ranks: np.ndarray, end: object) -> np.ndarray:
    """Each method's lowest or highest rank (M, 1); NaN where it has none."""
    assert callable(end)
    rows = [end(row) if np.isfinite(row).any() else np.nan for row in ranks]
    return np.array(rows)[:, None]


def _of(count: int, many: int) -> str:
    """How many of the methods.

    Examples
    --------
    >>> _of(1, 1), _of(2, 2), _of(3, 3), _of(2, 3)
    ('it', 'both', 'all 3', '2 of 3')
    """
    if count == many:
        return {1: "it", 2: "both"}.get(many, f"all {many}")
    return f"{count} of {many}"
