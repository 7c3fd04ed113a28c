"""Which part of an input is explained that is longer than what the network takes."""

from collections.abc import Callable

import streamlit as st

from explainers.figures.text.sentences import escape_markdown
from explainers.kinds import windows
from pages.state import fitting_choices


def pick_start(length: int, taken: int, of: str, units: str, at: Callable[[int], str]) -> int:
    """Draw the choice of a window; where it starts, from 0.

    Parameters
    ----------
    length, taken : int
        Of the input, and what the network takes of it.
    of, units : str
        One input in words, and what its length counts: "series", "steps".
    at : callable
        A place, from 0 → its name.
    """
    if length <= taken:
        return 0
    left, right = st.columns(2)
    with left:
        stride = fitting_choices.number_within(
            "stride",
            1,
            taken,
            default=max(1, taken // 2),
            label=f"{units.capitalize()} between windows",
            help="Windows overlap where this is less than what the network takes.",
        )
    starts = windows.starts(length, taken, stride)
    with right:
        window = fitting_choices.number_within("window", 1, len(starts), label="Window")
    start = int(starts[window - 1])
    first, last = (escape_markdown(at(place)) for place in (start, start + taken - 1))
    st.caption(
        f"This {of} has {length:,} {units}, and the network takes {taken:,}: window {window:,} of "
        f"{len(starts):,} is explained, from {first} to {last}."
    )
    return start
