"""The time axis that the charts of a series share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.figures.text.labels import escaped, shortened

MOST_CELLS = 300
"""Cells of a heat strip: more would be narrower than a pixel, and a browser leaves those out."""


def label_steps(
    figure: go.Figure, steps: Sequence[str], row: int, title: str = "Time step"
) -> None:
    """Count the steps from 0 on the row's x axis and write their names, also when zoomed in."""
    names = {str(place): _short(step) for place, step in enumerate(steps)}
    if len(steps) < 100:  # zoomed in so far, ticks fall between steps, which have no name
        names |= {f"{place}.5": " " for place in range(len(steps))}
    figure.update_xaxes(
        row=row,
        col=1,
        title={"text": title, "standoff": 36},
        labelalias=names,
        range=[-0.5, len(steps) - 0.5],
        nticks=7,
        exponentformat="none",
        showgrid=False,
        zeroline=False,
        ticks="",  # a page's theme may draw some, over the title
    )


def time_axis_height(steps: Sequence[str]) -> int:
    """Pixels under a time axis, enough for long names that a narrow screen turns askew."""
    return 64 if max(len(_short(step)) for step in steps) <= 4 else 112


def peaks_per_cell(scores: np.ndarray, cells: int = MOST_CELLS) -> tuple[np.ndarray, np.ndarray]:
    """Scores over time as at most `cells` cells of equal length.

    A cell of several steps keeps the score farthest from 0, so that no peak gets lost.

    Parameters
    ----------
    scores : ndarray, shape (T,)
    cells : int

    Returns
    -------
    edges : ndarray, shape (n + 1,)
        Where cells begin and end; step t is at t.
    peaks : ndarray, shape (n,)

    Examples
    --------
    >>> edges, peaks = peaks_per_cell(np.array([1.0, -3.0, 2.0, 0.0, 5.0]), cells=3)
    >>> edges.tolist(), peaks.tolist()
    ([-0.5, 1.5, 3.5, 4.5], [-3.0, 2.0, 5.0])
    """
    size = -(-len(scores) // cells)
    starts = np.arange(0, len(scores), size)
    peaks = [start + int(np.abs(scores[start : start + size]).argmax()) for start in starts]
    return np.append(starts, len(scores)) - 0.5, scores[peaks]


def _short(step: str) -> str:
    """A date and its time on two lines."""
    return escaped(shortened(str(step), 20)).replace(" ", "<br>", 1)
