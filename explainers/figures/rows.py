"""Rows of named bars: names on the left, the strongest on top, numbers in a column on the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.figures.text.labels import escaped, shortened


def strongest(scores: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Which scores are shown by themselves, strongest first, and which together.

    A single other is shown by itself, so the others are none or at least two.

    Parameters
    ----------
    scores : ndarray, shape (F,)
    most : int
        How many are shown by themselves.

    Returns
    -------
    first, others : ndarray of indices

    Examples
    --------
    >>> first, others = strongest(np.array([1.0, -5.0, 0.5, 3.0]), most=2)
    >>> first.tolist(), others.tolist()
    ([1, 3], [0, 2])
    """
    order = np.argsort(-np.abs(scores), kind="stable")
    most = max(1, most)
    most += len(order) == most + 1
    return order[:most], order[most:]


def height_of(labels: Sequence[str]) -> int:
    """Pixels that the rows need, all as high as the two neighbours with the most lines do."""
    lines = [label.count("<br>") + 1 for label in labels]
    pairs = [(one + other) / 2 for one, other in zip(lines, [*lines[1:], 1], strict=True)]
    return round(len(labels) * (14 + 18 * max(pairs)))


def label_rows(
    figure: go.Figure, labels: Sequence[str], numbers: Sequence[str], axis: str = "y"
) -> int:
    """Name the rows 0, 1, … of a y axis from the top, and write their numbers at the right.

    Returns
    -------
    int
        The margin in px that the numbers need.
    """
    figure.layout[axis.replace("y", "yaxis")].update(
        tickvals=list(range(len(labels))),
        ticktext=list(labels),
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


def name_panel(figure: go.Figure, row: int, name: str, size: int) -> None:
    """A name over the left end of one of several charts that stand under each other, from 1."""
    figure.add_annotation(
        x=0,
        xref="paper",
        xanchor="left",
        y=1,
        yref=f"y{'' if row == 1 else row} domain",
        yanchor="bottom",
        text=escaped(shortened(name)),
        showarrow=False,
        font={"size": size},
    )
