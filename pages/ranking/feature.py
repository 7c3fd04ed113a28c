"""All that is known of one input: every method's number for it, and how the output follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explainers.figures.importance.profile_curves import profile_curves
from explainers.figures.importance.slopes import slope_scatter
from explainers.figures.text.labels import number
from explainers.figures.text.sentences import italic_name
from explainers.figures.text.words import percent
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from pages.ranking.lines import agreed, order
from pages.ranking.looks import curves
from pages.ranking.notes import unit_of
from pages.ranking.question import Question, values_of
from pages.state import address
from pages.viewers.chart import chart

if TYPE_CHECKING:
    import pandas as pd

PARTIAL, PROFILE = "The mean and single rows", "The others held together"


def section(question: Question, prediction: Answer, table: StoredTable, asked: Importance) -> None:
    """Draw the choice of an input, its numbers, and how the output follows it."""
    output = asked.output
    names = [table.names[place] for place in order(table)]
    name = address.select(st.selectbox, "feature", names, names[0], label="Input")
    place = table.names.index(name)
    low, high, _ = agreed(table)
    many = len(names)
    where = f"{low[place]}" if low[place] == high[place] else f"{low[place]} to {high[place]}"
    st.markdown(f"{italic_name(name)} is for sure at rank {where} of {many}.")
    st.dataframe(_numbers(table, place), hide_index=True)
    if question.one == "sequence":
        return
    st.markdown("**How the output follows it**")
    ways = [PARTIAL, PROFILE] if "profile" in table.methods else [PARTIAL]
    way = PARTIAL
    if len(ways) > 1:
        way = address.select(
            st.segmented_control,
            "curves",
            ways,
            PROFILE,
            label="Curves",
            label_visibility="collapsed",
            required=True,
            help="Partial dependence with individual curves, or Lek's profile.",
        )
    if way == PARTIAL:
        curves.section(question, prediction, asked, place, name)
    else:
        _profile(question, prediction, table, place, output)
    if "partial_derivatives" in table.methods:
        _slopes(question, prediction, table, place, output)


def _numbers(table: StoredTable, place: int) -> pd.DataFrame:
    """Every method's number for the input, with interval and rank."""
    import pandas as pd

    few = min(3, len(table.names))
    lines = []
    for method, key in enumerate(table.methods):
        low, high = table.low[method, place], table.high[method, place]
        first, last = table.rank_low[method, place], table.rank_high[method, place]
        rank = f"{table.rank[method, place]}"
        sources = [
            f"{words} ± {number(table.sources[name][method, place], 2)}"
            for name, words in SOURCES.items()
            if table.sources[name][method, place] > 0
        ]
        lines.append(
            {
                "Method": IMPORTANCE[key].name,
                "Number": number(table.values[method, place]),
                "95 % interval": f"{number(low)} to {number(high)}" if low < high else "none",
                "Rank": rank if first == last else f"{rank} ({first}–{last})",
                f"Among the first {few}": percent(float(table.top(few)[method, place])),
                "Doubt from": ", ".join(sources),
                "Unit": unit_of(table, key),
            }
        )
    return pd.DataFrame(lines)


SOURCES = {"monte_carlo": "draws", "sample": "other rows", "training": "other training"}


def _profile(
    question: Question, prediction: Answer, table: StoredTable, place: int, output: int
) -> None:
    """Lek's profile over the spread of the input's values."""
    details, name = table.details["profile"], table.names[place]
    grid, curves = details["grid"][place], details["curves"][place]
    names = list(question.model.spec.columns)
    data = values_of(question, prediction, name)
    quantiles = details.get("quantiles")
    if quantiles is None:
        held, measured = [f"point {number + 1}" for number in range(len(curves))], None
    else:
        held = [QUANTILES.get(round(float(q), 2), f"quantile {q:g}") for q in quantiles]
        measured = held.index("median") if "median" in held else None
    figure = profile_curves(
        name,
        grid,
        curves,
        held,
        data,
        question.names(prediction)[output],
        measured,
        np.asarray(details["far"]),
        shares=name not in names or question.one != "row",
    )
    chart(figure, figure.layout.meta["alt"], f"profile_{place}")


def _slopes(
    question: Question, prediction: Answer, table: StoredTable, place: int, output: int
) -> None:
    """The slope by the input against its value, a point a row."""
    details, name = table.details["partial_derivatives"], table.names[place]
    points, slopes = details.get("points"), details.get("slopes")
    if points is None or slopes is None or name not in question.model.spec.columns:
        return
    if np.ndim(points) != 2 or np.shape(points)[1] != len(table.names):
        return
    numbers = prediction[1]["rows"][details["rows"]]
    figure = slope_scatter(
        name, points[:, place], slopes[:, place], numbers, question.names(prediction)[output]
    )
    st.markdown("**How steeply, row by row**")
    chart(figure, figure.layout.meta["alt"], f"slopes_{place}")


QUANTILES = {0.0: "minimum", 0.25: "lower quartile", 0.5: "median", 0.75: "upper quartile"}
QUANTILES[1.0] = "maximum"
