"""A small dense network as a picture: units in layers, signed weights as lines between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.chart_style import GREY, OPPOSE, QUIET, SUPPORT, apply_chart_style
from explainers.figures.importance.network_layout import path, places, shares
from explainers.figures.text.labels import escaped, number, shortened

WIDEST, STEPS = 6.0, 6
"""Px of the widest line, and how many widths there are."""
LONGEST = 14
"""Letters of an input's or output's name."""
STATES = {"resting": "rests on these rows", "saturated": "is saturated on these rows"}


def network_diagram(
    names: Sequence[str],
    layers: ArrayLike,
    starts: ArrayLike,
    ends: ArrayLike,
    weights: ArrayLike,
    states: Sequence[str] | None = None,
    biases: ArrayLike | None = None,
    activations: Sequence[str] | None = None,
    least: float = 0.1,
    most: int = 400,
) -> go.Figure:
    """Units as dots, weights as lines: as wide as they are large, red above 0, blue below.

    Widths are shares of the largest weight into the same layer. Weaker lines than `least` are left
    out, and so are the weakest beyond `most`; the picture says how many.

    Parameters
    ----------
    names : sequence of str, length U
        Inputs, hidden units and outputs, as in `explainers.importance.dense.diagram.Diagram`.
    layers : array_like of int, shape (U,)
        0 are the inputs, the highest the outputs.
    starts, ends : array_like of int, shape (C,)
        Which units each weight joins.
    weights : array_like, shape (C,)
        Signed.
    states : sequence of str, length U, optional
        "resting" or "saturated" units are hollow; "" others.
    biases : array_like, shape (U,), optional
        NaN for inputs; read by hovering.
    activations : sequence of str, optional
        After each layer but the inputs.
    least : float
        Share of the largest weight into the layer below which a line is left out.
    most : int
        Lines that are drawn.

    Raises
    ------
    Problem
        Where shapes do not fit, or a weight is not finite.

    Examples
    --------
    >>> figure = network_diagram(["a", "b", "h", "y"], [0, 0, 1, 2], [0, 1, 2], [2, 2, 3],
    ...                          [2.0, -1.0, 0.5])
    >>> [(trace.line.color, trace.line.width) for trace in figure.data if trace.mode == "lines"]
    [('#4393c3', 3.0), ('#d6604d', 6.0)]
    >>> figure.layout.meta["alt"]
    'A network of 2 inputs, 1 hidden unit and 1 output. The largest weight of layer 1: from a to h,
     2; of layer 2: from h to y, 0.5. All 3 weights are drawn.'
    """
    layer, start, end = (np.asarray(part, dtype=np.int64) for part in (layers, starts, ends))
    weight = np.asarray(weights, dtype=np.float64)
    _check(names, layer, start, end, weight)
    share = shares(weight, layer[end])
    kept = np.flatnonzero((share >= least) & (weight != 0))
    kept = kept[np.argsort(-share[kept], kind="stable")][: max(1, most)]
    across, up = places(layer)
    figure = go.Figure()
    _lines(figure, across, up, layer, start[kept], end[kept], weight[kept], share[kept])
    _readings(figure, across, up, layer, names, start[kept], end[kept], weight[kept])
    _units(figure, across, up, layer, names, states, biases)
    tallest = int(np.bincount(layer).max())
    whole = int((weight != 0).sum())
    left = whole - len(kept)
    said = f"{left:,} of {whole:,} weights, the weakest, are not drawn" if left else ""
    alt = _spoken(names, layer, start, end, weight, share, left, whole)
    apply_chart_style(figure, 140 + max(160, 30 * tallest), alt, top=54)
    hollow = "hollow: rests or is saturated on these rows" if any(states or []) else ""
    key = "red: above 0, blue: below<br>width: |weight| beside the largest into its layer"
    key = "<br>".join(part for part in (key, hollow, said) if part)
    hidden_axis = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=[-0.08, layer.max() + 0.08], **hidden_axis)
    figure.update_yaxes(range=[-0.56 * max(tallest, 2), 0.56 * max(tallest, 2)], **hidden_axis)
    figure.add_annotation(
        x=0.5,
        xref="paper",
        y=0,
        yref="paper",
        yanchor="top",
        text=key,
        showarrow=False,
        font={"size": 12},
    )
    figure.update_layout(
        margin_b=26 + 18 * key.count("<br>"),
        margin_l=_room(names, layer == 0),
        margin_r=_room(names, layer == layer.max()),
        hovermode="closest",
    )
    _titles(figure, layer, activations)
    return figure


def _check(
    names: Sequence[str], layer: np.ndarray, start: np.ndarray, end: np.ndarray, weight: np.ndarray
) -> None:
    if layer.shape != (len(names),) or not len(names):
        raise Problem(f"{len(names)} units need one layer each; got {layer.shape}.")
    if not (start.shape == end.shape == weight.shape) or weight.ndim != 1:
        raise Problem(
            "Weights need one start and one end each; got "
            f"{weight.shape}, {start.shape} and {end.shape}."
        )
    if not np.isfinite(weight).all():
        raise Problem(
            f"{int((~np.isfinite(weight)).sum())} of {len(weight)} weights are not finite numbers "
            "and cannot be drawn."
        )


def _lines(
    figure: go.Figure,
    across: np.ndarray,
    up: np.ndarray,
    layer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    weight: np.ndarray,
    share: np.ndarray,
) -> None:
    """All lines of one colour and width as one trace, the strongest on top."""
    step = np.ceil(share * STEPS - 1e-9).clip(1, STEPS).astype(int)
    for width in range(1, STEPS + 1):
        for positive in (False, True):
            chosen = np.flatnonzero((step == width) & ((weight > 0) == positive))
            if not len(chosen):
                continue
            x: list[float | None] = []
            y: list[float | None] = []
            for line in chosen:
                points = path(across, up, layer, int(start[line]), int(end[line]))
                x += [*points[0].tolist(), None]
                y += [*points[1].tolist(), None]
            figure.add_scatter(
                x=x,
                y=y,
                mode="lines",
                hoverinfo="skip",
                opacity=0.35 + 0.6 * width / STEPS,
                line={"color": SUPPORT if positive else OPPOSE, "width": WIDEST * width / STEPS},
            )


def _readings(
    figure: go.Figure,
    across: np.ndarray,
    up: np.ndarray,
    layer: np.ndarray,
    names: Sequence[str],
    start: np.ndarray,
    end: np.ndarray,
    weight: np.ndarray,
) -> None:
    """Points that are not seen, at a third of each line: they answer the mouse."""
    where = [
        path(across, up, layer, int(one), int(other)) for one, other in zip(start, end, strict=True)
    ]
    third = [
        [np.interp(1 / 3, np.linspace(0, 1, len(part)), part) for part in points]
        for points in where
    ]
    figure.add_scatter(
        x=[x for x, _ in third],
        y=[y for _, y in third],
        mode="markers",
        marker={"size": 12, "color": "rgba(0,0,0,0)"},
        customdata=[
            [escaped(names[one]), escaped(names[other]), number(value, 4, sign=True)]
            for one, other, value in zip(start, end, weight, strict=True)
        ],
        hovertemplate="%{customdata[0]} → %{customdata[1]}: %{customdata[2]}<extra></extra>",
    )


def _units(
    figure: go.Figure,
    across: np.ndarray,
    up: np.ndarray,
    layer: np.ndarray,
    names: Sequence[str],
    states: Sequence[str] | None,
    biases: ArrayLike | None,
) -> None:
    last = layer.max()
    state = [""] * len(names) if states is None else list(states)
    bias = np.full(len(names), np.nan) if biases is None else np.asarray(biases, np.float64)
    side = ["left" if at == 0 else "right" if at == last else "top" for at in layer]
    crowded = np.bincount(layer).max() > 24
    figure.add_scatter(
        x=across,
        y=up,
        mode="markers+text",
        text=[
            escaped(shortened(name, LONGEST if where != "top" else 12))
            for name, where in zip(names, side, strict=True)
        ],
        textposition=["top center" if s == "top" else f"middle {s}" for s in side],
        textfont={"size": [10 if s == "top" else 11 if crowded else 13 for s in side]},
        cliponaxis=False,
        marker={
            "size": 9 if crowded else 13,
            "color": ["rgba(255,255,255,1)" if s else QUIET for s in state],
            "line": {"width": 2, "color": QUIET},
        },
        customdata=[
            escaped(name)
            + (f", bias {number(b, 4, sign=True)}" if np.isfinite(b) else "")
            + (f"<br>{STATES.get(s, escaped(s))}" if s else "")
            for name, b, s in zip(names, bias, state, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _room(names: Sequence[str], chosen: np.ndarray) -> int:
    """Px that the names of some units need beside them."""
    letters = [min(len(name), LONGEST) for name, one in zip(names, chosen, strict=True) if one]
    return 22 + 8 * max(letters, default=0)


def _titles(figure: go.Figure, layer: np.ndarray, activations: Sequence[str] | None) -> None:
    last = int(layer.max())
    for place in range(last + 1):
        title = "inputs" if place == 0 else "outputs" if place == last else f"layer {place}"
        if activations is not None:
            below = escaped(activations[place - 1]) if 0 < place <= len(activations) else "&nbsp;"
            title += f"<br><span style='font-size:11px'>{below}</span>"
        figure.add_annotation(
            x=place,
            y=1,
            yref="paper",
            yanchor="bottom",
            text=title,
            showarrow=False,
            font={"size": 13, "color": GREY.format(1)},
        )


def _spoken(
    names: Sequence[str],
    layer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    weight: np.ndarray,
    share: np.ndarray,
    left: int,
    whole: int,
) -> str:
    sizes = np.bincount(layer).tolist()
    hidden = sum(sizes[1:-1])
    parts = [_count(sizes[0], "input")] + ([_count(hidden, "hidden unit")] if hidden else [])
    counted = f"{', '.join(parts)} and {_count(sizes[-1], 'output')}"
    largest = []
    for into in range(1, len(sizes)):
        lines = np.flatnonzero((layer[end] == into) & (weight != 0))
        if len(lines):
            line = lines[int(share[lines].argmax())]
            largest.append(
                f"of layer {into}: from {names[start[line]]} to {names[end[line]]}, "
                f"{number(weight[line])}"
            )
    best = f" The largest weight {'; '.join(largest)}." if largest else ""
    drawn = (
        f"{left:,} of {whole:,} weights, the weakest, are not drawn."
        if left
        else f"All {whole:,} weights are drawn."
    )
    return f"A network of {counted}.{best} {drawn}"


def _count(many: int, what: str) -> str:
    return f"{many} {what}{'s' * (many != 1)}"
