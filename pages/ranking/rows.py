"""The rows themselves, the worst answered first; each leads to its explanation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

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
    columns: dict[str, Any] = {
        "Row" if question.one == "row" else "Series": _numbers(question, arrays["rows"])
    }
    columns[f"Answer: {question.names(prediction)[output]}"] = answers
    order = np.argsort(-answers, kind="stable")
    if "truth" in arrays:
        levels = facts["levels"]
        truth = arrays["truth"]
        columns["Truth"] = [levels[int(t)] for t in truth] if levels else truth
        if question.model.spec.answers == "numbers":
            columns["Off by"] = off = np.abs(answers - truth)
            order = np.argsort(-off, kind="stable")
    shown = pd.DataFrame(columns).iloc[order[:MOST]]
    st.caption(
        "Choose a row to see why the network answers as it does there."
        + ("" if len(order) <= MOST else f" The first {MOST:,} of {len(order):,} are listed.")
    )
    chosen = st.dataframe(
        shown, hide_index=True, on_select="rerun", selection_mode="single-row", key="rows_listed"
    )
    picked = chosen["selection"]["rows"]
    if picked:
        number = int(shown.iloc[picked[0], 0])
        one = question.one
        if st.button(f"Explain {one} {number}", type="primary", icon=":material/search:"):
            address.set_choices({one: number, "target": output})
            st.switch_page("pages/explain.py")


def _numbers(question: Question, places: np.ndarray) -> np.ndarray:
    """What people call the rows or series: their numbers, from 1."""
    if question.one == "row":
        return places + 1
    content = files.content("series", question.chosen.data)
    return np.array([series_kind.place_of(content, int(place))[0] + 1 for place in places])
