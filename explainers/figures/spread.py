"""Contributions over many rows of a table: every row as a point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.errors import Problem
from explainers.figures import rows
from explainers.figures.palette import GREY, LOW_HIGH, OPPOSE, QUIET, SUPPORT, calm
from explainers.figures.text.labels import elided, finite, number, safe, wrapped

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
    """Every row's contribution (M, F) as a point, coloured by the feature's value (M, F).

    One line a feature, the largest mean |contribution| on top. Colours run from each feature's
    5th to its 95th percentile; missing values are grey. Points step aside where they would meet.
    After Lundberg & Lee's summary plots.
    """
    scores, values = finite(scores, names), np.asarray(values, dtype=np.float64)
    if scores.ndim != 2 or values.shape != scores.shape:
        raise Problem(
            f"A swarm needs scores and values of one shape (rows, features); got {scores.shape} "
            f"and {values.shape}."
        )
    mean = np.abs(scores).mean(0)
    order = np.argsort(-mean, kind="stable")[: max(1, most)]
    figure, missing, rng = go.Figure(), [], np.random.default_rng(seed)
    reach = float(np.abs(scores[:, order]).max()) or 1.0
    for row, feature in enumerate(order):
        down = row + aside(scores[:, feature], reach, rng)
        known = np.isfinite(values[:, feature])
        missing.append((down[~known], scores[~known, feature], safe(names[feature])))
        figure.add_scatter(
            x=scores[known, feature],
            y=down[known],
            mode="markers",
            name=safe(names[feature]),
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
    height = max(ROW * len(order), rows.height(labels))
    numbers = [number(mean[feature]) for feature in order]
    rows.write(figure, labels, [])
    spoken = ", ".join(f"{names[f]} {n}" for f, n in zip(order, numbers, strict=True))
    alt = f"Contributions in {len(scores)} rows, by mean absolute contribution: {spoken}."
    calm(figure, height + 150, alt, top=66)
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


def aside(scores: np.ndarray, reach: float, rng: np.random.Generator) -> np.ndarray:
    """How far each of (M,) points steps aside, at most 0.42 of a line, so that none meet.

    Points in one slot line up by chance from the middle outwards; a slot too full for its points
    to be apart squeezes them.
    """
    slot = np.floor((scores / reach + 1) / 2 * SLOTS).astype(int)
    shuffled = rng.permutation(len(scores))
    order = shuffled[np.argsort(slot[shuffled], kind="stable")]
    starts = np.flatnonzero(np.diff(slot[order], prepend=-1))
    counts = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, counts)
    side = (rank + 1) // 2 * np.where(rank % 2, 1, -1)
    step = min(DOT / ROW, 0.42 / max(1, counts.max(initial=1) // 2))
    steps = np.empty(len(order))
    steps[order] = side * step
    return steps


def dependence(
    name: str,
    values: np.ndarray,
    scores: np.ndarray,
    other_name: str | None = None,
    other_values: np.ndarray | None = None,
) -> go.Figure:
    """The contribution (M,) of a feature against its value (M,), one point a row.

    Points are coloured by sign, or by another feature's value (M,), grey where that is missing.
    Rows in which the feature itself is missing stand apart at the left.
    """
    scores = finite(scores, range(np.size(values)), "value")
    values = np.array(values, dtype=np.float64)
    known = np.isfinite(values)
    width = (np.ptp(values[known]) if known.any() else 0) or 1.0
    left = (values[known].min() if known.any() else 0) - 0.08 * width
    across = np.where(known, values, left)
    texts = [
        f"{safe(name)} {'= ' + number(v, 4) if k else 'is missing'}"
        for v, k in zip(values, known, strict=True)
    ]
    figure = go.Figure()
    if other_values is None:
        colours = np.where(scores > 0, SUPPORT, np.where(scores < 0, OPPOSE, QUIET))
        groups = [(np.ones(len(scores), bool), {"color": colours})]
    else:
        other = np.asarray(other_values, dtype=np.float64)
        told = np.isfinite(other)
        ends = [float(end) for end in np.percentile(other[told], [5, 95])] if told.any() else [0, 1]
        texts = [
            f"{text}<br>{safe(other_name)} = {number(o, 4)}"
            for text, o in zip(texts, other, strict=True)
        ]
        groups = [
            (told, {"color": other[told], "coloraxis": "coloraxis"}),
            (~told, {"color": QUIET}),
        ]
        bar = _values_bar(safe(elided(other_name)), [number(end) for end in ends], ends)
        figure.update_layout(coloraxis=bar)
        if not told.all():
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
    calm(
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
    figure.update_xaxes(title_text=f"Value of {safe(elided(name))}", zeroline=False, nticks=6)
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


def _values_bar(title: str, ticks: list[str], ends: list[float]) -> dict:
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
