"""What correlated measurements hide from each other when they are shuffled one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures.importance.importance_bars import importance_bars
from explainers.figures.text.labels import number
from explainers.figures.text.quality import quality_sentence
from explainers.importance.tables.stored import StoredTable
from explainers.kinds import features
from explainers.models.zoo.demos import demos
from explainers.service.tasks.importance import Importance
from pages.ranking.notes import unit_of
from pages.stories.correlated import CORRELATED
from pages.stories.importance.asking import PAGE, importance, link, tables
from pages.stories.story import Story, Tables
from pages.viewers.chart import chart

if TYPE_CHECKING:
    import plotly.graph_objects as go

KEY, MODEL = "together", "diabetes"
SHUFFLED = "permutation"
METHODS = (SHUFFLED, "partial_derivatives")


def story() -> Story:
    """The question and its three sentences."""
    return Story(
        KEY,
        "What do they hide from each other?",
        (
            "Several of ten measurements of diabetes patients tell nearly the same; which of them "
            "does the estimate of the disease after a year rest on?",
            "Shuffle one measurement among the patients and see how much worse the estimates get: "
            "that is its importance, if the others cannot stand in for it.",
            "Here they can, so the measurements that go together must also be shuffled together.",
        ),
        (),
        link(MODEL, (SHUFFLED, "jacobian", "shapley_effects"), together="true"),
        known=True,
        page=PAGE,
    )


def tasks() -> dict[str, Importance]:
    """Each measurement by itself."""
    return {KEY: importance(MODEL, METHODS)}


def alike(table: StoredTable) -> list[str]:
    """The largest set of measurements that correlations join."""
    # Points of the plot of slopes are the rows themselves.
    values = np.asarray(table.details["partial_derivatives"]["points"], dtype=np.float64)
    return max(features.correlated_groups(values, list(table.names), CORRELATED), key=len)


def tasks_together(names: list[str]) -> dict[str, Importance]:
    """Those measurements as one."""
    places = [list(demos()[MODEL].spec.columns).index(name) for name in names]
    title = f"all {len(names)} together"
    return {f"{KEY} group": importance(MODEL, (SHUFFLED,), groups={title: places})}


def rises(table: StoredTable, grouped: StoredTable, names: list[str]) -> tuple[float, float, float]:
    """How much the error rises: the most by one of them, by each in turn in all, by all at once."""
    line = table.values[table.methods.index(SHUFFLED)]
    single = [float(line[table.names.index(name)]) for name in names]
    (together,) = (
        float(value)
        for value, name in zip(grouped.values[0], grouped.names, strict=True)
        if name not in table.names
    )
    return max(single), sum(single), together


def section() -> Tables | None:
    """Shuffled alone and together."""
    asked = tasks()
    found = tables(asked)
    if found is None:
        return None
    table = found[KEY]
    names = alike(table)
    asked_at_once = tasks_together(names)
    grouped = tables(asked_at_once)
    if grouped is None:
        return None
    together = grouped[f"{KEY} group"]
    left, right = st.columns(2, gap="large")
    place = table.methods.index(SHUFFLED)
    end = 1.05 * max(table.high[place].max(), together.high[0].max())
    alone, as_one = "Shuffled one at a time", f"The {len(names)} that go together as one"
    charts = {
        alone: _bars(left, alone, table, place, end),
        as_one: _bars(right, as_one, together, 0, end),
    }
    rows = len(table.details["partial_derivatives"]["points"])
    most, added, at_once = rises(table, together, names)
    st.markdown(
        f"{quality_sentence(table.quality, rows)[0]}\n\n"
        f"Correlated with each other, directly or through others (|r| above {CORRELATED}): "
        f"{', '.join(names)}. Shuffled one at a time they raise the squared error by "
        f"{number(most)} at most, and by {number(added)} if all are added up; shuffled at once, by "
        f"**{number(at_once)}**. A short bar on the left may only mean that others say it too: "
        "rank such measurements together, and say so beside the ranking."
    )
    away = {alone: (asked[KEY], table), as_one: (asked_at_once[f"{KEY} group"], together)}
    return Tables(away, charts)


def _bars(
    column: DeltaGenerator, title: str, table: StoredTable, place: int, end: float
) -> go.Figure:
    """One method's bars, on an axis that ends at `end`; the chart."""
    figure = importance_bars(
        table.names,
        table.values[place],
        table.low[place],
        table.high[place],
        unit_of(table, SHUFFLED),
        signed=False,
    )
    lowest = figure.layout.xaxis.range[0]
    figure.update_xaxes(range=[lowest, end])
    column.markdown(f"**{title}**")
    with column:
        chart(figure, f"{title}. {figure.layout.meta['alt']}", f"together_{len(table.names)}")
    return figure
