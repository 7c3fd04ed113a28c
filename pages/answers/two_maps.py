"""Two maps at a time: one blinking over the other, or their difference."""

import numpy as np
import streamlit as st

from pages import kinds
from pages.answers.grid import Panel
from pages.state import address

WAYS = {"blink": "One over the other", "difference": "Difference"}


def section(panels: list[Panel], key: str) -> None:
    """Draw the choice of two maps and of the way to compare them."""
    if len(panels) < 2:
        st.info("Choose at least two panels to compare two at a time.")
        return
    order = list(range(len(panels)))
    left, middle, right = st.columns([3, 3, 2], vertical_alignment="bottom")
    with left:
        a = address.select(
            st.selectbox, "a", order, 0, label="Map A", format_func=lambda i: panels[i].case.label
        )
    with middle:
        b = address.select(
            st.selectbox, "b", order, 1, label="Map B", format_func=lambda i: panels[i].case.label
        )
    kind = kinds.of(panels[a].case.task.model)
    ways = [way for way in WAYS if way != "blink" or kind.can_blink]
    with right:
        way = address.select(
            st.segmented_control,
            "way",
            ways,
            ways[0],
            label="View",
            format_func=WAYS.get,
            required=True,
        )
    if a == b:
        st.info("Choose two different panels.")
        return
    first, second = panels[a], panels[b]
    if not alike(first, second):
        st.info("These two do not show the same input at the same size; choose another pair.")
        return
    pair(first, second, way, key)


def alike(first: Panel, second: Panel) -> bool:
    """Whether two maps can lie over each other: they are of one input, at one size."""
    same_input = first.case.input == second.case.input
    return same_input and first.heat.shape == second.heat.shape


def pair(first: Panel, second: Panel, way: str, key: str) -> None:
    """Draw two maps that are alike, in one of WAYS."""
    one, other = first.case, second.case
    kind = kinds.of(one.task.model)
    if way == "blink":
        kind.draw(
            one,
            first.heat,
            signed=first.answer[0]["signed"],
            limit=first.limit,
            max_height=520,
            name=one.label,
            other=second.heat,
            other_name=other.label,
            other_limit=second.limit,
            other_signed=second.answer[0]["signed"],
            key=f"{key}_blink",
            alt=f"{one.label} and {other.label}, one after the other.",
        )
        return
    kind.draw(
        one,
        _share(second.heat) - _share(first.heat),
        signed=True,
        key=f"{key}_difference",
        max_height=520,
        alt=f"Where {other.label} gives more than {one.label} (red) or less (blue).",
        sides=(f"more in {one.label}", f"more in {other.label}"),
        unit="‰ of all scores",
    )
    st.caption(
        "Each map is first divided by the sum of its strengths, so that maps in different units "
        "can be subtracted: the difference says where each puts its weight."
    )


def _share(heat: np.ndarray) -> np.ndarray:
    return 1000 * heat / (np.abs(heat).sum() or 1.0)
