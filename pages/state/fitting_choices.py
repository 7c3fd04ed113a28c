"""Choices that must fit the file: numbers within its size, and none that was another file's."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import streamlit as st

from pages.state import address


def number_within(name: str, low: int, high: int, default: int = 1, **arguments: Any) -> int:
    """Draw the choice of a whole number in a range; one that is not in it becomes the default.

    Parameters
    ----------
    name : str
        Of the choice, see `address.widget`.
    low, high, default : int
    **arguments
        For the widget; its label among them.
    """
    default = min(max(default, low), high)

    def within(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    key = address.widget_key(name)
    if key in st.session_state and not low <= st.session_state[key] <= high:
        address.set_choices({name: default})
    return address.widget(
        st.number_input,
        name,
        default=default,
        validate=within,
        min_value=low,
        max_value=high,
        step=1,
        **arguments,
    )


def usual_for_another(name: str, subject: Hashable, usual: Any) -> None:
    """Choose the usual again where the choice was made for another subject, such as another file.

    One that a link holds is about the link's subject.
    """
    now = (address.links_opened(), subject)
    before = st.session_state.get(f"subject_{name}", now)
    st.session_state[f"subject_{name}"] = now
    if before[0] == now[0] and before != now:
        address.set_choices({name: usual})


def follow_usual(name: str, usual: Any) -> None:
    """Choose what is usual now where what was usual before is chosen: nobody has chosen it.

    One that a link holds stays.
    """
    now = (address.links_opened(), usual)
    before = st.session_state.get(f"usual_{name}", now)
    st.session_state[f"usual_{name}"] = now
    if before[0] == now[0] and before != now and address.choices().get(name) == before[1]:
        address.set_choices({name: usual})


def shown_next(name: str, options: Sequence[Any], default: Any) -> Any:
    """What the widget of that name will show, for what is written beside it before it is drawn."""
    chosen = address.valid_choice(name, options, default)
    value = st.session_state.get(address.widget_key(name), chosen)
    return value if value in options else default
