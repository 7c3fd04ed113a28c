"""Widgets for the options that a method or a baseline declares of itself."""

import dataclasses
from typing import Any

import streamlit as st

from explainers.options import checked
from pages.state import address


def widgets(kind: type, prefix: str) -> dict[str, Any]:
    """One widget for each field of an options dataclass; returns what differs from the default."""
    chosen = {}
    for field in dataclasses.fields(kind):
        if not field.metadata["widget"]:
            continue
        value = _widget(field, f"{prefix}.{field.name}")
        if value != field.default:
            chosen[field.name] = value
    return chosen


def _widget(field: dataclasses.Field, name: str) -> Any:
    meta, start = field.metadata, field.default
    words = {"label": meta["label"], "help": meta["help"]}
    checks = {"clean": lambda value: checked(field, value, meta["label"])}
    if meta["choices"] is not None:
        return address.select(
            st.selectbox,
            name,
            list(meta["choices"]),
            start,
            format_func=meta["choices"].get,
            **words,
        )
    if meta["kind"] is bool:
        return address.widget(st.toggle, name, start=start, **checks, **words)
    if meta["kind"] in (int, float):
        kind = meta["kind"]
        limits = {"min_value": meta["low"], "max_value": meta["high"]}
        limits = {key: None if value is None else kind(value) for key, value in limits.items()}
        step = 1 if kind is int else 0.01
        shown = {} if kind is int else {"format": "%.3g"}
        return address.widget(
            st.number_input, name, start=start, step=step, **limits, **shown, **checks, **words
        )
    return address.widget(st.text_input, name, start=start, **checks, **words) or None
