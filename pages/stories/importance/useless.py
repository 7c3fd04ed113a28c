"""Which variable of the series is useless, over all of them, beside the published experiment."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explainers.figures import truth
from explainers.figures.importance.lag_importance import lag_importance
from explainers.figures.text.labels import number
from explainers.figures.text.ranking import ranking_sentence
from explainers.figures.text.words import percent
from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.service.tasks.importance import Importance
from pages.ranking.lines import agreed
from pages.stories.importance.asking import PAGE, importance, link, tables
from pages.stories.story import Story, Tables
from pages.stories.truths import PUBLISHED, lead
from pages.viewers.chart import chart

KEY, MODEL = "useless", "lstm"
NOISE = "input_perturbation"
METHODS = (NOISE, "permutation", "jacobian")
OPTIONS = {"sigma": 0.2, "of": "absolute", "repeats": 10}
"""The noise is that of the published experiment."""
ALL_OPTIONS: dict[str, dict[str, Any]] = {
    NOISE: OPTIONS,
    "permutation": {"lags": False},
    "jacobian": {"outputs": False},
}


def story() -> Story:
    """The question and its three sentences."""
    return Story(
        KEY,
        "Which variable is useless?",
        (
            "An LSTM follows three measurements over time; the third has nothing to do with what "
            "it was taught.",
            "Every series is asked again with noise on one of the three, as in a published "
            "experiment whose numbers are known.",
            "What is found must be close to nothing for the third, and must come from the last "
            "step alone, where the answer lies.",
        ),
        (),
        link(MODEL, METHODS, output=_last(), closer="Lags", **_options()),
        known=True,
        page=PAGE,
    )


def tasks() -> dict[str, Importance]:
    """How much each variable matters to the answer at the last step."""
    return {KEY: importance(MODEL, METHODS, _last(), ALL_OPTIONS)}


def _options() -> dict[str, str]:
    """The options as query parameters of the Importance page."""
    return {
        f"i.{key}.{name}": str(value).lower()
        for key, own in ALL_OPTIONS.items()
        for name, value in own.items()
    }


def _last() -> int:
    return len(demos()[MODEL].outputs) - 1


def share_of_last_step(table: StoredTable) -> float:
    """Which share of all squared changes by noise on single values is by those of the last step."""
    squares = table.details[NOISE]["lags"]["values"].astype(np.float64) ** 2
    return float(squares[:, 0].sum() / squares.sum())


def section() -> Tables | None:
    """Ours beside the published numbers, and how far back each variable is looked at."""
    found = tables(tasks())
    if found is None:
        return None
    table = found[KEY]
    place = table.methods.index(NOISE)
    values = table.values[place]
    left, right = st.columns([5, 4], gap="large")
    lists = {"Here": values.tolist(), "In the published experiment": PUBLISHED}
    figure = truth.side_by_side(list(table.names), lists, "Change of the answer under noise", 290)
    with left:
        chart(figure, figure.layout.meta["alt"], "useless_published")
        low, high = table.low[place], table.high[place]
        st.markdown(
            f"**{ranking_sentence(table.names, *agreed(table))}**\n\n"
            f"x1 and x2 each move the answer more than **{int(lead(values))} times** as far as x3, "
            f"whose number is {number(values[2])} (95 % interval {number(low[2])} to "
            f"{number(high[2])}); in the published experiment, more than "
            f"{int(lead(PUBLISHED))} times. That was another network, so only the ratio compares."
        )
    lags = table.details[NOISE]["lags"]
    back = lag_importance(
        table.names, lags["values"], lags["low"], lags["high"], "change of the answer under noise"
    )
    with right:
        chart(back, back.layout.meta["alt"], "useless_lags")
        st.markdown(
            f"Noise on the last step alone (lag 0) makes {percent(share_of_last_step(table))} of "
            "all squared changes by single steps: the network answers from where the truth lies."
        )
    charts = {"Beside the published numbers": figure, "How far back it looks": back}
    return Tables({demos()[MODEL].title: (tasks()[KEY], table)}, charts)
