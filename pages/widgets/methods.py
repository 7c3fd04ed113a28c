"""Choosing a method, its options, and which form of the answer is explained."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explainers.kinds.statistics import DataStatistics
from explainers.methods import METHODS
from pages.state import address, service
from pages.widgets import options
from pages.widgets.models import Chosen

START = "integrated_gradients"
SCORES = {"logit": "Score before softmax", "probability": "Probability", "output": "As it is"}


def names(model: Chosen) -> dict[str, str]:
    """Names of the methods that fit the model's input and work with it, if any do, by key."""
    kind = model.spec.kind
    fit = {k: m.name for k, m in METHODS.items() if m.kinds is None or kind in m.kinds}
    return {key: name for key, name in fit.items() if key not in model.off} or fit


def pick(model: Chosen) -> str:
    """Draw the choice of a method, what it asks, and when it misleads; its key."""
    known = names(model)
    key = address.select(
        st.selectbox,
        "method",
        list(known),
        START if START in known else next(iter(known)),
        label="Method",
        format_func=known.get,
        label_visibility="collapsed",
    )
    entry = METHODS[key]
    st.markdown(f"{entry.says} *Costs {entry.cost}.*")
    st.caption(f"When it misleads: {entry.misleads}")
    return key


def given(key: str) -> dict:
    """Draw the widgets of a method's options; what was chosen."""
    return options.widgets(METHODS[key].options, f"o.{key}")


def fitted(
    key: str, options: dict[str, Any], data: Callable[[], DataStatistics], column: str
) -> dict[str, Any]:
    """The options with what only the data can tell, which is said; `column` is one in words."""
    method = METHODS[key]
    if method.fit_to_data is None:
        return options
    if method.fit_note:
        st.caption(method.fit_note.format(column=column))
    return method.fit_to_data(options, data())


def scoring(numbers: bool = False) -> dict[str, str]:
    """Draw the choice of the explained score and of the device; fields of a task.

    Of a model that answers with `numbers`, these are explained as they are.
    """
    if numbers:
        return {"score": "output", "device": _device()}
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
    return {"score": score, "device": _device()}


def _device() -> str:
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
