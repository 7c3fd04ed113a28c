"""Agreement: how alike the maps are, where they agree, and what that means.

Maps of pictures are compared as they are shown: by areas, smoothed, or cell by cell.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.checks import agreement
from explainers.figures.curves import similarity_matrix
from explainers.figures.text import advice
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import percent
from explainers.figures.views import AT_SCALE
from pages import kinds
from pages.kinds import picture_view
from pages.state.cases import Answer, Case
from pages.viewers.chart import chart

SHARE = 0.1
"""What counts as the hottest part of a map."""
UNITS = {"areas": "areas, each as much as its size", "smooth": "cells of the smoothed maps"}
"""What is compared in a view that is not the exact scores."""


def section(shown: list[Case], answers: list[Answer], key: str) -> None:
    """Draw the matrices, the consensus map and one line of advice.

    Parameters
    ----------
    shown, answers : list of Case, list of Answer
        Finished explanations; those of another input than the first's are left out.
    key : str
        What the keys of the charts start with.
    """
    first = shown[0]
    alike = [
        (case, answer)
        for case, answer in zip(shown, answers, strict=True)
        if case.input == first.input and answer[1]["scores"].shape == answers[0][1]["scores"].shape
    ]
    if len(alike) < 2:
        st.info("Agreement compares maps of one input: choose at least two that show the same.")
        return
    if len(alike) < len(shown):
        st.caption(
            f"Only the {len(alike)} maps of “{escape_markdown(first.input.name)}” are compared."
        )
    names = [case.label for case, _ in alike]
    view = picture_view.chosen(first)
    exact = [case.heat(answer[1]["scores"]) for case, answer in alike]
    maps = as_shown([case for case, _ in alike], exact, view)
    signed = [answer[0]["signed"] for _, answer in alike]
    overlap, ranks = agreement.similarities(maps, signed, SHARE)
    line = picture_view.told(advice.agreement(names, overlap), view)
    st.markdown(f"**{line}**")
    if view != "cells":
        st.caption(_at_which_scale(view, agreement.similarities(exact, signed, SHARE)[0]))
    units = UNITS.get(view, first.kind.units)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        st.markdown("**Overlap of the hottest 10 %**")
        chart(
            similarity_matrix(names, overlap, "overlap"),
            f"Overlap of the hottest tenth: {line}",
            f"{key}_overlap",
        )
        st.caption(f"1: the same {units}; 0.1: what chance would give.")
    with middle:
        st.markdown("**Rank correlation**")
        chart(
            similarity_matrix(names, ranks, "rank correlation"),
            _spoken(names, ranks),
            f"{key}_ranks",
        )
        st.caption(f"Spearman's, over all {units}; of strengths where one map knows no sign.")
    with right:
        st.markdown("**Where they agree**")
        unit = first.kind.unit if view != "areas" else "area"
        kinds.of(first.task.model).draw(
            first,
            agreement.consensus(maps, SHARE),
            signed=False,
            key=f"{key}_consensus",
            alt=f"In how many of {len(maps)} maps each {unit} is among the hottest tenth. {line}",
            limit=len(maps),
            compact=True,
            group=key,
            max_height=320,
            unit="maps",
        )
        st.caption(f"Each {unit}: in how many of the {len(maps)} maps it is in the hottest tenth.")


def as_shown(shown: Sequence[Case], exact: Sequence[np.ndarray], view: str) -> list[np.ndarray]:
    """The maps (…) of cases in a view; `exact` are their scores, one number a unit."""
    return [picture_view.seen(case, heat, view) for case, heat in zip(shown, exact, strict=True)]


def _at_which_scale(view: str, overlap: np.ndarray) -> str:
    """How the maps are compared, and what two of them share of their exact scores."""
    shared = percent(float(overlap[~np.eye(len(overlap), dtype=bool)].mean()))
    return (
        f"Compared {AT_SCALE[view]}, as the maps are shown. {AT_SCALE['cells'].capitalize()} two "
        f"of them share {shared} of their hottest tenth; “Show: Exact cells” above compares so."
    )


def _spoken(names: list[str], values: np.ndarray) -> str:
    pairs = [
        f"{names[i]} and {names[j]} {values[i, j]:.2f}" for i in range(len(names)) for j in range(i)
    ]
    return "Rank correlations: " + ", ".join(pairs)
