"""Over many rows of a table: which features matter overall, and how their values act."""

import numpy as np
import streamlit as st

from explainers.figures.spread import beeswarm, dependence_plot
from explainers.figures.tables import global_bars
from explainers.importance.uncertainty.intervals import mean_with_interval
from explainers.kinds import encoding
from explainers.service.tasks import InputRef
from explainers.service.tasks.explain_rows import ExplainRows
from pages.kinds import table_columns
from pages.state import address, cases
from pages.state.cases import Case
from pages.viewers.chart import chart

ROWS = (50, 200, 1000)


def section(case: Case, key: str) -> None:
    """Draw the choice of how many rows, and what the attributions of all of them say."""
    if not case.task.input.file:
        return
    st.markdown("### Over many rows")
    rows = address.select(
        st.segmented_control,
        "rows",
        list(ROWS),
        ROWS[0],
        label="Rows",
        required=True,
        format_func=lambda count: f"{count:,} rows",
    )
    task = ExplainRows(case.task.replace(input=InputRef(case.task.input.file)), rows)
    passes = case.passes(task)
    slot = cases.slot_of(task, key)
    if not cases.may_run(case.seconds(task), slot):
        cases.offer("Explain them", passes, case.seconds(task), slot)
        return
    answers = cases.answers({slot: task}, "Explaining rows")
    if answers is None:
        return
    facts, arrays = answers[slot]
    names, scores, values = _by_column(case, arrays["scores"], arrays["inputs"])
    signed = facts["signed"]
    mean, low, high = mean_with_interval(scores)
    best = names[int(np.argmax(mean))]
    alt = f"Mean strength of the contributions in {len(scores)} rows; {best} has the largest."
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Which features matter**")
        chart(global_bars(names, mean, low, high), alt, f"{key}_bars")
        st.caption(f"Mean of |contribution| over {len(scores)} rows, with 95 % intervals.")
    with right:
        st.markdown("**How their values act**")
        chart(beeswarm(names, scores, values), f"Contributions by row. {alt}", f"{key}_swarm")
    if not signed:
        return
    name = address.select(
        st.selectbox, "depends", names, best, label="Contribution against value of"
    )
    place = names.index(name)
    chart(
        dependence_plot(name, values[:, place], scores[:, place]),
        f"Contribution of {name} against its value.",
        f"{key}_dependence",
    )


def _by_column(
    case: Case, scores: np.ndarray, inputs: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, scores and values (rows, columns): what one column of text became is one feature.

    Its score is the sum of theirs, its value the place of the one that is 1.
    """
    facts, names = table_columns.facts_of(case), list(case.task.model.columns)
    groups = encoding.groups(facts, names)
    values = [inputs[:, g[0]] if len(g) == 1 else inputs[:, g].argmax(1) for g in groups]
    summed = [scores[:, group].sum(1) for group in groups]
    columns = [encoding.source(facts, names[group[0]])[0] for group in groups]
    return columns, np.stack(summed, axis=1), np.stack(values, axis=1)
