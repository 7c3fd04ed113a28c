"""Choosing at which scale the map of a picture is shown: areas, smoothed, or its exact cells."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import streamlit as st

from explainers.figures.text.as_text import markdown_table
from explainers.figures.text.labels import number
from explainers.figures.text.words import percent, position_words
from explainers.figures.views import FEW_CELLS, VIEWS, drawn, in_view, usual_view
from explainers.figures.views.areas import area_map, find_areas, sums
from explainers.models.spec import ModelSpec
from pages.state import address, fitting_choices
from pages.state.cases import Case

MAIN = "map"
"""The key of the one map of a page whose view its link holds."""
_HELP = (
    "Areas are found in the picture alone; each has the sum of the scores in it. Smooth spreads "
    "every score over its neighbours. In all three the scores add up to the same."
)


TOLD = {"areas": "By areas, ", "smooth": "Smoothed, ", "cells": ""}
"""How a sentence about a map in each view begins."""


def pick(
    shape: tuple[int, int], key: str, label: Literal["visible", "collapsed"] = "visible"
) -> str:
    """Draw the choice of a view for a map of that shape; its key in VIEWS.

    Parameters
    ----------
    shape : (int, int)
    key : str
        Of the map; the link holds the view of the page's main one.
    label : str
        "visible", or "collapsed" where there is no room.
    """
    if max(shape) <= FEW_CELLS:
        return "cells"
    if key == MAIN:
        return address.select(
            st.segmented_control,
            "show",
            list(VIEWS),
            usual_view(shape),
            label="Show",
            format_func=VIEWS.get,
            required=True,
            label_visibility=label,
            help=_HELP,
        )
    view = st.segmented_control(
        "Show",
        list(VIEWS),
        default=usual_view(shape),
        required=True,
        key=f"{key}_show",
        format_func=VIEWS.__getitem__,
        label_visibility=label,
        help=_HELP,
    )
    return view or usual_view(shape)


def pick_for_all(model: ModelSpec, shape: Sequence[int]) -> None:
    """Draw the choice of the view of all maps of a page, where inputs of that shape have one."""
    if model.kind == "picture" and not model.depth:
        pick((int(shape[-2]), int(shape[-1])), MAIN)


def usual(case: Case) -> str:
    """The view in which the maps of the case are shown where nobody chooses."""
    shape = tuple(case.prediction[0]["shape"][-2:])
    if case.task.model.kind != "picture" or case.task.model.depth or max(shape) <= FEW_CELLS:
        return "cells"
    return usual_view(shape)


def about_to_be_shown(case: Case, key: str) -> str:
    """The view in which `pick` will find the map of that key, before it is drawn."""
    first = usual(case)
    shape = tuple(case.prediction[0]["shape"][-2:])
    if case.task.model.kind != "picture" or case.task.model.depth or max(shape) <= FEW_CELLS:
        return "cells"
    if key == MAIN:
        return fitting_choices.shown_next("show", list(VIEWS), first)
    return st.session_state.get(f"{key}_show") or first


def told(sentence: str, view: str) -> str:
    """A sentence about a map in that view, which says so.

    Examples
    --------
    >>> told("Half of it lies on the left.", "areas")
    'By areas, half of it lies on the left.'
    """
    begins = TOLD[view]
    return f"{begins}{sentence[:1].lower()}{sentence[1:]}" if begins else sentence


def chosen(case: Case) -> str:
    """The view of the page's main map, drawn or not."""
    shape = tuple(case.prediction[0]["shape"][-2:])
    if case.task.model.kind != "picture" or case.task.model.depth or max(shape) <= FEW_CELLS:
        return "cells"
    return address.valid_choice("show", list(VIEWS), usual_view(shape))


def seen(case: Case, heat: np.ndarray, view: str) -> np.ndarray:
    """A map of the case in that view; what is no picture has none but its exact scores."""
    if view == "cells" or case.task.model.kind != "picture" or case.task.model.depth:
        return heat
    return shown(view, heat, case.prediction[1]["input"])


def shown(view: str, heat: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The map in that view; `values` are the picture as the network sees it (C, H, W)."""
    return area_map(heat, _areas(values)) if view == "areas" else in_view(view, heat, values)


@st.cache_data(max_entries=32, show_spinner=False)
def _areas(values: np.ndarray) -> np.ndarray:
    """The areas of a picture, which all its maps share."""
    return find_areas(drawn(values))


def strongest(heat: np.ndarray) -> str:
    """Of a map of areas, how much its strongest ones carry, in words.

    Examples
    --------
    >>> strongest(np.array([[3.0, 1.0]]))
    'The strongest area has 75.0 % of all effect, on 50.0 % of the picture.'
    """
    _, counts = np.unique(heat, return_counts=True)
    sums = np.unique(heat) * counts
    if not np.abs(sums).sum():
        return ""
    best = int(np.abs(sums).argmax())
    share = percent(float(np.abs(sums)[best] / np.abs(sums).sum()))
    size = percent(float(counts[best] / heat.size))
    return f"The strongest area has {share} of all effect, on {size} of the picture."


LISTED = 8
"""So many areas are told one by one, and the others together."""


def list_areas(heat: np.ndarray, values: np.ndarray) -> None:
    """Draw the areas of a picture by what they contribute, the strongest first, with their total.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
        The exact scores.
    values : ndarray, shape (C, H, W)
        The picture as the network sees it.
    """
    areas = _areas(values)
    label = f"Areas, one by one. {strongest(area_map(heat, areas))}"
    with st.expander(label, icon=":material/format_list_numbered:"):
        st.markdown(markdown_table(area_table(heat, areas)))
        st.caption(
            "Areas are found in the picture alone. The proof hides them in the order of their "
            "scores; what they add up to is what the check says."
        )


def area_table(heat: np.ndarray, areas: np.ndarray) -> dict[str, list[str]]:
    """The columns of that list: what each of the strongest areas adds up to, and the others.

    Examples
    --------
    >>> heat, areas = np.array([[2.0, 1.0, -1.0]]), np.array([[0, 0, 1]])
    >>> area_table(heat, areas)["Score"], area_table(heat, areas)["Of all effects"]
    (['+3', '−1', '+2'], ['75.0 %', '25.0 %', ''])
    """
    totals, sizes = sums(heat, areas), np.bincount(areas.ravel()) / areas.size
    order = np.argsort(-np.abs(totals), kind="stable")
    first, others = order[:LISTED], order[LISTED:]
    strength = float(np.abs(totals).sum()) or 1.0
    rows = [
        (
            str(place),
            position_words((areas == area).astype(np.float64)).removeprefix("mostly "),
            number(float(totals[area]), 3, sign=True),
            percent(float(abs(totals[area]) / strength)),
            percent(float(sizes[area])),
        )
        for place, area in enumerate(first, 1)
    ]
    if len(others):
        rest = float(np.abs(totals[others]).sum() / strength)
        shares = percent(rest), percent(float(sizes[others].sum()))
        rows.append(
            (
                "",
                f"{len(others)} others",
                number(float(totals[others].sum()), 3, sign=True),
                *shares,
            )
        )
    rows.append(("", "All together", number(float(totals.sum()), 3, sign=True), "", ""))
    names = ("Rank", "Where", "Score", "Of all effects", "Of the picture")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}
