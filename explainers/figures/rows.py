"""Rows of named bars: names on the left, the strongest on top, numbers in a column on the right."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go


def strongest(scores: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the `most` strongest of (F,) scores, strongest first, and of all the others.

    A single other is shown by itself, so the others are none or at least two.
    """
    order = np.argsort(-np.abs(scores), kind="stable")
    most = max(1, most)
    most += len(order) == most + 1
    return order[:most], order[most:]


def height(labels: list[str]) -> int:
    """Pixels that the rows need, all as high as the two neighbours with the most lines do."""
    lines = [label.count("<br>") + 1 for label in labels]
    pairs = [(one + other) / 2 for one, other in zip(lines, [*lines[1:], 1], strict=True)]
    return round(len(labels) * (14 + 18 * max(pairs)))


def write(figure: go.Figure, labels: list[str], numbers: list[str], axis: str = "y") -> int:
    """Name the rows 0, 1, … of a y axis from the top; the margin in px that the numbers need."""
    figure.layout[axis.replace("y", "yaxis")].update(
        tickvals=list(range(len(labels))),
        ticktext=labels,
        range=[len(labels) - 0.5, -0.5],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        ticklen=6,
        ticks="outside",
        tickcolor="rgba(0,0,0,0)",
        tickfont={"size": 13},
    )
    for row, text in enumerate(numbers):
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="left",
            xshift=6,
            y=row,
            yref=axis,
            text=text,
            showarrow=False,
            font={"size": 13},
        )
    return 16 + 8 * max(map(len, numbers), default=0)
