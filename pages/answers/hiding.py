"""What hiding does to an answer, for inputs that are no pictures: a slider, numbers, the input."""

import numpy as np
import streamlit as st

from explainers.figures.text.words import percent
from pages import kinds
from pages.state import address
from pages.state.cases import Answer, Case

START = 0.1


def section(
    shown: list[Case], pairs: list[tuple[Answer, Answer]], shares: list[list[float]], key: str
) -> None:
    """Draw the slider, and for every case the answer with the strongest, or random ones, hidden.

    `pairs` are the checks "proof" and "chance" of each case, at its hidden `shares`.
    """
    units = shown[0].kind.units
    share = address.select(
        st.select_slider,
        "hide",
        shares[0],
        _nearest(shares[0][1:], START),
        format_func=lambda share: f"{share:.0%}",
        label=f"Hide the strongest {units}",
    )
    columns = st.columns(min(3, len(shown)))
    for index, (case, (proof, chance)) in enumerate(zip(shown, pairs, strict=True)):
        with columns[index % len(columns)], st.container(border=True):
            _one(case, proof, chance, _nearest(shares[index], share), f"{key}_{index}")


def _nearest(shares: list[float], wanted: float) -> float:
    return min(shares, key=lambda share: abs(share - wanted))


def _one(case: Case, proof: Answer, chance: Answer, share: float, key: str) -> None:
    place = proof[0]["shares"].index(share)
    ours = case.share(proof[1]["deletion"])
    draws = case.share(chance[1]["deletion"])[:, place]
    hidden = proof[1]["order"] < round(share * proof[1]["order"].size)
    units = case.kind.unit if hidden.sum() == 1 else case.kind.units
    st.markdown(
        f"**{case.label}:** with the strongest {int(hidden.sum())} {units} hidden, *{case.about}* "
        f"goes from {case.amount(ours[0])} to **{case.amount(ours[place])}**; with as many hidden "
        f"at random, to {case.amount(float(np.mean(draws)))} "
        f"({case.amount(draws.min())} to {case.amount(draws.max())})."
    )
    if not case.numbers:
        best = case.names[int(proof[1]["deletion"][place].argmax())]
        likely = percent(float(proof[1]["deletion"][place].max()))
        st.caption(f"The network's first choice is then *{best}* ({likely}).")
    kinds.of(case.task.model).hidden(case, hidden, key)
