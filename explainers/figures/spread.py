"""Contributions over many rows of a table: every row as a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.chart_style import GREY, LOW_HIGH, OPPOSE, QUIET, SUPPORT, apply_chart_style
from explainers.figures.text.labels import checked_scores, escaped, number, shortened, wrapped

ROW = 48
DOT = 5
SLOTS = 120
"""Places along the axis in which points may meet and step aside."""


def beeswarm(
    names: Sequence[str],
    scores: np.ndarray,
    values: np.ndarray,
    most: int = 12,
    seed: int = 0,
) -> go.Figure:
    """A beeswarm plot: every row's contribution as a point, coloured by the feature's value.

    One line a feature, the largest mean |contribution| on top. Colours run from each feature's
    5th to its 95th percentile; missing values are grey. Points step aside where they would meet.

    Parameters
    ----------
    names : sequence of str, length F
    scores : ndarray, shape (M, F)
    values : ndarray, shape (M, F)
        NaN is missing.
    most : int
        How many features are shown.
    seed : int
        Of the steps aside.

    Raises
    ------
    Problem
        Where shapes do not fit, or scores are not finite.

    References
    ----------
    Summary plots of Lundberg & Lee 2017, arXiv:1705.07874.
    """
    scores, values = checked_scores(scores, names), np.asarray(values, dtype=np.float64)
    if scores.ndim != 2 or values.shape != scores.shape:
        raise Problem(
            f"A swarm needs scores and values of one shape (rows, features); got {scores.shape} "
            f"and {values.shape}."
        )
    mean = np.abs(scores).mean(0)
    order = np.argsort(-mean, kind="stable")[: max(1, most)]
    figure, missing, generator = go.Figure(), [], np.random.default_rng(seed)
    reach = float(np.abs(scores[:, order]).max()) or 1.0
    for row, feature in enumerate(order):
        down = row + swarm_offsets(scores[:, feature], reach, generator)
        known = np.isfinite(values[:, feature])
        missing.append((down[~known], scores[~known, feature], escaped(names[feature])))
        figure.add_scatter(
            x=scores[known, feature],
            y=down[known],
            mode="markers",
            name=escaped(names[feature]),
            customdata=values[known, feature],
            marker={"size": DOT, "color": _share(values[known, feature]), "coloraxis": "coloraxis"},
            hovertemplate="%{fullData.name} = %{customdata:.4~g}<br>contribution %{x:+.3~g}"
            "<extra></extra>",
        )
    for down, across, name in missing:
        if len(down):
            figure.add_scatter(
                x=across,
                y=down,
                mode="markers",
                name=name,
                marker={"size": DOT, "color": QUIET},
                hovertemplate="%{fullData.name} is missing<br>contribution %{x:+.3~g}"
                "<extra></extra>",
            )
    labels = [wrapped(names[feature], width=16) for feature in order]
    height = max(ROW * len(order), rows.height_of(labels))
    numbers = [number(mean[feature]) for feature in order]
    rows.label_rows(figure, labels, [])
    spoken = ", ".join(f"{names[f]} {n}" for f, n in zip(order, numbers, strict=True))
    alt = f"Contributions in {len(scores)} rows, by mean absolute contribution: {spoken}."
    apply_chart_style(figure, height + 150, alt, top=66)
    figure.update_layout(coloraxis=_values_bar("feature value", ["low", "high"], [0, 1]))
    grey = "<br>(grey: missing)" if any(len(down) for down, *_ in missing) else ""
    figure.layout.coloraxis.colorbar.title.text += grey
    sides = "<br><span style='font-size:12px'>left of 0 opposes, right of 0 supports</span>"
    figure.update_xaxes(
        title_text=f"Contribution{sides}",
        range=[-1.05 * reach, 1.05 * reach],
        fixedrange=True,
        nticks=6,
    )
    all_of = "" if len(order) == len(names) else f" ({len(order)} strongest of {len(names)})"
    figure.update_yaxes(title_text=f"Feature{all_of}")
    return figure


def swarm_offsets(scores: np.ndarray, reach: float, generator: np.random.Generator) -> np.ndarray:
    """How far points of one line step aside so that none meet.

    Points in one slot line up by chance from the middle outwards; a slot too full for its points
    to be apart squeezes them.

    Parameters
    ----------
    scores : ndarray, shape (M,)
        Where the points lie along the line.
    reach : float
        The line ends at ± this score.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray, shape (M,)
        At most 0.42 of the distance to the next line.

    Examples
    --------
    >>> offsets = swarm_offsets(np.zeros(3), 1.0, np.random.default_rng(0))
    >>> len(set(offsets.tolist())), bool(np.abs(offsets).max() <= 0.42)
    (3, True)
    """
    slot = np.floor((scores / reach + 1) / 2 * SLOTS).astype(int)
    shuffled = generator.permutation(len(scores))
    order = shuffled[np.argsort(slot[shuffled], kind="stable")]
    starts = np.flatnonzero(np.diff(slot[order], prepend=-1))
    counts = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, counts)
    side = (rank + 1) // 2 * np.where(rank % 2, 1, -1)
    step = min(DOT / ROW, 0.42 / max(1, counts.max(initial=1) // 2))
    steps = np.empty(len(order))
    steps[order] = side * step
    return steps


def dependence_plot(
    name: str,
    values: np.ndarray,
    scores: np.ndarray,
    other_name: str | None = None,
    other_values: np.ndarray | None = None,
) -> go.Figure:
    """A dependence plot: the contribution of a feature against its value, one point a row.

    Points are coloured by sign, or by another feature's value, grey where that is missing. Rows in
    which the feature itself is missing stand apart at the left.

    Parameters
    ----------
    name : str
        The feature's.
    values, scores : ndarray, shape (M,)
    other_name : str, optional
    other_values : ndarray, shape (M,), optional
        The other feature, by which points are coloured.

    Raises
    ------
    Problem
        Where scores and values differ in number, or scores are not finite.
    """
    scores = checked_scores(scores, range(np.size(values)), "value")
    values = np.array(values, dtype=np.float64)
    known = np.isfinite(values)
    width = (np.ptp(values[known]) if known.any() else 0) or 1.0
    left = (values[known].min() if known.any() else 0) - 0.08 * width
    across = np.where(known, values, left)
    texts = [
        f"{escaped(name)} {'= ' + number(v, 4) if k else 'is missing'}"
        for v, k in zip(values, known, strict=True)
    ]
    figure = go.Figure()
    groups: list[tuple[np.ndarray, dict[str, Any]]]
    if other_values is None:
        colours = np.where(scores > 0, SUPPORT, np.where(scores < 0, OPPOSE, QUIET))
        groups = [(np.ones(len(scores), bool), {"color": colours})]
    else:
        other, other_label = np.asarray(other_values, dtype=np.float64), str(other_name)
        present = np.isfinite(other)
        ends = np.percentile(other[present], [5, 95]).tolist() if present.any() else [0, 1]
        texts = [
            f"{text}<br>{escaped(other_label)} = {number(o, 4)}"
            for text, o in zip(texts, other, strict=True)
        ]
        groups = [
            (present, {"color": other[present], "coloraxis": "coloraxis"}),
            (~present, {"color": QUIET}),
        ]
        bar = _values_bar(escaped(shortened(other_label)), [number(end) for end in ends], ends)
        figure.update_layout(coloraxis=bar)
        if not present.all():
            figure.layout.coloraxis.colorbar.title.text += "<br>(grey: missing)"
    for mask, marker in groups:
        if mask.any():
            figure.add_scatter(
                x=across[mask],
                y=scores[mask],
                mode="markers",
                marker={"size": 6, **marker},
                text=[text for text, keep in zip(texts, mask, strict=True) if keep],
                hovertemplate="%{text}<br>contribution %{y:+.3~g}<extra></extra>",
            )
    apply_chart_style(
        figure,
        430 if other_values is None else 494,
        f"Contribution of {name} against its value in {len(scores)} rows, from "
        f"{number(scores.min(), sign=True)} to {number(scores.max(), sign=True)}.",
        top=12 if other_values is None else 66,
    )
    if not known.all():
        figure.add_vline(x=left + 0.04 * width, line={"color": GREY.format(0.5), "dash": "dot"})
        figure.add_annotation(
            x=left + 0.04 * width,
            y=0,
            yref="paper",
            yanchor="bottom",
            xanchor="right",
            textangle=-90,
            text=f"{(~known).sum()} missing",
            showarrow=False,
        )
    figure.update_xaxes(title_text=f"Value of {escaped(shortened(name))}", zeroline=False, nticks=6)
    figure.update_yaxes(
        title_text="Contribution", zeroline=True, zerolinewidth=2, rangemode="tozero"
    )
    return figure


def _share(values: np.ndarray) -> np.ndarray:
    """Values (M,) as places from 0 to 1 between their 5th and 95th percentile."""
    if not len(values):
        return values
    low, high = np.percentile(values, [5, 95])
    if high == low:
        low, high = values.min(), values.max()
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.full(len(values), 0.5)


def _values_bar(title: str, ticks: list[str], ends: Sequence[float]) -> dict[str, Any]:
    """Plotly's colour axis for a feature's values, with its bar above the chart."""
    return {
        "colorscale": [[i / (len(LOW_HIGH) - 1), colour] for i, colour in enumerate(LOW_HIGH)],
        "cmin": ends[0],
        "cmax": ends[1],
        "colorbar": {
            "title": {"text": title, "side": "top", "font": {"size": 13}},
            "orientation": "h",
            "thickness": 8,
            "len": 0.6,
            "x": 0.5,
            "xanchor": "center",
            "y": 1,
            "yanchor": "bottom",
            "xpad": 12,
            "ypad": 4,
            "tickvals": ends,
            "ticktext": ticks,
            "outlinewidth": 0,
        },
    }
