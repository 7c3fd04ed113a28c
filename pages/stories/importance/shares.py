"""Sensitivity indices of two networks that learned functions whose indices are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures import truth
from explainers.figures.text.labels import number
from explainers.figures.text.words import percent
from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.service.tasks.importance import Importance
from pages.stories.importance.asking import PAGE, importance, link, tables
from pages.stories.story import Story, Tables
from pages.viewers.chart import chart

if TYPE_CHECKING:
    import plotly.graph_objects as go

KEY = "shares"
MODELS = ("ishigami", "g_function")
METHODS = ("sobol", "shapley_effects", "permutation")


@dataclass(frozen=True)
class Found:
    """One kind of shares of the variance: what was found, its 95 % interval, what is true."""

    name: str
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    known: np.ndarray

    @property
    def held(self) -> int:
        """How many intervals hold the truth."""
        return int(((self.low <= self.known) & (self.known <= self.high)).sum())

    @property
    def farthest(self) -> float:
        """The largest difference."""
        return float(np.abs(self.values - self.known).max())


def story() -> Story:
    """The question and its three sentences."""
    return Story(
        KEY,
        "Are the shares right?",
        (
            "Two networks learned functions whose every input's share of the variance can be "
            "worked out with pen and paper.",
            "Evident was not told these shares; it asks the networks at thousands of points, as it "
            "would ask yours.",
            "Bars are what it found, with the interval that it claims; dark lines are the truth.",
        ),
        (),
        link(MODELS[0], METHODS),
        known=True,
        page=PAGE,
    )


def tasks() -> dict[str, Importance]:
    """Variance-based importance of both networks."""
    return {f"{KEY} {model}": importance(model, METHODS) for model in MODELS}


def shares(model: str, table: StoredTable) -> tuple[Found, Found, Found]:
    """Alone, with others, and divided fairly: first and total Sobol indices, Shapley effects."""
    key = {name: np.array(demos()[model].card["key"][name]) for name in KINDS.values()}
    sobol, effects = (table.methods.index(name) for name in METHODS[:2])
    details = table.details["sobol"]
    first = np.asarray(details["first"], dtype=np.float64)
    half = 1.96 * np.asarray(details["error"]["first"], dtype=np.float64)
    alone, joint, fair = KINDS
    return (
        Found(alone, first, first - half, first + half, key[KINDS[alone]]),
        Found(joint, *_line(table, sobol), key[KINDS[joint]]),
        Found(fair, *_line(table, effects), key[KINDS[fair]]),
    )


KINDS = {"alone": "first", "with others": "total", "shared out": "effects"}
"""Kinds of shares, and what a demo's card calls them."""


def _line(table: StoredTable, place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return table.values[place], table.low[place], table.high[place]


def section() -> Tables | None:
    """Both networks beside each other, and what is seen in them."""
    asked = tasks()
    found = tables(asked)
    if found is None:
        return None
    all_shares = {model: shares(model, found[f"{KEY} {model}"]) for model in MODELS}
    charts, away = {}, {}
    for column, model in zip(st.columns(2, gap="large"), MODELS, strict=True):
        slot, title = f"{KEY} {model}", demos()[model].title
        charts[title] = _network(column, model, found[slot], all_shares[model])
        away[title] = asked[slot], found[slot]
    every = [one for kinds in all_shares.values() for one in kinds]
    count = sum(len(one.values) for one in every)
    alone, joint, _ = all_shares[MODELS[0]]
    third = 2
    st.markdown(
        f"**None of the {count} shares is off by more than "
        f"{percent(max(one.farthest for one in every))} of the variance.** Intervals are about the "
        "network, and a network is never quite the function that it learned (R² above): "
        f"{sum(one.held for one in every)} of {count} hold the function's own share.\n\n"
        f"Look at x3 on the left: alone it makes {percent(max(0.0, alone.values[third]))} of the "
        f"variance, and together with x1 {percent(joint.values[third])}. Whoever changes one input "
        "at a time and looks at the mean would call it useless."
    )
    return Tables(away, charts)


def _network(
    column: DeltaGenerator, model: str, table: StoredTable, found: tuple[Found, Found, Found]
) -> go.Figure:
    """One network: how good it is, the chart of total shares, and all numbers; the chart."""
    import pandas as pd

    demo = demos()[model]
    column.markdown(f"**{demo.title}**, R² of the network {_below(table.quality['r2'])}")
    column.caption(f"y = {demo.card['key']['rule']}")
    joint = found[1]
    figure = truth.beside_known(
        table.names, joint.values, joint.low, joint.high, joint.known, "share of the variance"
    )
    with column:
        chart(figure, figure.layout.meta["alt"], f"shares_{model}")
    lines = [
        {
            "Input": name,
            **{
                f"{one.name}, {which}": number(values[place], 3)
                for one in found
                for which, values in (("true", one.known), ("found", one.values))
            },
        }
        for place, name in enumerate(table.names)
    ]
    column.dataframe(pd.DataFrame(lines), hide_index=True)
    return figure


def _below(share: float) -> str:
    """Four decimals, never rounded up to 1."""
    return f"{np.floor(1e4 * share) / 1e4:.4f}"
