"""The rows themselves, the worst answered first; each leads to its explanation."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explainers.kinds import sequence as sequence_kind
from explainers.kinds import series as series_kind
from explainers.service.tasks import Answer
from pages.ranking.question import Question
from pages.state import address
from pages.widgets import files

MOST = 1000


def section(question: Question, prediction: Answer, output: int) -> None:
    """Draw the rows with their answers and truth; one that is chosen can be explained."""
    facts, arrays = prediction
    answers = arrays["answers"][:, output].astype(np.float64)
    columns: dict[str, Any] = {f"Answer: {question.names(prediction)[output]}": answers}
    order = np.argsort(-answers, kind="stable")
    if "truth" in arrays:
        levels = facts["levels"]
        truth = arrays["truth"]
        columns["Truth"] = [levels[int(t)] for t in truth] if levels else truth
        if question.model.spec.answers == "numbers":
            columns["Off by"] = off = np.abs(answers - truth)
            order = np.argsort(-off, kind="stable")
    listed(question, prediction, columns, order, output, "why the network answers as it does there")


def listed(
    question: Question,
    prediction: Answer,
    columns: dict[str, Any],
    order: np.ndarray,
    output: int,
    what: str,
) -> None:
    """Draw some rows as a table; one that is chosen can be explained.

    Parameters
    ----------
    question : Question
    prediction : Answer
    columns : dict of array-like, shape (N,)
        What stands beside the rows' numbers.
    order : ndarray of int
        Which of the rows are listed, the first on top.
    output : int
        Which output the explanation is of.
    what : str
        What there is to see then, after "Choose a row to see".
    """
    import pandas as pd

    one = question.one
    numbers = {one.capitalize(): numbers_of(question, prediction[1]["rows"])}
    shown = pd.DataFrame(numbers | columns).iloc[order[:MOST]]
    st.caption(
        f"Choose a {one if one == 'row' else 'row of the table'} to see {what}."
        + ("" if len(order) <= MOST else f" The first {MOST:,} of {len(order):,} are listed.")
    )
    # Another list, or the same in another order, keeps no choice of a line.
    key = f"rows_listed_{output}_{len(order)}_{'_'.join(columns)}"
    chosen = st.dataframe(
        shown,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        height=min(400, 38 + 35 * max(1, len(shown))),
    )
    picked = chosen["selection"]["rows"]
    if picked and picked[0] < len(shown):
        number = int(shown.iloc[picked[0], 0])
        if st.button(f"Explain {one} {number}", type="primary", icon=":material/search:"):
            # Sequences are chosen by their place in the file, which people do not see.
            address.set_choices({one: number - (one == "sequence"), "target": output})
            st.switch_page("pages/explain.py")


def numbers_of(question: Question, places: np.ndarray) -> np.ndarray:
    """What people call the rows or series: their numbers, from 1."""
    if question.one == "row":
        return places + 1
    kind = question.model.spec.kind
    content = files.content(kind, question.chosen.data)
    place_of = series_kind.place_of if kind == "series" else sequence_kind.place_of
    return np.array([place_of(content, int(place))[0] + 1 for place in places])
