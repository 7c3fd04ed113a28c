"""Slopes of the output row by row: against the value, and their mean against their spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.chart_style import (
    GREY,
    OPPOSE,
    QUIET,
    SUPPORT,
    apply_chart_style,
    bar_colour,
)
from explainers.figures.text.labels import escaped, number, shortened
from explainers.figures.text.sides import whole_percent

HEADROOM = 1.08
NARROW = (310.0, 320.0)
SIDES = (
    ("top center", 0, 6),
    ("bottom center", 0, -19),
    ("middle right", 1, -6),
    ("middle left", -1, -6),
)
"""Where a name may stand by its point: to the right, and so many px above."""


def slope_scatter(
    name: str,
    values: ArrayLike,
    slopes: ArrayLike,
    row_numbers: ArrayLike | None = None,
    output: str = "output",
    allowed: tuple[float, float] | None = None,
) -> go.Figure:
    """The plot of PaD: the output's slope by one input against that input's value, row by row.

    Parameters
    ----------
    name : str
        The input's.
    values, slopes : array_like, shape (N,)
        Rows in which either is not finite are left out and counted.
    row_numbers : array_like of int, shape (N,), optional
        Of the rows in the data, from 0; kept as the points' customdata. Hovering counts from 1.
    output : str
        What the slope is of.
    allowed : (float, float), optional
        Between which slopes are expected: dashed lines; infinite where there is no bound.

    Raises
    ------
    Problem
        Where shapes do not fit, or no row is known.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, section 2.3.1.

    Examples
    --------
    >>> figure = slope_scatter("rain", [0, 1, 2], [1.0, 2.0, -3.0])
    >>> figure.data[0].y.tolist()
    [1.0, 2.0, -3.0]
    >>> figure.layout.meta["alt"]
    'Slope of the output by rain against rain in 3 rows: from −3 to 2, above 0 in 67 % of rows.'
    """
    across, up = np.asarray(values, dtype=np.float64), np.asarray(slopes, dtype=np.float64)
    if across.ndim != 1 or across.shape != up.shape:
        raise Problem(
            f"Slopes against values need one each per row; got {up.shape} and {across.shape}."
        )
    numbers = np.arange(len(up)) if row_numbers is None else np.asarray(row_numbers)
    known = np.isfinite(across) & np.isfinite(up)
    if not known.any():
        raise Problem(f"No row has both a value of {name} and a slope, so there is no plot.")
    across, up, numbers = across[known], up[known], numbers[known]
    figure = go.Figure(
        go.Scatter(
            x=across,
            y=up,
            mode="markers",
            customdata=numbers,
            text=[f"row {int(row) + 1:,}" for row in numbers],
            marker={
                "size": 6 if len(up) <= 500 else 4,
                "opacity": 0.7,
                "color": np.where(up > 0, SUPPORT, np.where(up < 0, OPPOSE, QUIET)),
            },
            hovertemplate="%{text}<br>value %{x:.4~g}<br>slope %{y:+.3~g}<extra></extra>",
        )
    )
    lost = int((~known).sum())
    alt = (
        f"Slope of the {output} by {name} against {name} in {len(up):,} rows: from "
        f"{number(up.min())} to {number(up.max())}, above 0 in "
        f"{whole_percent(float((up > 0).mean()))} of rows"
        f"{f'; {lost:,} rows are left out, a value or slope is missing' if lost else ''}."
    )
    apply_chart_style(figure, 400, alt)
    key = "<br><span style='font-size:12px'>red: more of it raises, blue: lowers</span>"
    figure.update_xaxes(
        title_text=f"Value of {escaped(shortened(name))}{key}", zeroline=False, nticks=7
    )
    figure.update_yaxes(
        title_text=f"Slope of the {escaped(shortened(output))}",
        zeroline=True,
        zerolinewidth=2,
        rangemode="tozero",
    )
    for bound in filter(math.isfinite, allowed or ()):
        figure.add_hline(bound, line={"dash": "dash", "width": 2, "color": QUIET})
    return figure


def slope_spread(
    names: Sequence[str],
    mean: ArrayLike,
    deviation: ArrayLike,
    unit: str = "slope",
    most: int = 12,
) -> go.Figure:
    """The mean of each input's slopes over the rows against their standard deviation.

    Far to a side the input always works in one direction; high up its slope depends on where the
    row lies, so the network is not linear in it; at the origin it has no effect.

    Parameters
    ----------
    names : sequence of str, length F
    mean, deviation : array_like, shape (F,)
        Inputs of which either is not finite are left out and counted.
    unit : str
        What the slopes are; scaled by the inputs' deviations they can be compared.
    most : int
        How many of the farthest are named, where their names meet no other point or name; the
        others are named by hovering.

    Raises
    ------
    Problem
        Where shapes do not fit, or nothing is finite.

    References
    ----------
    Pizarroso, Portela & Muñoz 2022, arXiv:2002.11423, section 3.2.

    Examples
    --------
    >>> figure = slope_spread(["rain", "wind"], [0.0, 2.0], [1.0, 0.5])
    >>> figure.layout.meta["alt"].split(". ")[1]
    'Farthest from 0: wind, mean 2, deviation 0.5; rain, mean 0, deviation 1.'
    """
    across, up = np.asarray(mean, dtype=np.float64), np.asarray(deviation, dtype=np.float64)
    if across.shape != (len(names),) or up.shape != across.shape:
        raise Problem(
            f"{len(names)} inputs need a mean and a deviation each; got {across.shape} and "
            f"{up.shape}."
        )
    known = np.flatnonzero(np.isfinite(across) & np.isfinite(up))
    if not len(known):
        raise Problem("No input has a mean slope and a deviation, so there is no plot.")
    reach, top = (HEADROOM * (float(np.abs(part[known]).max()) or 1.0) for part in (across, up))
    distance = np.hypot(across / reach, up / top)
    order = known[np.argsort(-distance[known], kind="stable")]
    labels = [escaped(shortened(names[i], 16)) for i in order[: max(0, most)]]
    sides = _sides(across[order] / reach, up[order] / top, labels)
    figure = go.Figure(
        go.Scatter(
            x=across[order],
            y=up[order],
            mode="markers+text",
            text=[
                label if side else "" for label, side in zip_longest(labels, sides, fillvalue="")
            ],
            textposition=[side or "top center" for side in sides],
            textfont={"size": 12},
            cliponaxis=False,
            customdata=[escaped(names[i]) for i in order],
            marker={"size": 9, "color": [bar_colour(float(across[i])) for i in order]},
            hovertemplate="%{customdata}<br>mean slope %{x:+.3~g}<br>deviation %{y:.3~g}"
            "<extra></extra>",
        )
    )
    spoken = "; ".join(
        f"{names[i]}, mean {number(across[i])}, deviation {number(up[i])}" for i in order[:5]
    )
    lost = len(names) - len(known)
    missing = f" {lost} inputs have no slope." if lost else ""
    alt = (
        f"Mean of the {unit} against its deviation over the rows, for {len(known)} inputs. "
        f"Farthest from 0: {spoken}.{missing}"
    )
    apply_chart_style(figure, 420, alt, right=20, top=28)
    key = "<br><span style='font-size:12px'>right of 0 raises, left of 0 lowers</span>"
    figure.update_xaxes(
        title_text=f"Mean {escaped(unit)}{key}",
        range=[-1.15 * reach, 1.15 * reach],
        zerolinewidth=2,
        nticks=7,
    )
    figure.update_yaxes(
        title_text="Deviation (0: one slope everywhere)",
        range=[-0.06 * top, 1.1 * top],
        zerolinecolor=GREY.format(0.7),
        nticks=6,
    )
    return figure


def _sides(across: np.ndarray, up: np.ndarray, labels: Sequence[str]) -> list[str]:
    """On which side of its point each name fits, "" where on none; in order of the points.

    Points (M,) are shares of the axes, from −1 to 1 and from 0 to 1. Boxes are those on a narrow
    screen, in px: where names fit there they fit everywhere.
    """
    x, y = NARROW[0] * (across + 1.1) / 2.2, NARROW[1] * up
    taken = [(px - 5, px + 5, py - 5, py + 5) for px, py in zip(x, y, strict=True)]
    sides = [""] * len(across)
    for index, label in enumerate(labels):
        wide = 7.0 * len(label)
        for side, right, above in SIDES:
            left, low = x[index] + right * (8 + wide) - wide * (right == 0) / 2, y[index] + above
            left -= wide * (right == 1)
            box = (left, left + wide, low, low + 13)
            others = taken[:index] + taken[index + 1 :]
            inside = box[0] >= -20 and box[1] <= NARROW[0] + 20
            if inside and not any(_meet(box, other) for other in others):
                sides[index] = side
                taken.append(box)
                break
    return sides


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (left, right, low, high) overlap."""
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
