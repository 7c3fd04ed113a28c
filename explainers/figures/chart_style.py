"""The look of the charts: colours taken from the one table, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explainers.figures.colours import SEQUENTIAL, SIGNED


def _hex(rgb: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in rgb)


# The stops with a contrast of at least 3 to 1 against both of the app's backgrounds.
SUPPORT, OPPOSE, STRENGTH = _hex(SIGNED[8]), _hex(SIGNED[2]), _hex(SEQUENTIAL[6])
QUIET = "#8091a3"
GREY = "rgba(128,128,128,{})"
LOW_HIGH = ("#6f63d9", "#c2569b", "#d9741a")
"""From a low to a high feature value; neither the support's red nor the opposition's blue."""

SIGN_KEY = "<br><span style='font-size:12px'>red supports, blue opposes</span>"


def bar_colour(score: float, signed: bool = True) -> str:
    """The colour of a bar: by its score's sign, or the one colour of strengths.

    Examples
    --------
    >>> bar_colour(2.0) == SUPPORT, bar_colour(-2.0) == OPPOSE, bar_colour(0.0) == QUIET
    (True, True, True)
    """
    if not signed:
        return STRENGTH
    return SUPPORT if score > 0 else OPPOSE if score < 0 else QUIET


def colorscale(signed: bool) -> list[tuple[float, str]]:
    """Plotly's form of the table of colours: pairs of a share from 0 to 1 and "rgb(…)".

    Examples
    --------
    >>> colorscale(signed=False)[0]
    (0.0, 'rgb(255, 255, 255)')
    """
    stops = SIGNED if signed else SEQUENTIAL
    return [(i / (len(stops) - 1), f"rgb{stop}") for i, stop in enumerate(stops)]


def clear_colorscale(signed: bool) -> list[tuple[float, str]]:
    """Colours for strips behind a line: nothing where the score is 0, so that the page shows.

    The colours of bars, ever less transparent: a strip glares on no page, and is stronger the
    farther it is from the page, light or dark.

    Examples
    --------
    >>> clear_colorscale(signed=False)
    [(0.0, 'rgba(204, 76, 2, 0)'), (1.0, 'rgba(204, 76, 2, 1)')]
    """

    def ends(hex_colour: str) -> list[str]:
        rgb = ", ".join(str(int(hex_colour[at : at + 2], 16)) for at in (1, 3, 5))
        return [f"rgba({rgb}, {alpha})" for alpha in (0, 1)]

    if not signed:
        return list(zip((0.0, 1.0), ends(STRENGTH), strict=True))
    clear, full = ends(SUPPORT)
    below, against = ends(OPPOSE)
    return [(0.0, against), (0.5, below), (0.5, clear), (1.0, full)]


def apply_chart_style(
    figure: go.Figure, height: int, alt: str, right: int = 12, top: int = 12
) -> go.Figure:
    """Give a figure the look of all charts, on the page's own background; the same figure.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    height : int
        In px.
    alt : str
        What the figure shows in words, kept as figure.layout.meta["alt"].
    right, top : int
        Margins, in px.
    """
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": right, "t": top, "b": 8},
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 14},
        meta={"alt": alt},
        hoverlabel={"align": "left"},
    )
    lines = {"gridcolor": GREY.format(0.2), "zerolinecolor": GREY.format(0.7)}
    figure.update_xaxes(automargin=True, title_font_size=14, **lines)
    figure.update_yaxes(automargin=True, title_font_size=14, title_standoff=16, **lines)
    return figure


def colour_key(
    figure: go.Figure,
    title: str,
    scale: Sequence[tuple[float, str]],
    ticks: Mapping[float, str],
    y: float,
    share: float = 0.9,
    reverse: bool = False,
) -> None:
    """Give the figure's colour axis its colours, and a level bar that tells what they mean.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    title : str
        Over the bar; its markup is kept.
    scale : sequence of (float, str)
        As of `colorscale`.
    ticks : mapping
        Value → what is written at it; the colours reach from the lowest to the highest.
    y : float
        In shares of the plot's height: above 1 the bar's lower end, else its upper one.
    share : float
        Of the plot's width.
    reverse : bool
        Whether the first colour is the highest value's.
    """
    figure.update_layout(
        coloraxis={
            "colorscale": list(scale),
            "reversescale": reverse,
            "cmin": min(ticks),
            "cmax": max(ticks),
            "colorbar": {
                "title": {"text": title, "side": "top", "font": {"size": 13}},
                "orientation": "h",
                "thickness": 10,
                "len": share,
                "x": 0.5,
                "xanchor": "center",
                "y": y,
                "yanchor": "bottom" if y > 1 else "top",
                "xpad": 0,
                "ypad": 0,
                "outlinewidth": 0,
                "tickvals": list(ticks),
                "ticktext": list(ticks.values()),
            },
        },
    )
