"""Bars: the network's strongest answers."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explainers.figures.text.words import percent

SUPPORT, QUIET = "#b2182b", "#8a97a5"


def class_bars(
    names: Sequence[str], shares: Sequence[float], chosen: str | None = None
) -> go.Figure:
    """Horizontal bars of the probabilities of classes, the first on top.

    Parameters
    ----------
    names : sequence of str, length K
    shares : sequence of float, length K
        From 0 to 1.
    chosen : str, optional
        The class that stands out.

    Examples
    --------
    >>> figure = class_bars(["stop", "yield"], [0.9, 0.1], "stop")
    >>> figure.data[0].x
    (90.0, 10.0)
    """
    figure = go.Figure(
        go.Bar(
            x=[100 * share for share in shares],
            y=list(names),
            orientation="h",
            marker_color=[SUPPORT if name == chosen else QUIET for name in names],
            text=[percent(share) for share in shares],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )
    figure.update_layout(
        height=40 + 30 * len(names),
        margin={"l": 8, "r": 56, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 14},
        bargap=0.35,
    )
    figure.update_xaxes(range=[0, 100], visible=False, fixedrange=True)
    figure.update_yaxes(
        type="category", autorange="reversed", ticksuffix="  ", fixedrange=True, automargin=True
    )
    return figure
