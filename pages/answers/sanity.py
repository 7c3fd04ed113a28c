"""Sanity: does the map change when the network's weights are randomised, from the top down?"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.checks.agreement import similarity
from explainers.figures.text import advice
from explainers.figures.views import AT_SCALE
from explainers.kinds import Facts
from explainers.methods import METHODS
from explainers.service.tasks.randomise import Randomise
from pages import kinds
from pages.kinds import picture_view
from pages.state import cases
from pages.state.cases import Answer, Case

PER_ROW = 3


def section(case: Case, answer: Answer, key: str) -> None:
    """Draw the check of one finished explanation, or a button for it where it takes long."""
    st.caption(
        "The network's weights are shuffled layer by layer, from the answer down to the input, "
        "and the map is made again each time. A map that stays the same (similarity 1) is not "
        "about this network. Adebayo et al. 2018."
    )
    task = Randomise(case.task)
    passes = case.passes(task)
    name = METHODS[case.task.method].name
    slot = cases.slot_of(task, key)
    if not cases.may_run(case.seconds(task), slot):
        cases.offer("Check it", passes, case.seconds(task), slot)
        return
    answers = cases.answers({slot: task}, "Randomising")
    if answers is None:
        return
    facts, arrays = answers[slot]
    view = picture_view.chosen(case)
    exact = [case.heat(answer[1]["scores"]), *arrays["maps"]]
    maps = [picture_view.seen(case, heat, view) for heat in exact]
    alike = facts["similarity"]
    if view != "cells":
        alike = [similarity(maps[0], other) for other in maps[1:]]
    st.markdown(f"**{advice.sanity(name, alike)}**")
    if view != "cells":
        st.caption(
            f"The maps are compared {AT_SCALE[view]}, as they are shown; {AT_SCALE['cells']} the "
            f"last similarity is {_number(facts['similarity'][-1])}."
        )
    if facts["note"]:
        st.warning(facts["note"])
    titles = ["As trained"] + [_stage(index, facts, alike) for index in range(len(alike))]
    for start in range(0, len(maps), PER_ROW):
        columns = st.columns(PER_ROW)
        for index, column in enumerate(columns, start):
            if index < len(maps):
                with column:
                    _map(case, maps[index], titles[index], f"{key}_{index}")


def _stage(index: int, facts: Facts, alike: Sequence[float]) -> str:
    counts = [len(layers) for layers in facts["stages"]]
    words = f"{sum(counts[: index + 1])} of {facts['layers']} layers"
    return f"{words} shuffled: similarity {_number(alike[index])}"


def _number(similarity: float) -> str:
    return f"{similarity:.2f}".replace("-", "−").replace("nan", "none (flat)")


def _map(case: Case, heat: np.ndarray, title: str, key: str) -> None:
    st.markdown(f"**{title}**")
    kinds.of(case.task.model).draw(
        case,
        heat,
        signed=case.signed,
        key=key,
        compact=True,
        group=key.rsplit("_", 1)[0],
        alt=f"{METHODS[case.task.method].name} for {case.about}. {title}.",
        max_height=260,
    )
