"""A network whose weights say something else than its answers: NeuralNetTools' own example."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers.figures import truth
from explainers.figures.text.labels import number
from explainers.figures.text.sentences import escape_markdown
from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.service.tasks.importance import Importance
from pages.ranking import pictures
from pages.state import cases
from pages.stories.importance.asking import PAGE, WAITING, importance, link
from pages.stories.story import Story, Tables
from pages.viewers.chart import chart

KEY, MODEL = "weights", "two_units"
METHODS = (
    "connection_weights",
    "garson",
    "jacobian",
    "partial_derivatives",
    "input_perturbation",
    "permutation",
)
GOH = "goh"
WAYS = {
    "Connection weights": "connection_weights",
    "Garson, weighted": "garson",
    "Garson, as in R": GOH,
    "Slopes": "jacobian",
    "Noise": "input_perturbation",
    "Shuffling": "permutation",
}
SQUARED = ("permutation",)
"""Methods whose numbers are squares; their roots are compared with the others."""


def story() -> Story:
    """The question and its three sentences."""
    return Story(
        KEY,
        "Can you read it off the weights?",
        (
            "Two inputs, two hidden units: the example by which a well-known package shows how to "
            "rank inputs by the network's weights.",
            "Three formulas read the weights; three other methods ask the network what it answers "
            "when an input changes.",
            "They do not agree, and here it can be seen who is right.",
        ),
        (),
        link(MODEL, METHODS, closer="The network"),
        known=True,
        page=PAGE,
    )


def tasks() -> dict[str, Importance]:
    """All methods, and Garson's by the formula of NeuralNetTools."""
    goh = importance(MODEL, ("garson",), options={"garson": {"variant": GOH}})
    return {KEY: importance(MODEL, METHODS), f"{KEY} {GOH}": goh}


def ratios(table: StoredTable, goh: StoredTable) -> dict[str, float]:
    """How many times as much the first input matters as the second, by each way."""
    found = {}
    for name, key in WAYS.items():
        values = goh.values[0] if key == GOH else table.values[table.methods.index(key)]
        ratio = float(np.abs(values[0]) / np.abs(values[1]))
        found[name] = ratio**0.5 if key in SQUARED else ratio
    return found


def section() -> Tables | None:
    """The network, the ratios, and why they differ."""
    asked = tasks()
    answers = cases.answers(asked, WAITING)
    if answers is None:
        return None
    table, goh = (StoredTable.of(*answer) for answer in answers.values())
    found, key = ratios(table, goh), demos()[MODEL].card["key"]
    left, right = st.columns([4, 5], gap="large")
    with left:
        pictures.network(answers[KEY], table.names, demos()[MODEL].outputs)
    times = "times as much as x2"
    figure = truth.side_by_side(list(found), {"x1 matters": list(found.values())}, times, 330)
    with right:
        chart(figure, figure.layout.meta["alt"], "weights_ratios")
    weights, slopes = found["Connection weights"], found["Slopes"]
    st.markdown(
        f"**By its weights x1 matters {number(weights)} times as much as x2; by its slopes "
        f"{number(slopes)} times.** Worked out by hand it is {number(key['weights'])} and "
        f"{number(key['slopes'])}.\n\n"
        "The first hidden unit has large weights and a larger bias: it answers at least "
        f"{number(key['least_answer_of_the_first_unit'], 5)} of 1 whatever the inputs are, so its "
        "weights change nothing. Formulas of weights count them all the same; what asks the "
        "network does not. (Shuffling measures squares, so its root is compared.)"
    )
    saturated = [note for note in table.notes if "hidden units" in note]
    if saturated:
        st.caption(f"What Evident says of its own accord: “{escape_markdown(saturated[0])}”")
    away = {
        "All methods": (asked[KEY], table),
        "Garson, as in R": (asked[f"{KEY} {GOH}"], goh),
    }
    return Tables(away, {"How much more the first input matters": figure})
