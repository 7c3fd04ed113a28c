"""What a link asks that is not possible: its sentence, and where it stands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures.text.sentences import escape_markdown
from pages.links.address_state import address_state

LONGEST_SHOWN = 60
"""Characters of a value that a sentence repeats."""


def refusal(label: str, value: Any) -> str:
    """The sentence for a choice that a link holds and that is not possible."""
    shown = value if isinstance(value, str) else repr(value)
    shown = escape_markdown(shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]} …")
    return f"The link asks for “{label}” = {shown}, which is not possible. The usual is used."


def say(name: str) -> None:
    """Say why the choice of that name is not possible, where there is something to say."""
    state = address_state()
    if name not in state.refusals:
        return
    if state.below is None:
        st.warning(state.refusals[name])
    else:
        state.below.append(state.refusals[name])


@contextlib.contextmanager
def folded(block: DeltaGenerator) -> Iterator[None]:
    """Draw into an expander or a popover; what is not possible there is said below it.

    Within another one it is said below that.

    Parameters
    ----------
    block : DeltaGenerator
        May be closed.
    """
    state = address_state()
    outer, state.below = state.below, []
    try:
        with block:
            yield
    finally:
        sentences, state.below = state.below, outer
    if outer is not None:
        outer.extend(sentences)
    else:
        for sentence in sentences:
            st.warning(sentence)
