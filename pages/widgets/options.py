"""Widgets for the options that a method or a baseline declares of itself."""

import dataclasses
from typing import Any

import streamlit as st

from explainers.options import check_option, option_text
from pages.state import address

BY_ITSELF = "by itself"
"""What a field shows where nothing is chosen: the method finds it out."""


def pick_options(kind: type, prefix: str) -> dict[str, Any]:
    """Draw one widget for each field of an options dataclass.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are made by `explainers.options.option`.
    prefix : str
        What the names of its choices start with: "o.smoothgrad" for "o.smoothgrad.samples".

    Returns
    -------
    dict
        The options that differ from their default.
    """
    chosen = {}
    for field in dataclasses.fields(kind):
        if not field.metadata["widget"]:
            continue
        value = _widget(field, f"{prefix}.{field.name}")
        if value != field.default:
            chosen[field.name] = value
    return chosen


def _widget(field: dataclasses.Field, name: str) -> Any:
    meta, default = field.metadata, field.default
    text = option_text(field)
    words = {"label": text.label, "help": text.help}
    if default is None:
        words["placeholder"] = BY_ITSELF

    def validate(value: Any) -> Any:
        return check_option(field, value, text.label)

    if meta["choices"] is not None:
        names = ({None: BY_ITSELF} if default is None else {}) | text.choices
        return address.select(
            st.selectbox, name, list(names), default, format_func=names.get, **words
        )
    if meta["kind"] is bool and default is None:
        states = {None: BY_ITSELF, True: "yes", False: "no"}
        return address.select(
            st.selectbox, name, list(states), default, format_func=states.get, **words
        )
    if meta["kind"] is bool:
        return address.widget(st.toggle, name, default=default, validate=validate, **words)
    if meta["kind"] in (int, float):
        kind = meta["kind"]
        low, high = (None if end is None else kind(end) for end in (meta["low"], meta["high"]))
        return address.widget(
            st.number_input,
            name,
            default=default,
            validate=validate,
            min_value=low,
            max_value=high,
            step=1 if kind is int else 0.01,
            format=None if kind is int else "%.3g",
            **words,
        )
    return address.widget(st.text_input, name, default=default, validate=validate, **words) or None
