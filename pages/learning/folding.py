"""On a phone the page is folded: one of its parts is shown at a time, and one method.

The server does not know how wide a screen is. So all is drawn, and on narrow screens a style sheet
hides what is not chosen; wide ones have no such choice, and all of it.
"""

from collections.abc import Iterable

import streamlit as st

from explainers.methods import METHODS
from pages.state import address

PARTS = {"by_hand": "By hand", "axioms": "Axioms", "methods": "Methods"}


def pick_part() -> None:
    """Draw, for phones alone, which part is read; each is in a container of key `part_…`."""
    with st.container(key="phone_part"):
        chosen = address.select(
            st.segmented_control,
            "part",
            list(PARTS),
            "by_hand",
            label="Part of the page",
            label_visibility="collapsed",
            format_func=PARTS.__getitem__,
            required=True,
        )
    st.html(hidden_on_phones(f".st-key-part_{part}" for part in PARTS if part != chosen))


def pick_method() -> None:
    """Draw, for phones alone, which method is read; its card has a container `method_…`."""
    with st.container(key="phone_method"):
        chosen = address.select(
            st.selectbox,
            "read",
            list(METHODS),
            next(iter(METHODS)),
            label="Method",
            format_func=lambda key: METHODS[key].name,
        )
    others = f":not(:has(.st-key-method_{chosen}))"
    row, card = '.st-key-methods > [data-testid="stLayoutWrapper"]', '[data-testid="stColumn"]'
    card += ':has([class*="st-key-method_"])'
    st.html(hidden_on_phones([f"{row}{others}", f"{row} {card}{others}"]))


def hidden_on_phones(selectors: Iterable[str]) -> str:
    """A style sheet that hides what these select on narrow screens.

    Examples
    --------
    >>> hidden_on_phones([".a", ".b"])
    '<style>@media (max-width: 640px) { .a, .b { display: none; } }</style>'
    """
    hidden = ", ".join(selectors)
    return f"<style>@media (max-width: 640px) {{ {hidden} {{ display: none; }} }}</style>"
