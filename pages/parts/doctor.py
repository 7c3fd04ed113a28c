"""What the doctor found out about an uploaded network, in words, before it explains anything."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from explainers.engine.request import Request
from explainers.figures.words import percent
from explainers.methods import METHODS
from explainers.models.demo import samples
from explainers.models.spec import ModelSpec
from explainers.problems import Problem
from pages.parts import pictures, progress, service

ANSWERS = {
    "logits": "scores before a softmax (logits)",
    "softmax": "probabilities: a softmax is inside",
    "sigmoid": "probabilities: a sigmoid is inside",
    "probabilities": "numbers that are positive and add up to 1",
    "number": "one number, not classes",
}


def examined(spec: ModelSpec) -> dict[str, Any] | None:
    """The doctor's card of an uploaded model; None while it is made, or where it cannot be.

    What the visitor set himself does not matter: the card is of the weights alone.
    """
    usual = ModelSpec("upload", spec.name, spec.weights)
    request = Request(usual, pictures.sample(samples()[0].name).digest, check="doctor")
    try:
        job = service.job(request, "doctor")
    except Problem as problem:
        st.error(str(problem))
        return None
    if not job.over:
        progress.watch(job, "doctor", compact=True)
        return None
    found = service.answer(job)
    if found is None:
        progress.ended(job, "doctor")
        return None
    return found[0]


def show(card: dict[str, Any], names: tuple[str, ...]) -> None:
    """Draw the card, what is not sure first, with a way to take it along."""
    channels, height, width = card["input"]
    if "size" in card["questions"]:
        st.warning(
            f"It takes pictures of many sizes ({', '.join(map(str, sorted(card['sizes'])))} px "
            f"a side were tried). {width} is a guess: set the size that it was trained with."
        )
    if "normalisation" in card["questions"]:
        st.warning(
            f"Which normalisation it was trained with cannot be read from it; "
            f"{card['normalisation']['name']} is a guess. A wrong one makes wrong answers."
        )
    outputs, first = card["outputs"], card["first"]
    lines = [
        f"**{card['architecture']}**, {card['parameters']:,} parameters "
        f"({card['megabytes']:.1f} MB)",
        f"Takes pictures of {width} × {height} px, {channels} channels; normalised as "
        f"{card['normalisation']['name']}",
        f"Gives {outputs} answers: {ANSWERS[card['answers']]}",
    ]
    if first is not None:
        name = names[first["index"]] if len(names) == outputs else f"class {first['index']}"
        lines.append(f"Calls our stop sign *{name}* ({percent(first['share'])})")
    works = [METHODS[key].name for key, reason in card["methods"].items() if not reason]
    lines.append(f"Works with {', '.join(works)}; one pass takes {_seconds(card)}")
    st.markdown("\n".join(f"- {line}" for line in lines))
    for key, reason in card["methods"].items():
        if reason:
            st.caption(f"Not with {METHODS[key].name}: {reason}")
    st.download_button(
        "The card (JSON)", json.dumps(card, indent=1), "evident-card.json", "application/json",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _seconds(card: dict[str, Any]) -> str:
    seconds = card["seconds_per_pass"]
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
