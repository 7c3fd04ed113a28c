"""Does the network make sense: expected signs and ranges, and the rows that violate them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explainers.figures.importance.slopes import slope_scatter
from explainers.figures.text.sentences import escape_markdown
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.over_rows.plausibility import Plausibility, expectation_of
from pages.ranking import rows
from pages.ranking.looks import expected
from pages.ranking.question import Question, values_of
from pages.state import address, cases, progress
from pages.viewers.chart import chart


def section(question: Question, prediction: Answer, table: StoredTable, asked: Importance) -> None:
    """Draw what is expected, whether it holds, and the rows in which it does not."""
    outputs = question.names(prediction)
    st.markdown("What should the output do when an input rises? The slope in every row is checked.")
    given = expected.declare(table.names, outputs)
    if not given:
        st.caption(
            "Choose it for at least one input. It then stands in the link, and every row that "
            "violates it is listed."
        )
        return
    task = Plausibility(question.rows, tuple(given), asked.output, asked.groups)
    evaluations = prediction[0]["rows"] * task.OF_ROW
    seconds = evaluations * float(prediction[0]["seconds_per_row"])
    key = f"plausible_{task.digest()[:16]}"
    if not cases.may_run(seconds, key):
        cases.offer("Check it", evaluations, seconds, key)
        return
    answer = progress.finished(task, "plausibility")
    if answer is not None:
        _verdicts(question, prediction, asked.output, answer)


def _verdicts(question: Question, prediction: Answer, output: int, answer: Answer) -> None:
    checks, arrays = answer[0]["checks"], answer[1]
    shares = [len(arrays[f"violated/{place}"]) for place in range(len(checks))]
    order = sorted(range(len(checks)), key=lambda place: -shares[place])
    broken = sum(count > 0 for count in shares)
    many = len(checks)
    st.markdown(
        f"#### {'All' if many > 1 else 'It'} {many if many > 1 else ''} hold{'s' * (many == 1)} "
        "in every row"
        if not broken
        else f"#### {broken} of {many} do{'es' * (broken == 1)} not hold in every row"
    )
    said = {place: _sentence(question, prediction, output, answer, place) for place in order}
    for place in order:
        mark = ":red[:material/close:]" if shares[place] else ":green[:material/check:]"
        st.markdown(f"{mark} {escape_markdown(said[place])}")
    for note in answer[0]["notes"]:
        st.caption(f":material/info: {escape_markdown(note)}")
    place = order[0]
    if many > 1:
        place = address.select(
            st.selectbox,
            "checked",
            order,
            order[0],
            label="Look at",
            format_func=lambda place: said[place].partition(":")[0],
        )
    _rows_of(question, prediction, output, answer, place)


def _sentence(
    question: Question, prediction: Answer, output: int, answer: Answer, place: int
) -> str:
    """What became of one expectation, the row called by its number in the file."""
    check: dict[str, Any] = answer[0]["checks"][place]
    slopes, violated = answer[1][f"slopes/{place}"], answer[1][f"violated/{place}"]
    worst, slope = "", 0.0
    if len(violated):
        numbers = rows.numbers_of(question, prediction[1]["rows"][violated[:1]])
        worst, slope = f"{question.one} {numbers[0]:,}", float(slopes[violated[0]])
    names = question.names(prediction)
    about = names[output if check["output"] is None else check["output"]]
    text = expectation_of(check).verdict(
        len(slopes),
        len(violated),
        check["flat"],
        worst,
        slope,
        about if len(names) > 1 else "the output",
    )
    return text if question.one == "row" else text.replace(" rows", " series")


def _rows_of(
    question: Question, prediction: Answer, output: int, answer: Answer, place: int
) -> None:
    """The slopes of one expectation against the input's values, and the rows that violate it."""
    check: dict[str, Any] = answer[0]["checks"][place]
    slopes, violated = answer[1][f"slopes/{place}"], answer[1][f"violated/{place}"]
    name, about = check["name"], output if check["output"] is None else check["output"]
    names, held = question.names(prediction), expectation_of(check)
    columns: dict[str, Any] = {"Slope": slopes.astype(np.float64)}
    columns[f"Answer: {names[about]}"] = prediction[1]["answers"][:, about].astype(np.float64)
    values = values_of(question, prediction, name)
    if values is not None:
        columns = {name: values, **columns}
        figure = slope_scatter(
            name,
            values,
            slopes,
            prediction[1]["rows"],
            names[about],
            (held.low, held.high),
        )
        chart(figure, figure.layout.meta["alt"], f"plausible_{place}")
    if len(violated):
        st.markdown(f"**Where it does not hold, the worst first** ({len(violated):,})")
        rows.listed(question, prediction, columns, violated, about, "why it is so there")
    if held.sign == "0" and len(violated):
        st.caption(
            "An input that must not matter is also given the values of five other rows: a network "
            "may jump where it has no slope."
        )
