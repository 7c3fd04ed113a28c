"""Partial dependence of the output on one input, over the curves of single rows."""

from __future__ import annotations

import streamlit as st

from explainers.figures.importance.individual_curves import individual_curves
from explainers.service.tasks import Answer
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.over_rows.dependence import Dependence
from pages.ranking import rows
from pages.ranking.question import Question, values_of
from pages.state import address, cases, progress
from pages.viewers.chart import chart


def section(
    question: Question, prediction: Answer, asked: Importance, place: int, name: str
) -> None:
    """Draw how the mean output follows an input, and how single rows do.

    Parameters
    ----------
    question : Question
    prediction : Answer
    asked : Importance
    place : int
        The input's number among the features.
    name : str
    """
    task = Dependence(question.rows, place, asked.output, asked.groups)
    evaluations = prediction[0]["rows"] * task.points
    seconds = evaluations * float(prediction[0]["seconds_per_row"])
    key = f"curves_{task.digest()[:16]}"
    if not cases.may_run(seconds, key):
        cases.offer("Draw them", evaluations, seconds, key)
        return
    answer = progress.finished(task, "curves")
    if answer is None:
        return
    arrays = answer[1]
    centred = address.widget(
        st.toggle,
        "centred",
        default=False,
        label="Start all rows at 0",
        help="Then curves that are not parallel stand out: there the input's effect depends on "
        "the others.",
    )
    figure = individual_curves(
        name,
        arrays["grid"],
        arrays["curves"],
        arrays["mean"],
        arrays["low"],
        arrays["high"],
        values_of(question, prediction, name),
        _about(question, prediction, asked.output),
        rows.numbers_of(question, prediction[1]["rows"]) - 1,
        centred,
        answer[0]["shares"],
    )
    chart(figure, figure.layout.meta["alt"], f"curves_{place}")
    st.caption(
        "Every row keeps its other values while this input runs. Where curves are not parallel, it "
        "acts together with others, and the mean hides it; where there are no rows, below, the "
        "curves only say what the network would do."
    )


def _about(question: Question, prediction: Answer, output: int) -> str:
    """What the curves are, in words."""
    name = question.names(prediction)[output]
    logit = question.model.spec.answers in ("classes", "labels")
    return f"logit of {name}" if logit else name
