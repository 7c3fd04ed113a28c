"""One finished explanation: the sentence, the picture with its map, and the receipt."""

from typing import Any

import numpy as np
import streamlit as st

from explainers.figures import words
from explainers.methods import METHODS
from pages.parts import pictures
from pages.parts.cases import Answer, Case
from pages.parts.viewer import viewer

PARTS = {
    "scores": "support and opposition",
    "positive": "support alone",
    "negative": "opposition alone",
}
WHAT = {"scores": "support for", "positive": "support for", "negative": "opposition to"}


def panel(case: Case, answer: Answer, key: str, **shown: Any) -> None:
    """Draw the finished explanation; `shown` goes to the viewer."""
    facts, arrays = answer
    heat = arrays["scores"].sum(0).astype(np.float64)
    method, headline = METHODS[case.request.method], st.empty()
    part = _part(arrays, key)
    seen = -arrays[part].sum(0) if part == "negative" else arrays[part].sum(0)
    says = sentence(case, seen, facts["signed"], WHAT[part])
    headline.markdown(f"### {says}")
    viewer(
        pictures.shown(case.request.picture),
        arrays[part].sum(0),
        signed=facts["signed"],
        alt=f"{method.name} for {case.about} on {case.picture.name}, {PARTS[part]}. "
        + says.replace("*", ""),
        key=key,
        region=tuple(facts["region"]),
        mime="image/jpeg",
        method=method.name,
        masks=pictures.regions(case.picture, heat.shape[-1], case.request.model.fit),
        **shown,
    )
    st.markdown(f":material/receipt_long: **Receipt:** {receipt(case, facts)}.")
    for note in facts["notes"]:
        st.warning(note)
    if method.complete and words.gap_is_large(facts):
        st.warning(
            "The contributions miss the difference by more than 5 %: do not rely on this map. "
            "Use more steps or a smaller tolerance."
        )
    st.caption(f"{method.name}: {words.cost(facts)}.{_spread(arrays, heat)}")


def sentence(case: Case, heat: np.ndarray, signed: bool, what: str = "support for") -> str:
    """Where the positive scores of the map (H, W) lie, in the case's known regions if any."""
    known = pictures.regions(case.picture, heat.shape[-1], case.request.model.fit)
    left, top, width, height = case.prediction[0]["region"]
    place = "the picture" if width > 0.999 and height > 0.999 else "the part that it sees"
    what = what if signed else "attention to"
    return words.sentence(heat, f"*{case.about}*", what, known, place)


def receipt(case: Case, facts: dict) -> str:
    """What the map adds up to, in words."""
    shares = (None, None)
    if case.request.rather_than is None:
        answers = (case.prediction[1][f"{of}probabilities"] for of in ("", "baseline_"))
        shares = tuple(float(case.share(answer)) for answer in answers)
    return words.receipt(case.about, *shares, facts, METHODS[case.request.method].complete)


def _part(arrays: dict, key: str) -> str:
    """Which part is shown, where the method tells support and opposition apart."""
    if "positive" not in arrays:
        return "scores"
    return st.segmented_control(
        "Part", list(PARTS), default="scores", required=True, key=f"{key}_part",
        format_func=lambda part: PARTS[part].capitalize(), label_visibility="collapsed",
    )  # fmt: skip


def _spread(arrays: dict, heat: np.ndarray) -> str:
    """How sure a random method is, against the strongest score."""
    if "spread" not in arrays or not heat.any():
        return ""
    # The channels of one pixel share their draws, so their errors add up.
    error = arrays["spread"].sum(0)
    share = float(np.median(error) / np.abs(heat).max())
    return f" Standard error of a pixel: {words.percent(share)} of the strongest score."
