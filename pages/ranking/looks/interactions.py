"""How much every two inputs do together that neither does alone, over the data."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers.figures.importance.interaction_matrix import interaction_matrix
from explainers.figures.text.labels import number
from explainers.figures.text.sentences import escape_markdown, italic_name
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.over_rows.interactions import Interactions
from pages.ranking.lines import order
from pages.ranking.question import Question
from pages.state import cases, progress
from pages.viewers.chart import chart

MOST = 12
"""Inputs whose pairs are asked for: the first of the table."""
LITTLE, NOTHING = 0.01, 1e-6
"""Shares of the variance that are not much, and none."""


def section(question: Question, prediction: Answer, table: StoredTable, asked: Importance) -> None:
    """Draw the matrix of interactions, after a sentence on the strongest pair."""
    many = len(table.names)
    chosen = tuple(sorted(int(place) for place in order(table)[:MOST]))
    task = Interactions(question.rows, chosen, asked.output, asked.groups)
    evaluations = task.cost((many,))
    seconds = evaluations * float(prediction[0]["seconds_per_row"])
    key = f"interactions_{task.digest()[:16]}"
    if not cases.may_run(seconds, key):
        cases.offer("Find them", evaluations, seconds, key)
        return
    answer = progress.finished(task, "interactions")
    if answer is None:
        return
    names, (_, arrays) = answer[0]["names"], answer
    st.markdown(_sentence(names, arrays["index"], arrays["low"], arrays["high"]))
    if len(chosen) < many:
        st.caption(f"Of the {len(chosen)} inputs that come first, of {many}.")
    figure = interaction_matrix(
        names,
        arrays["index"].astype(np.float64),
        "share of the output's variance that a pair makes together",
        signed=False,
        error=arrays["error"].astype(np.float64),
    )
    with st.container(key="wide_interactions"):
        chart(figure, figure.layout.meta["alt"], "interactions")
    st.caption(
        "The variance of all that depends on both inputs at once, whatever else it depends on "
        "(total interaction index). 0: their effects only add up. A share in three inputs counts "
        "in each of their pairs."
    )
    for note in answer[0]["notes"]:
        st.caption(f":material/info: {escape_markdown(note)}")


def _sentence(names: list[str], index: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    place = int(np.argmax(np.triu(index, 1)))
    one, other = divmod(place, len(names))
    share = float(index[one, other])
    if not share > NOTHING:
        return "No two inputs do anything together: their effects add up."
    low_end, high_end = (number(100 * float(end[one, other]), 2) for end in (low, high))
    start = "" if share > LITTLE else "No two inputs do much together. "
    return (
        f"{start}{italic_name(names[one])} and {italic_name(names[other])} do most: "
        f"{number(100 * share, 2)} % of the output's variance (95 % interval {low_end} to "
        f"{high_end} %) comes from both at once."
    )
