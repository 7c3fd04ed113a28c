"""What hiding does to an answer, for inputs that are no pictures: a slider, numbers, the input."""

import numpy as np
import streamlit as st

from explainers.figures.words import percent
from pages.parts import kinds, link
from pages.parts.cases import Answer, Case

START = 0.1


def section(
    shown: list[Case], pairs: list[tuple[Answer, Answer]], shares: list[float], key: str
) -> None:
    """Draw the slider, and for every case the answer with the strongest, or random ones, hidden.

    `pairs` are the checks "proof" and "chance" of each case, at the hidden `shares`.
    """
    units = shown[0].kind.units
    share = link.select(
        st.select_slider, "hide", list(shares), START, format_func=lambda share: f"{share:.0%}",
        label=f"Hide the strongest {units}",
    )  # fmt: skip
    place = shares.index(share)
    for column, case, (proof, chance) in zip(
        st.columns(min(3, len(shown))) * len(shown), shown, pairs, strict=False
    ):
        with column, st.container(border=True):
            _one(case, proof, chance, share, place, f"{key}_{shown.index(case)}")


def _one(case: Case, proof: Answer, chance: Answer, share: float, place: int, key: str) -> None:
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
    kinds.of(case.request.model).hidden(case, hidden, key)
