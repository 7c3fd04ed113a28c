"""Lek's profiles: the output as one feature runs over its range, the others held together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.curves import COLOURS, DASHES
from explainers.figures.importance.value_spread import curves_over_spread, finish_curves
from explainers.figures.text.labels import escaped, number, shortened

FAR = 3.0
"""Times the usual distance between rows: held points beyond are like no row."""
# From low to high in steps of lightness too; the middle is the one that is measured.
ORDERED = ("#6f63d9", "#9a5cba", "#c2569b", "#d06a5a", "#d9741a")


def profile_curves(
    name: str,
    grid: ArrayLike,
    curves: ArrayLike,
    held: Sequence[str],
    data: ArrayLike | None = None,
    output: str = "output",
    measured: int | None = None,
    far: ArrayLike | None = None,
    shares: bool = False,
) -> go.Figure:
    """The output along one feature, a curve for each way in which the others are held.

    Under the curves stand the feature's values in the rows: where there are none, the curves say
    only what the network would do.

    Parameters
    ----------
    name : str
        The feature's.
    grid : array_like, shape (points,)
        Values that the feature runs through, or shares of its range; see `shares`.
    curves : array_like, shape (held, points)
    held : sequence of str, length held
        Where the others are held, such as "minimum", "median", "centre 1".
    data : array_like, shape (N,), optional
        The feature's values in the rows; NaN is missing.
    output : str
        What the curves are.
    measured : int, optional
        Which curve the importance is read from; without it the curves count alike, and their mean
        is what is measured.
    far : array_like, shape (held,), optional
        How far each held point is from the nearest row, in units of the usual distance between
        rows; beyond 3 the curve is thin and says that no row is like that.
    shares : bool
        Whether `grid` holds shares of the ranges of several columns.

    Raises
    ------
    Problem
        Where shapes do not fit.

    Examples
    --------
    >>> curves = [[0.0, 1.0, 2.0], [3.0, 3.0, 3.5]]
    >>> figure = profile_curves("rain", [0, 5, 10], curves, ["median", "maximum"], measured=0)
    >>> [trace.name for trace in figure.data]
    ['median', 'maximum']
    >>> figure.layout.meta["alt"]
    'Profile of rain: with the others at their median, the output rises from 0 to 2 (range 2).'
    """
    along, lines = np.asarray(grid, dtype=np.float64), np.asarray(curves, dtype=np.float64)
    if along.ndim != 1 or lines.shape != (len(held), len(along)) or not lines.size:
        raise Problem(
            f"A profile needs curves of shape (held, points) = {(len(held), len(along))}; got "
            f"{lines.shape}."
        )
    away = np.zeros(len(held)) if far is None else np.asarray(far, dtype=np.float64)
    figure, row, spread = curves_over_spread(None if shares else data)
    for index, (where, values) in enumerate(zip(held, lines, strict=True)):
        strange = bool(away[index] > FAR)
        beyond = ": like no row" if strange else ""
        figure.add_scatter(
            x=along,
            y=values,
            mode="lines",
            name=f"{escaped(shortened(where, 24))}{beyond}",
            connectgaps=False,
            line=_line(index, len(held), measured, strange),
            hovertemplate="%{fullData.name}<br>at %{x:.4~g}: %{y:.4~g}<extra></extra>",
            row=1,
            col=1,
        )
    alt = f"Profile of {name}: {_heard(along, lines, held, measured, output)}{spread}"
    strangers = [where for where, d in zip(held, away, strict=True) if d > FAR]
    if strangers:
        alt += f" No row is like the others held at: {', '.join(strangers)}."
    return finish_curves(figure, row, name, _capital(output), alt, shares)


def _line(index: int, many: int, measured: int | None, strange: bool) -> dict[str, object]:
    if measured is None:  # centres: no order among them
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]
        return {"color": colour, "width": 1.5 if strange else 2.5, "dash": dash}
    place = round(index / max(many - 1, 1) * (len(ORDERED) - 1))
    return {
        "color": ORDERED[place],
        "width": 4 if index == measured else 1.5 if strange else 2,
        "dash": "dot" if strange else "solid",
    }


def course(along: np.ndarray, values: np.ndarray) -> str:
    """How a curve runs, in words.

    Examples
    --------
    >>> course(np.arange(3.0), np.array([0.0, 1.0, 2.0]))
    'rises from 0 to 2 (range 2)'
    >>> course(np.arange(3.0), np.array([0.0, 4.0, 1.0]))
    'is lowest (0) at 0 and highest (4) at 1 (range 4)'
    """
    known = np.isfinite(values)
    if not known.any():
        return "is not known"
    along, values = along[known], values[known]
    low, high = values.min(), values.max()
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return f"stays at {number(low)}"
    steps, slack = np.diff(values), 1e-9 * (high - low)
    if (steps >= -slack).all() or (steps <= slack).all():
        verb = "rises" if values[-1] > values[0] else "falls"
        return (
            f"{verb} from {number(values[0])} to {number(values[-1])} (range {number(high - low)})"
        )
    return (
        f"is lowest ({number(low)}) at {number(along[values.argmin()])} and highest "
        f"({number(high)}) at {number(along[values.argmax()])} (range {number(high - low)})"
    )


def _heard(
    along: np.ndarray, lines: np.ndarray, held: Sequence[str], measured: int | None, output: str
) -> str:
    if measured is None:
        ranges = np.ptp(lines, axis=1)
        return (
            f"the mean of {len(held)} curves of the {output} {course(along, lines.mean(0))}; each "
            f"by itself has a range from {number(ranges.min())} to {number(ranges.max())}."
        )
    return (
        f"with the others at their {held[measured]}, the {output} {course(along, lines[measured])}."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
