"""Choosing at which scale the map of a picture is shown: areas, smoothed, or its exact cells."""

import numpy as np
import streamlit as st

from explainers.figures.text.words import percent
from explainers.figures.views import FEW_CELLS, VIEWS, in_view, usual_view
from pages.state import address
from pages.state.cases import Case

MAIN = "map"
"""The key of the one map of a page whose view its link holds."""
_HELP = (
    "Areas are found in the picture alone; each has the sum of the scores in it. Smooth spreads "
    "every score over its neighbours. In all three the scores add up to the same."
)


def pick(shape: tuple[int, int], key: str) -> str:
    """Draw the choice of a view for a map of that shape; its key in VIEWS.

    Parameters
    ----------
    shape : (int, int)
    key : str
        Of the map; the link holds the view of the page's main one.
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
            help=_HELP,
        )
    view = st.segmented_control(
        "Show",
        list(VIEWS),
        default=usual_view(shape),
        required=True,
        key=f"{key}_show",
        format_func=VIEWS.__getitem__,
        help=_HELP,
    )
    return view or usual_view(shape)


def chosen(case: Case) -> str:
    """The view of the page's main map, drawn or not."""
    shape = tuple(case.prediction[0]["shape"][-2:])
    if case.task.model.kind != "picture" or max(shape) <= FEW_CELLS:
        return "cells"
    return address.valid_choice("show", list(VIEWS), usual_view(shape))


@st.cache_data(max_entries=32, show_spinner=False)
def shown(view: str, heat: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The map in that view; `values` are the picture as the network sees it (C, H, W)."""
    return in_view(view, heat, values)


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
