"""One finished explanation: the sentence, the picture with its map, and the check."""

from typing import Unpack

import numpy as np
import streamlit as st

from explainers.baselines import BASELINES
from explainers.figures.text import words
from explainers.figures.text.doubts import unseen
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.sides import EFFECT, OPPOSITION, SENSITIVITY, SUPPORT
from explainers.figures.views import FEW_CELLS
from explainers.kinds import Arrays, Facts
from explainers.methods import METHODS
from explainers.reports.pictures.words import plain
from explainers.service.tasks import BaselineRef
from pages import kinds
from pages.kinds import picture_view
from pages.kinds.page_kind import MapOptions
from pages.state.cases import Answer, Case

PARTS = {
    "scores": "support and opposition",
    "positive": "support alone",
    "negative": "opposition alone",
}
WHAT = {"scores": EFFECT, "positive": SUPPORT, "negative": OPPOSITION}


def panel(
    case: Case, answer: Answer, key: str, level: int = 2, **options: Unpack[MapOptions]
) -> None:
    """Draw the finished explanation, its sentence as a heading; `options` are for its map."""
    facts, arrays = answer
    method, headline = METHODS[case.task.method], st.empty()
    options["controls"] = st.container(horizontal=True, vertical_alignment="bottom")
    with options["controls"]:
        part = _part(arrays, key)
    heat = case.heat(arrays[part])
    support = -heat if part == "negative" else heat
    view = picture_view.about_to_be_shown(case, key)
    summary = sentence_in(view, case, support, facts["signed"], WHAT[part])
    headline.markdown(f"{'#' * level} {summary}")
    kind = kinds.of(case.task.model)
    options["method"] = method.name
    options["layers"] = arrays[part]
    kind.draw(
        case,
        heat,
        signed=facts["signed"],
        key=key,
        facts=facts,
        alt=f"{method.name} for {case.about} on {case.input.name}, {PARTS[part]}. "
        + plain(summary),
        **options,
    )
    st.markdown(f":material/receipt_long: **Check:** {check(case, facts)}.")
    for note in facts["notes"]:
        st.warning(note)
    if method.complete and words.gap_is_large(facts):
        miss = "The contributions miss the difference by more than 5 %"
        if facts["repeats"]:
            st.warning(f"{miss}, as the network's own random numbers can do: average more runs.")
        else:
            st.warning(f"{miss}: do not rely on this map. Use more steps or a smaller tolerance.")
    against = f"compared with {baseline_name(case)}; " if method.uses_baseline else ""
    st.caption(
        f"{method.name}: {against}{words.cost(facts)}.{_spread(case, arrays)}{_unseen(case)}"
    )
    kind.draw_details(case, answer, key)


def baseline_name(case: Case, other: BaselineRef | None = None) -> str:
    """What the case's baseline, or another one, is called: a number without it means little."""
    known = BASELINES.get((other or case.task.baseline).key)
    return "your own picture" if known is None else known.title(case.task.model.kind)


def sentence(case: Case, heat: np.ndarray, signed: bool, what: str = EFFECT) -> str:
    """Where the scores of the map lie, in words; `what` they are, if signed (see `sides`)."""
    return kinds.of(case.task.model).sentence(case, heat, what if signed else SENSITIVITY)


def sentence_in(view: str, case: Case, heat: np.ndarray, signed: bool, what: str = EFFECT) -> str:
    """The same of a map as that view shows it, which the sentence then says."""
    return picture_view.told(
        sentence(case, picture_view.seen(case, heat, view), signed, what), view
    )


def check(case: Case, facts: Facts) -> str:
    """What the map adds up to, in words; `facts` are the answer's."""
    of_input = of_baseline = ""
    if case.task.rather_than is None:
        of_input, of_baseline = (
            case.amount(float(case.share(case.prediction[1][name])))
            for name in ("probabilities", "baseline_probabilities")
        )
    complete = METHODS[case.task.method].complete
    about = case.about_as_text
    there = f"the mean score of {about} over {escape_markdown(case.asked)}; " if case.asked else ""
    return there + words.check(about, of_input, of_baseline, facts, complete, case.kind.one)


def _part(arrays: Arrays, key: str) -> str:
    """Which part is shown, where the method tells support and opposition apart."""
    if "positive" not in arrays:
        return "scores"
    return st.segmented_control(
        "Part",
        list(PARTS),
        default="scores",
        required=True,
        key=f"{key}_part",
        format_func=lambda part: PARTS[part].capitalize(),
        label_visibility="collapsed",
    )


def _unseen(case: Case) -> str:
    """What a baseline of one colour cannot show of a photo, where there is much of it."""
    values, baseline = (case.prediction[1][name] for name in ("input", "baseline"))
    uses = METHODS[case.task.method].uses_baseline
    if not uses or case.task.model.kind != "picture" or max(values.shape[1:]) <= FEW_CELLS:
        return ""
    said = unseen(values, baseline, baseline_name(case))
    return f" {said}" if said else ""


def _spread(case: Case, arrays: Arrays) -> str:
    """How sure a random method is, against the strongest score."""
    heat = case.heat(arrays["scores"])
    if "spread" not in arrays or not heat.any():
        return ""
    # The channels of one place share their draws, so their errors add up.
    share = float(np.median(case.heat(arrays["spread"])) / np.abs(heat).max())
    return f" Standard error of a {case.kind.unit}: {words.percent(share)} of the strongest score."
