"""What hiding does to an answer, for inputs that are no pictures: a slider, numbers, the input."""

import numpy as np
import streamlit as st

from explainers.figures.text.sentences import escape_markdown
from pages import kinds
from pages.state import address
from pages.state.cases import Answer, Case

DEFAULT_SHARE = 0.1


def section(
    shown: list[Case], pairs: list[tuple[Answer, Answer]], shares: list[list[float]], key: str
) -> None:
    """Draw the slider, and for every case the answer with the strongest, or random ones, hidden.

    Parameters
    ----------
    shown : list of Case
    pairs : list of (Answer, Answer)
        Of the tasks Prove and ProveAtRandom of each case.
    shares : list of list of float
        How much is hidden, from 0 to 1, for each case.
    key : str
        What the keys of its widgets start with.
    """
    units = shown[0].kind.units
    share = address.select(
        st.select_slider,
        "hide",
        shares[0],
        _nearest(shares[0][1:], DEFAULT_SHARE),
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
    curve = case.share(proof[1]["deletion"])
    draws = case.share(chance[1]["deletion"])[:, place]
    hidden = proof[1]["order"] < round(share * proof[1]["order"].size)
    units = case.kind.unit if hidden.sum() == 1 else case.kind.units
    label, about = case.label_as_text, case.about_as_text
    st.markdown(
        f"**{label}:** with the strongest {int(hidden.sum())} {units} hidden, *{about}* "
        f"goes from {case.amount(curve[0])} to **{case.amount(curve[place])}**; with as many "
        f"hidden at random, to {case.amount(float(np.mean(draws)))} "
        f"({case.amount(draws.min())} to {case.amount(draws.max())})."
    )
    if not case.numbers:
        best = escape_markdown(case.names[int(proof[1]["deletion"][place].argmax())])
        likely = case.amount(float(proof[1]["deletion"][place].max()))
        st.caption(f"The network's best guess is then *{best}* ({likely}).")
    if draw_hidden := kinds.of(case.task.model).draw_hidden:
        draw_hidden(case, hidden, key)
