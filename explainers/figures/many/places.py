"""Where the evidence of many inputs lies: the centre of each, and how much is at the border."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.chart_style import GREY, apply_chart_style, colorscale, colour_key
from explainers.figures.text.labels import escaped, shortened
from explainers.figures.text.sides import whole_percent

HEIGHT, KEY = 380, 86


def evidence_places(
    centres: ArrayLike, borders: ArrayLike, names: Sequence[str] | None = None
) -> go.Figure:
    """A point an input: at the centre of its evidence, coloured by the share at the border.

    Parameters
    ----------
    centres : array_like, shape (N, 2) or (N, 1)
        Shares of the sides: down and across a picture; or along a series or sequence, which is
        then drawn against the share at the border.
    borders : array_like, shape (N,)
        Shares of the evidence in the outer tenth of each side.
    names : sequence of str, length N, optional
        What hovering says of each.

    Raises
    ------
    Problem
        Where shapes do not fit, or there is no input.

    Examples
    --------
    >>> figure = evidence_places([[0.25, 0.75]], [0.1], ["a.png"])
    >>> figure.data[0].x, figure.data[0].y
    ((75.0,), (25.0,))
    >>> figure.layout.meta["alt"]
    'Where the evidence of 1 input lies. Half of the centres lie from 25 to 25 % down and from 75
     to 75 % across; at the border lies 10 % of the evidence, in the median.'
    """
    places, border = np.asarray(centres, np.float64), np.asarray(borders, np.float64)
    if places.ndim != 2 or places.shape[1] not in (1, 2) or not len(places):
        raise Problem(f"Centres are points (inputs, 1 or 2 sides); got the shape {places.shape}.")
    if border.shape != (len(places),) or (names is not None and len(names) != len(places)):
        raise Problem(f"{len(places)} inputs need as many shares at the border, and names.")
    flat = places.shape[1] == 1
    across = 100 * places[:, -1]
    down = 100 * (border if flat else places[:, 0])
    told = [""] * len(places) if names is None else [f"{escaped(shortened(n))}<br>" for n in names]
    shares = [whole_percent(float(share)) for share in border]
    figure = go.Figure(
        go.Scatter(
            x=across.tolist(),
            y=down.tolist(),
            mode="markers",
            customdata=[[name, share] for name, share in zip(told, shares, strict=True)],
            hovertemplate="%{customdata[0]}centre at %{x:.0f} %"
            + ("" if flat else " across, %{y:.0f} % down")
            + "<br>%{customdata[1]} at the border<extra></extra>",
            marker={
                "size": 7 if len(places) <= 300 else 5,
                "color": (100 * border).tolist(),
                "coloraxis": "coloraxis",
                "line": {"width": 1, "color": GREY.format(0.7)},
            },
        )
    )
    apply_chart_style(figure, HEIGHT + KEY, _spoken(places, border))
    axis = {"range": [0, 100], "ticksuffix": " %", "nticks": 5, "fixedrange": True}
    axis |= {"zeroline": False, "showline": True, "mirror": True, "linecolor": GREY.format(0.5)}
    figure.update_xaxes(**axis, title_text="Along it" if flat else "Across the picture")
    figure.update_yaxes(**axis, title_text="At the border" if flat else "Down the picture")
    if not flat:  # as square as it is where all sides are shares
        figure.update_yaxes(range=[100, 0], scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
    # From the next ten per cent on, so that small shares can be told apart.
    end = min(100, max(20, 10 * math.ceil(10 * float(border.max()) - 1e-9)))
    ticks = {float(each): f"{each} %" for each in (0, end // 2, end)}
    colour_key(figure, "Share of the evidence at the border", colorscale(signed=False), ticks, -0.2)
    return figure


def _spoken(places: np.ndarray, border: np.ndarray) -> str:
    ends = np.percentile(places, [25, 75], axis=0)
    sides = ("along it",) if places.shape[1] == 1 else ("down", "across")
    where = " and ".join(
        f"from {100 * low:.0f} to {100 * high:.0f} % {side}"
        for low, high, side in zip(*ends, sides, strict=True)
    )
    many = f"{len(places):,} input{'s' * (len(places) > 1)}"
    return (
        f"Where the evidence of {many} lies. Half of the centres lie {where}; at the border lies "
        f"{whole_percent(float(np.median(border)))} of the evidence, in the median."
    )
