"""Where an answer with one of each class at many places is asked: a class, one place, or all."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from pages.state import address
from pages.state.cases import Answer
from pages.state.setting import Setting

WHERE = {
    "class": "Where it says …",
    "best": "The best box of …",
    "place": "One place",
    "all": "The whole picture",
}
ANY = -1


def pick(setting: Setting, prediction: Answer) -> Setting:
    """Draw the choice of places; the setting that asks there.

    Parameters
    ----------
    setting : Setting
    prediction : Answer
        The model's, asked where fits its answer; its facts say which places there are.
    """
    facts = prediction[0]["places"]
    names, _ = setting.names(prediction)
    boxes = len(facts["grid"]) == 1
    ways = ["best", "place"] if boxes else ["class", "place", "all"]
    if not any(facts["counts"]) and "class" in ways:
        ways.remove("class")
    start = facts["where"] if facts["where"] in ways else ways[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        where = address.select(
            st.segmented_control,
            "where",
            ways,
            start,
            label="Asked about" if boxes else "Asked where",
            format_func=lambda way: "A box by number" if boxes and way == "place" else WHERE[way],
            required=True,
        )
        index: int | None = None
        place: tuple[int, ...] = ()
        if where == "class":
            index = _class(facts, names)
        elif where == "best":
            index = _class_of_box(names)
        elif where == "place":
            place = _place(facts["grid"])
    if len(facts["grid"]) == 2:
        st.caption("Or click on the picture: the explanation is then of that place.")
    spec = setting.model.spec
    assert spec.places is not None
    places = replace(spec.places, where=where, index=index, place=place)
    model = replace(setting.model, spec=replace(spec, places=places))
    return replace(setting, model=model)


def ask_about(row: int, column: int) -> None:
    """Ask about one place, whatever was asked before, and run the page again."""
    address.set_choices({"where": "place", "row": row, "column": column})
    st.rerun()


def _class(facts: dict[str, Any], names: tuple[str, ...]) -> int:
    """One of the classes that the network sees in the picture, the largest first."""
    counts = facts["counts"]
    seen = sorted((k for k, count in enumerate(counts) if count), key=lambda k: -counts[k])
    total = 1
    for side in facts["grid"]:
        total *= side
    return address.select(
        st.selectbox,
        "of",
        seen,
        seen[0],
        label="Class",
        format_func=lambda k: f"{names[k]} ({counts[k]:,} of {total:,} places)",
    )


def _class_of_box(names: tuple[str, ...]) -> int | None:
    index = address.select(
        st.selectbox,
        "of",
        [ANY, *range(len(names))],
        ANY,
        label="Class",
        format_func=lambda k: "any class" if k == ANY else names[k],
    )
    return None if index == ANY else index


def _place(grid: list[int]) -> tuple[int, ...]:
    """The numbers of a place, counted from 0."""
    titles = ("Box",) if len(grid) == 1 else ("Slice", "Row", "Column")[-len(grid) :]
    return tuple(
        address.widget(
            st.number_input,
            "place_slice" if title == "Slice" else title.lower(),
            default=side // 2,
            label=f"{title} (0 to {side - 1:,})",
            min_value=0,
            max_value=side - 1,
            step=1,
            validate=partial(_within, side),
        )
        for title, side in zip(titles, grid, strict=True)
    )


def _within(side: int, value: Any) -> int:
    if isinstance(value, bool) or not 0 <= int(value) < side:
        raise ValueError
    return int(value)
