"""Choosing a method, its options, and which form of the answer is explained."""

from typing import Any, NamedTuple

import streamlit as st

from explainers.kinds.statistics import DataStatistics
from explainers.methods import METHODS
from pages.state import address, fitting_choices, service
from pages.state.chosen import ChosenModel
from pages.widgets.options import pick_options

DEFAULT_METHOD = "integrated_gradients"
FOR_PHOTOS = "deeplift"
"""For networks for photos: in `tests/bench/photo_defaults.py` about as faithful by areas as
Integrated Gradients, more so when smoothed, more stable, and five passes instead of a hundred."""
SCORES = {
    "logit": "Score before softmax",
    "probability": "Probability",
    "output": "Output as it is",
}


def names(model: ChosenModel) -> dict[str, str]:
    """Names of the methods that fit the model's input and work with it, if any do, by key."""
    kind = model.spec.kind
    suited = {key: m.name for key, m in METHODS.items() if m.kinds is None or kind in m.kinds}
    usable = {key: name for key, name in suited.items() if key not in model.unusable_methods}
    return usable or suited


def pick(model: ChosenModel, first: str = "") -> str:
    """Draw the choice of a method and what it asks; its key.

    `first` is chosen at first, where it works; else what is usual for such models.
    """
    known = names(model)
    first = first or (FOR_PHOTOS if model.spec.source == "package" else DEFAULT_METHOD)
    first = first if first in known else next(iter(known))
    fitting_choices.follow_usual("method", first)
    key = address.select(
        st.selectbox,
        "method",
        list(known),
        first,
        label="Method",
        format_func=known.get,
    )
    st.caption(METHODS[key].asks(model.spec.kind))
    return key


def describe(key: str) -> None:
    """Draw what a method costs, when it misleads, and the way to how it works."""
    entry = METHODS[key]
    st.caption(f"Costs {entry.cost}. When it misleads: {entry.misleads}")
    st.page_link(
        "pages/learn.py",
        label="How it works, on networks to check by hand",
        icon=":material/school:",
        query_params={"about": key},
    )


def options_of(key: str) -> dict[str, Any]:
    """Draw the widgets of a method's options; those that were chosen."""
    return pick_options(METHODS[key].options, f"o.{key}")


def fit_to_data(
    key: str, options: dict[str, Any], statistics: DataStatistics, column: str
) -> dict[str, Any]:
    """The options of a method with what only the data can tell, which the page then says.

    Parameters
    ----------
    key : str
        Of the method.
    options : dict
        Those that were chosen.
    statistics : DataStatistics
        Facts about the data, found only where the method asks for them.
    column : str
        What one column is in words: "column" or "variable".
    """
    method = METHODS[key]
    if method.fit_to_data is None:
        return options
    if method.fit_note:
        st.caption(method.fit_note.format(column=column))
    return method.fit_to_data(options, statistics)


class Scoring(NamedTuple):
    """Which form of the answer is explained, and what computes it."""

    score: str
    device: str


def scoring(numbers: bool = False) -> Scoring:
    """Draw the choice of the explained score and of the device.

    Of a model that answers with `numbers`, these are explained as they are.
    """
    if numbers:
        return Scoring("output", device())
    score = address.select(
        st.selectbox,
        "score",
        list(SCORES),
        "logit",
        label="What is explained",
        format_func=SCORES.get,
        help="The score before softmax does not saturate; the probability also answers to "
        "what the other classes do.",
    )
    return Scoring(score, device())


def device() -> str:
    """The best device by default; before the worker has named them, no choice is kept."""
    devices = service.backend().devices
    if not devices:
        return "cpu"
    return address.select(
        st.selectbox,
        "device",
        list(devices),
        next(iter(devices)),
        label="Runs on",
        format_func=devices.get,
    )
