"""Columns that go together, each by itself and as one: what one of them hides in another."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.figures.importance.importance_bars import importance_bars
from explainers.figures.text.sentences import italic_name
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from pages.ranking import cost, grouping, notes
from pages.ranking.lines import MOST_SHOWN
from pages.ranking.question import Question
from pages.state import address, cases, progress
from pages.viewers.chart import chart

FAIR = ("permutation", "input_perturbation", "sobol", "shapley_effects")
"""Methods whose numbers for a column and for a group of them can be compared."""


def groups(question: Question, asked: Importance) -> list[list[str]]:
    """The correlated groups of columns that are not yet one feature."""
    if question.one != "row":
        return []
    grouped = {place for group in asked.groups.values() for place in group}
    names = list(question.model.spec.columns)
    found = [
        [name for name in group if names.index(name) not in grouped]
        for group in grouping.correlated(question.model, question.chosen)
    ]
    return [group for group in found if len(group) > 1]


def section(
    question: Question,
    prediction: Answer,
    table: StoredTable,
    asked: Importance,
    found: Sequence[Sequence[str]],
) -> None:
    """Draw the single importances beside those of the groups."""
    methods = [key for key in FAIR if key in table.methods]
    if not methods:
        names = ", ".join(IMPORTANCE[key].name for key in FAIR)
        st.info(f"Add one of these methods in the settings, to compare them with groups: {names}.")
        return
    method = address.select(
        st.selectbox,
        "together_by",
        methods,
        methods[0],
        label="Method",
        format_func=lambda key: IMPORTANCE[key].name,
    )
    units = grouping.units_of(question.model.spec.columns, asked.groups)
    own = {key: options for key, options in asked.options.items() if key == method}
    joined = asked.groups | grouping.as_groups(found, units)
    task = asked.replace(methods=(method,), options=own, groups=joined)
    evaluations = sum(task.costs(prediction[0]["rows"], prediction[0]["columns"]).values())
    seconds = cost.seconds_of([evaluations], prediction[0])
    key = f"together_{task.digest()[:16]}"
    if not cases.may_run(seconds, key):
        cases.offer("Ask about them as one", evaluations, seconds, key)
        return
    answer = progress.finished(task, "together")
    if answer is None:
        return
    whole, line = StoredTable.of(*answer), table.methods.index(method)
    for group in found:
        st.markdown(_sentence(group, table, line, whole))
    unit = notes.unit_of(whole, method)
    end = max(float(table.high[line].max()), float(whole.high[0].max())) or 1.0
    for title, each, at in (("Each by itself", table, line), ("Together", whole, 0)):
        st.markdown(f"**{title}**")
        figure = importance_bars(
            each.names,
            each.values[at],
            each.low[at],
            each.high[at],
            unit,
            IMPORTANCE[method].signed,
            MOST_SHOWN,
        )
        low = figure.layout.xaxis.range[0]
        figure.update_xaxes(range=[low, 1.05 * end])
        chart(figure, figure.layout.meta["alt"], f"together_{title}")
    st.caption(
        "Where columns go together (|r| above 0.7), the network may use any of them, and one alone "
        "says little of what they are worth. “Correlated columns count as one” ranks them so in "
        "the whole table; other groups are made by hand, both in the settings."
    )


def _sentence(group: Sequence[str], apart: StoredTable, line: int, whole: StoredTable) -> str:
    """The ranks of a group's members by themselves, and of the group."""
    name = " + ".join(group)
    place = whole.names.index(name)
    singles = [int(apart.rank[line, apart.names.index(member)]) for member in group]
    ranks = ", ".join(
        f"{italic_name(member)} {rank}" for member, rank in zip(group, singles, strict=True)
    )
    return (
        f"As one they are at rank {int(whole.rank[0, place])} of {len(whole.names)}; each by "
        f"itself, of {len(apart.names)}: {ranks}."
    )
