"""What the doctor found out about an uploaded network, in words."""

import json
from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.words import percent
from explainers.methods import METHODS
from explainers.models import card as cards
from explainers.models.spec import ModelSpec
from explainers.service.tasks.inspect import Inspect
from pages.state import progress, service
from pages.state.cases import duration

ANSWERS = {
    "logits": "scores before a softmax (logits)",
    "softmax": "probabilities: a softmax is inside",
    "sigmoid": "probabilities: a sigmoid is inside",
    "probabilities": "probabilities, it seems: positive numbers that add up to 1",
    "number": "one number, not classes",
}
TAKES = {
    "picture": "pictures of {1} × {2} px, {0} channels",
    "table": "rows of a table with {0} features",
    "series": "time series of {0} steps and {1} variables",
    "sequence": "DNA of {1} letters",
}
SAMPLED, RANDOM = {"picture": "our stop sign"}, "a random input"


def examined(spec: ModelSpec) -> dict[str, Any] | None:
    """The doctor's card of an uploaded model; None while it is made, or where it cannot be.

    What the visitor set himself does not matter, but for answers to questions that the weights
    alone leave open: the card is of the file.
    """
    usual = ModelSpec("upload", spec.name, spec.weights, shape=spec.shape, choices=spec.choices)
    try:
        job = service.job(Inspect(usual), "inspection")
    except Problem as problem:
        st.error(str(problem))
        return None
    if not job.over:
        progress.watch(job, "inspection", compact=True)
        return None
    found = service.answer(job)
    if found is None:
        progress.ended(job, "inspection")
        return None
    return found[0]


def takes(kind: str, shape: list[int], swapped: bool) -> str:
    """What a network takes, in words."""
    last = {"picture": "channels last", "series": "variables × time", "sequence": "letters × ACGT"}
    said = TAKES[kind].format(*shape)
    return f"{said} ({last[kind]})" if swapped else said


def show(card: dict[str, Any], spec: ModelSpec, names: tuple[str, ...]) -> None:
    """Draw the card, what is not sure first, with a way to take it along."""
    if "kind" in card["questions"]:
        st.warning(
            f"It could take {' or '.join(takes(*_order(one)) for one in card['kinds'])}. The first "
            "is a guess: set what it was trained with."
        )
    if "size" in card["questions"]:
        st.warning(
            f"It takes pictures of many sizes ({', '.join(map(str, sorted(card['sizes'])))} px "
            f"a side were tried). {card['input'][-1]} is a guess: set the size that it was trained "
            "with."
        )
    if "normalisation" in card["questions"]:
        st.warning(
            f"Which normalisation it was trained with cannot be read from it; "
            f"{card['normalisation']['name']} is a guess. A wrong one makes wrong answers."
        )
    outputs, first = card["outputs"], card["first"]
    given = f"; normalised as {card['normalisation']['name']}" if card["normalisation"] else ""
    steps = f", at each of {card['steps']} steps" if card["steps"] else ""
    lines = [
        f"**{card['architecture']}**{_size(card)}",
        f"Takes {takes(card['kind'], card['input'], card['swapped'])}{given}",
        f"Gives {_counted(outputs)}{steps}: {ANSWERS[card['answers']]}",
    ]
    if first is not None:
        name = names[first["index"]] if len(names) == outputs else f"class {first['index']}"
        if spec.answers == "numbers":
            lines.append(f"Answers {SAMPLED.get(card['kind'], RANDOM)} with {first['value']:.4g}")
        else:
            share = percent(first["share"])
            lines.append(f"Calls {SAMPLED.get(card['kind'], RANDOM)} *{name}* ({share})")
    works = [METHODS[key].name for key, reason in card["methods"].items() if not reason]
    lines.append(f"Works with {', '.join(works)}; one pass takes {_seconds(card)}")
    st.markdown("\n".join(f"- {line}" for line in lines))
    reasons = card["methods"].values()
    for reason in filter(None, dict.fromkeys(reasons)):
        off = [METHODS[key].name for key, why in card["methods"].items() if why == reason]
        st.caption(f"Not with {', '.join(off)}: {reason}")
    with st.popover("What one explanation costs", icon=":material/timer:"):
        st.table(
            {
                "Method": [METHODS[key].name for key in card["costs"]],
                "Passes": [f"about {passes:,}" for passes in card["costs"].values()],
                "Time": [
                    duration(max(passes * card["seconds_per_pass"], 1))
                    for passes in card["costs"].values()
                ],
            }
        )
    whole = card | {"settings": cards.card_settings(spec, names)}
    st.download_button(
        "The card (JSON)",
        json.dumps(whole, indent=1),
        "evident-card.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        help="What was found and what you set. Upload it with the model next time.",
    )


def _order(one: list) -> tuple[str, list[int], bool]:
    kind, swapped, shape = one
    return kind, shape, swapped


def _counted(outputs) -> str:
    if isinstance(outputs, list):
        return f"answers of shape {' × '.join(map(str, outputs))}"
    return f"{outputs} answer{'s' * (outputs != 1)}"


def _size(card: dict[str, Any]) -> str:
    """Its parameters and memory; a network that runs elsewhere tells neither."""
    if not card["parameters"]:
        return ""
    return (
        f", {card['parameters']:,} parameters ({card['megabytes']:.1f} MB; one pass takes "
        f"{card['pass_megabytes']:.1f} MB more)"
    )


def _seconds(card: dict[str, Any]) -> str:
    seconds = card["seconds_per_pass"]
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.2g} s"
