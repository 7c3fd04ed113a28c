"""A closer look at the table, one at a time."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers.figures.importance.importance_bars import importance_bars
from explainers.figures.text.sentences import escape_markdown
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from pages.ranking import feature, notes, pictures, rows
from pages.ranking.lines import MOST_SHOWN, ONE_INPUT
from pages.ranking.looks import interactions, plausibility, receipts, together, units
from pages.ranking.question import Question
from pages.state import address
from pages.viewers.chart import chart

NUMBERS, INPUT, AGREEMENT = "Numbers of a method", ONE_INPUT, "Agreement"
SLOPES, LAGS, NETWORK, ROWS = "Slopes", "Lags", "The network", "Rows"
PLAUSIBLE, TOGETHER, UNITS = "Plausibility", "Interactions", "Hidden units"
RECEIPTS, GROUPS = "Consistency", "Correlated inputs"


def section(
    question: Question, prediction: Answer, answer: Answer, table: StoredTable, asked: Importance
) -> None:
    """Draw the choice of a closer look, and that."""
    several, output = len(table.names) > 1, asked.output
    looks = [NUMBERS, INPUT]
    looks += [PLAUSIBLE] if question.one != "sequence" else []
    looks += [TOGETHER] if several else []
    alike = together.groups(question, asked)
    looks += [GROUPS] if alike else []
    looks += [SLOPES] if "jacobian" in table.methods else []
    looks += [LAGS] if pictures.with_lags(table) else []
    looks += [NETWORK] if "diagram" in answer[0] else []
    looks += [UNITS] if units.layers_of(table) else []
    looks += [AGREEMENT] if len(table.methods) > 1 and several else []
    looks += [RECEIPTS, ROWS]
    st.header("Look closer", anchor=False)
    chosen = address.select(
        st.segmented_control,
        "closer",
        looks,
        NUMBERS,
        label="Look closer",
        label_visibility="collapsed",
        required=True,
    )
    if chosen == NUMBERS:
        _numbers(table)
    elif chosen == INPUT:
        feature.section(question, prediction, table, asked)
    elif chosen == PLAUSIBLE:
        plausibility.section(question, prediction, table, asked)
    elif chosen == TOGETHER:
        interactions.section(question, prediction, table, asked)
    elif chosen == GROUPS:
        together.section(question, prediction, table, asked, alike)
    elif chosen == AGREEMENT:
        pictures.agreement(table)
    elif chosen == SLOPES:
        pictures.slopes(table, question.names(prediction))
    elif chosen == LAGS:
        pictures.lags(table)
    elif chosen == NETWORK:
        pictures.network(answer, question.model.spec.columns, question.names(prediction))
    elif chosen == UNITS:
        units.section(question, prediction, table, output)
    elif chosen == RECEIPTS:
        receipts.section(prediction, asked)
    else:
        rows.section(question, prediction, output)


def _numbers(table: StoredTable) -> None:
    """One method's numbers with their intervals; a click on a bar leads to its input."""
    methods = list(table.methods)
    method = address.select(
        st.selectbox,
        "measure",
        methods,
        methods[0],
        label="Method",
        format_func=lambda name: IMPORTANCE[name].name,
    )
    entry, place = IMPORTANCE[method], methods.index(method)
    values = table.values[place]
    st.markdown(entry.says)
    figure = importance_bars(
        table.names,
        values,
        table.low[place],
        table.high[place],
        notes.unit_of(table, method),
        entry.signed,
        MOST_SHOWN,
        ascending=entry.ranks,
    )
    order = np.argsort(values if entry.ranks else -np.abs(values), kind="stable")

    def opened(bar: int) -> None:
        address.set_choices({"closer": INPUT, "feature": table.names[order[bar]]})

    chart(figure, figure.layout.meta["alt"], f"bars_{method}", opened)
    st.caption("Click a bar for all that is known of its input.")
    st.caption(f"When it misleads: {entry.misleads}")
    for note in table.remarks.get(method, ()):
        st.caption(f":material/info: {escape_markdown(notes.on_page(note))}")
