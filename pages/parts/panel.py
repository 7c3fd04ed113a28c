"""One finished explanation: the sentence, the picture with its map, and the receipt."""

from typing import Any

import numpy as np
import streamlit as st

from explainers.engine.request import Request
from explainers.figures import words
from explainers.methods import METHODS
from explainers.options import make_options
from pages.parts import pictures
from pages.parts.viewer import viewer

PARTS = {
    "scores": "support and opposition",
    "positive": "support alone",
    "negative": "opposition alone",
}
WHAT = {"scores": "support for", "positive": "support for", "negative": "opposition to"}


def panel(
    request: Request,
    answer: tuple[dict, dict],
    picture: pictures.Chosen,
    about: str,
    key: str,
    prediction: tuple[dict, dict] | None = None,
    **shown: Any,
) -> None:
    """Draw the answer to a request; `about` names the class, `shown` goes to the viewer."""
    facts, arrays = answer
    heat = arrays["scores"].sum(0).astype(np.float64)
    known = pictures.regions(picture, heat.shape[-1], request.model.fit)
    method, headline = METHODS[request.method], st.empty()
    part = _part(arrays, key)
    what = WHAT[part] if facts["signed"] else "attention to"
    seen = -arrays[part].sum(0) if part == "negative" else arrays[part].sum(0)
    sentence = words.sentence(seen, f"*{about}*", what, known)
    headline.markdown(f"### {sentence}")
    viewer(
        pictures.shown(request.picture),
        arrays[part].sum(0),
        signed=facts["signed"],
        alt=f"{method.name} for {about} on {picture.name}, {PARTS[part]}. "
        + sentence.replace("*", ""),
        key=key,
        region=tuple(facts["region"]),
        mime="image/jpeg",
        method=method.name,
        **shown,
    )
    shares = (None, None)
    if prediction is not None and request.rather_than is None:
        index = facts["target"]
        shares = tuple(
            float(prediction[1][name][index])
            for name in ("probabilities", "baseline_probabilities")
        )
    st.markdown(
        f":material/receipt_long: **Receipt:** "
        f"{words.receipt(about, *shares, facts, method.complete)}."
    )
    for note in facts["notes"]:
        st.warning(note)
    if method.complete and words.gap_is_large(facts):
        st.warning(
            "The contributions miss the difference by more than 5 %: do not rely on this map. "
            "Use more steps or a smaller tolerance."
        )
    st.caption(f"{method.name}: {words.cost(facts)}.{_spread(arrays, heat)}")


def _part(arrays: dict, key: str) -> str:
    """Which part is shown, where the method tells support and opposition apart."""
    if "positive" not in arrays:
        return "scores"
    return st.segmented_control(
        "Part", list(PARTS), default="scores", required=True, key=f"{key}_part",
        format_func=lambda part: PARTS[part].capitalize(), label_visibility="collapsed",
    )  # fmt: skip


def knows_sign(request: Request) -> bool:
    """Whether the request's map will have a meaningful sign."""
    method = METHODS[request.method]
    return method.knows_sign(make_options(method.options, request.options, method.name))


def _spread(arrays: dict, heat: np.ndarray) -> str:
    """How sure a random method is, against the strongest score."""
    if "spread" not in arrays or not heat.any():
        return ""
    # The channels of one pixel share their draws, so their errors add up.
    error = arrays["spread"].sum(0)
    share = float(np.median(error) / np.abs(heat).max())
    return f" Standard error of a pixel: {words.percent(share)} of the strongest score."
