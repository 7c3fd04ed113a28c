"""The scale of a table's columns: whether the network wants another, and which."""

from dataclasses import replace

import numpy as np
import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import percent
from explainers.kinds import Facts, encoding, scaling
from explainers.models.spec import ModelSpec
from explainers.service.tasks.scale import Scale
from explainers.service.tasks.task import InputRef
from pages.state import address, progress, service
from pages.state.chosen import ChosenInput

_OFFER = (
    "If it was trained on standardised columns, switch that on below; if it was trained on the "
    "columns as they are, leave it off."
)


def doubt(spec: ModelSpec, chosen: ChosenInput, columns: list[str]) -> str:
    """Why the network may want standardised columns, in words; "" where nothing speaks for it."""
    try:
        job = service.job(Scale(spec, InputRef(chosen.data)), "scale")
    except Problem:
        return ""  # the explanation says so itself
    if not job.over:
        progress.watch(job, "scale", compact=True)
        return ""
    answer = service.answer(job)
    if answer is None:
        return ""
    facts = answer[0]
    if facts["same_class"]:
        return (
            "This network is sure of one and the same class for nearly every row of this table; "
            f"with standardised columns, the rows get different classes. {_OFFER}"
        )
    if facts["column"] >= 0:
        column = escape_markdown(columns[facts["column"]])
        return (
            f"*{column}* alone carries {percent(facts['share'])} of what moves "
            "this network's answers, and its numbers vary most; with standardised columns, no "
            f"column does. {_OFFER}"
        )
    return ""


def pick(spec: ModelSpec, values: np.ndarray, facts: Facts) -> ModelSpec:
    """Draw the choice of a scale; the model with it.

    Parameters
    ----------
    spec : ModelSpec
        With its columns.
    values : ndarray, shape (rows, F)
        The columns in the rows that have them.
    facts : dict
        Of the table.
    """
    if address.widget(
        st.toggle,
        "standardise",
        default=False,
        label="Standardise with this table",
        help="Subtract each column's mean and divide by its standard deviation before the "
        "network, as it was trained. Contributions stay in the columns' own units.",
    ):
        coded = address.widget(
            st.toggle,
            "standardise_codes",
            default=False,
            label="Also columns of 0 and 1, and categories",
            help="They are mostly left as they are when a network is trained.",
        )
        sources = [encoding.source(facts, name)[0] for name in spec.columns]
        categories = np.array([name in facts["levels"] for name in sources])
        mean, std = scaling.scale_of(values, categories, coded)
        return replace(spec, mean=tuple(mean.tolist()), std=tuple(std.tolist()))
    if address.widget(
        st.toggle,
        "own_scale",
        default=False,
        label="With the means and deviations of its training",
        help="Those that the network's own scaler has, one for each column, in their order.",
    ):
        return _own(spec)
    return spec


def _own(spec: ModelSpec) -> ModelSpec:
    count = len(spec.columns)
    mean = address.widget(
        st.text_input, "means", default="", label="Means", placeholder="scaler.mean_.tolist()"
    )
    std = address.widget(
        st.text_input,
        "deviations",
        default="",
        label="Standard deviations",
        placeholder="scaler.scale_.tolist()",
    )
    if not (mean.strip() and std.strip()):
        st.info("Paste both; until then the columns stay as they are.")
        return spec
    try:
        return replace(
            spec,
            mean=scaling.read_numbers(mean, count),
            std=scaling.read_numbers(std, count, positive=True),
        )
    except Problem as problem:
        st.error(str(problem))
        return spec
