"""A plotly chart with a name, and without buttons that send it anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explainers.figures.bars import class_bars
from explainers.figures.text import figure_as_text
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import is_share, number, percent
from pages.viewers.copying import copying

if TYPE_CHECKING:
    import plotly.graph_objects as go

STRONGEST, MOST_NUMBERS, MOST_TOLD = 5, 16, 340
CONFIG = {"displayModeBar": False, "showSendToCloud": False}


def chart(
    figure: go.Figure,
    alt: str,
    key: str,
    on_click: Callable[[int], None] | None = None,
    finished: bool = True,
) -> None:
    """Draw a plotly figure; `alt` says in words what it shows.

    `on_click` gets the place of a bar or point that is clicked, among those of its trace. A chart
    that is `finished` can be copied, as a picture that the server draws.
    """

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and on_click is not None:
            on_click(int(points[0]["point_index"]))

    with st.container(key=f"charted_{key}"):
        st.plotly_chart(
            figure_as_text.harmless(figure),
            theme="streamlit",
            config=CONFIG,
            key=key,
            alt=alt,
            on_select=clicked if on_click else "ignore",
            selection_mode="points",
        )
        if finished:
            copying(partial(_png, figure, alt), f"copy_{key}", "this chart")


def _png(figure: go.Figure, alt: str) -> bytes:
    """The chart on a sheet of its own, under the first words of what it shows."""
    from explainers.reports.pictures.panels import chart_sheet

    headline, about = in_two(alt)
    return chart_sheet(figure, headline, about, "Made with Evident.").file("png")


def in_two(alt: str) -> tuple[str, str]:
    """What a chart shows, as its headline and the rest.

    Examples
    --------
    >>> in_two("Slopes of rain in 3 rows: from 1.5 to 2. None is below 0.")
    ('Slopes of rain in 3 rows', 'From 1.5 to 2. None is below 0.')
    """
    found = re.search(r"[.:] ", alt)
    if found is None:
        return alt.rstrip("."), ""
    rest = alt[found.end() :]
    if len(rest) > MOST_TOLD:
        rest = f"{rest[:MOST_TOLD].rsplit(' ', 1)[0]} …"
    return alt[: found.start()], rest[:1].upper() + rest[1:]


def answer_bars(
    probabilities: np.ndarray,
    names: Sequence[str],
    explained: str,
    key: str,
    numbers: bool = False,
) -> None:
    """Draw the network's strongest answers, the explained one in colour.

    Parameters
    ----------
    probabilities : ndarray, shape (outputs,)
    names : sequence of str
        Of the outputs.
    explained : str
        The name of the explained one.
    key : str
        Of the chart.
    numbers : bool
        Whether the answers are numbers and no shares: these are listed instead.
    """
    if numbers or not is_share(probabilities):
        lines = [
            f"{escape_markdown(n)}: **{number(float(p))}**"
            for n, p in zip(names, probabilities, strict=True)
        ]
        st.markdown("\n".join(f"- {line}" for line in lines[:MOST_NUMBERS]))
        return
    order = probabilities.argsort()[::-1][:STRONGEST]
    labels, shares = [names[i] for i in order], [float(probabilities[i]) for i in order]
    spoken = ", ".join(f"{n} {percent(s)}" for n, s in zip(labels, shares, strict=True))
    chart(class_bars(labels, shares, explained), f"The network's strongest answers: {spoken}", key)
