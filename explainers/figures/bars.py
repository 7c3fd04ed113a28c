"""Bars: the network's strongest answers."""

from __future__ import annotations

import plotly.graph_objects as go

from explainers.figures.text.words import percent

SUPPORT, QUIET = "#b2182b", "#8a97a5"


def class_bars(names: list[str], shares: list[float], chosen: str | None = None) -> go.Figure:
    """Horizontal bars of probabilities (0 to 1), the strongest on top; `chosen` stands out."""
    figure = go.Figure(
        go.Bar(
            x=[100 * share for share in shares],
            y=names,
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
