"""The inspection of an uploaded network: what it takes and gives, in words."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.as_text import markdown_table
from explainers.figures.text.words import is_share, number, percent
from explainers.methods import METHODS
from explainers.models import card as cards
from explainers.models.spec import ModelSpec
from explainers.service.tasks.inspect import Inspect
from pages.state import progress, service
from pages.state.cases import duration

ANSWERS = {
    "logits": "scores before a softmax (logits)",
    "log_probabilities": "logarithms of probabilities",
    "softmax": "probabilities that add up to 1: a softmax or sigmoid is inside",
    "sigmoid": "probabilities, each for itself: a sigmoid, or a part of a softmax, is inside",
    "probabilities": "probabilities: positive numbers that add up to 1",
    "fractions": "numbers from 0 to 1, each for itself",
    "percent": "percentages, explained as they are",
    "numbers": "values, explained as they are",
    "number": "one number",
}
PROBABILITIES = ("softmax", "sigmoid", "probabilities", "fractions", "log_probabilities")
"""Those that are probabilities, or their logarithms, already."""
ASKED = "Whether these are scores before a softmax, or values, cannot be read from the network."
TAKES = {
    "picture": "pictures of {1} × {2} px, {0} channels",
    "table": "rows of a table with {0} features",
    "series": "time series of {0} steps and {1} variables",
    "sequence": "DNA of {1} letters",
}
_ONE = re.compile(r"(\b1 (?:channel|feature|variable|step|letter))s\b")
ANY_LENGTH = {
    "series": "time series of {1} variables and any number of steps ({0} were tried)",
    "sequence": "DNA of other lengths too ({1} letters were tried)",
}
SAMPLE_INPUTS, RANDOM_INPUT = {"picture": "our stop sign"}, "a random input"


def card_of(spec: ModelSpec, failed: Callable[[], Any] = lambda: None) -> dict[str, Any] | None:
    """The inspection's card of an uploaded model; None while it is made, or where it cannot be.

    What the visitor set does not matter, but for answers to questions that the weights alone leave
    open, and the shape of an input: the card is of the file. `failed` is called where there is
    none, to draw what may help.
    """
    bare = ModelSpec("upload", spec.name, spec.weights, shape=spec.shape, choices=spec.choices)
    try:
        job = service.job(Inspect(bare), "inspection")
    except Problem as problem:
        st.error(str(problem))
        return None
    if not job.settled:
        progress.watch(job, "inspection", compact=True)
        return None
    answer = service.answer(job)
    if answer is None:
        progress.explain_end(job, "inspection")
        failed()
        return None
    return answer[0]


def takes(kind: str, shape: Sequence[int], swapped: bool, free: bool = False) -> str:
    """What a network takes, in words.

    Parameters
    ----------
    kind : str
        A key of KINDS.
    shape : sequence of int
        Of one input.
    swapped : bool
        Whether the network wants the first dimension last.
    free : bool
        Whether it takes other lengths too.
    """
    last = {"picture": "channels last", "series": "variables × time", "sequence": "letters × ACGT"}
    pattern = ANY_LENGTH.get(kind, TAKES[kind]) if free else TAKES[kind]
    words = pattern.format(*(f"{side:,}" if side > 9999 else side for side in shape))
    words = _ONE.sub(r"\1", words)
    return f"{words} ({last[kind]})" if swapped else words


def show(card: dict[str, Any], spec: ModelSpec, names: tuple[str, ...]) -> None:
    """Draw what was found, what is not sure first, with a way to take it along.

    Parameters
    ----------
    card : dict
        As `card_of` gives it.
    spec : ModelSpec
        The model with what the visitor set.
    names : tuple of str
        Of its outputs; () where none are given.
    """
    if "kind" in card["questions"]:
        st.warning(
            f"It could take {' or '.join(takes(*_order(one)) for one in _kinds(card))}. The first "
            "is a guess: set what it was trained with."
        )
    if "size" in card["questions"]:
        st.warning(
            f"It takes pictures of many sizes ({_sizes(card['sizes'])} px were tried). "
            f"{_sizes([card['input'][1:]])} is a guess: set the size that it was trained with."
        )
    if "normalisation" in card["questions"]:
        st.warning(
            f"Which normalisation it was trained with cannot be read from it; "
            f"{card['normalisation']['name']} is a guess. A wrong one makes wrong answers."
        )
    for warning in card["warnings"]:
        st.warning(warning)
    outputs, first = card["outputs"], card["first"]
    form = f"; normalised as {card['normalisation']['name']}" if card["normalisation"] else ""
    steps = f", at each of {card['steps']} steps" if card["steps"] else ""
    lines = [
        f"**{card['architecture']}**{_size(card)}",
        f"Takes {_volumes(card) or takes(*_order(_kinds(card)[0]))}{form}",
        f"Gives {_counted(outputs)}{steps}: {_are(card)}",
    ]
    if card["places"]:
        lines.append(
            f"Its answer is {card['recognised']}. It can be asked {_asked(card['places'])}"
        )
    elif first is not None:
        name = names[first["index"]] if len(names) == outputs else f"class {first['index']}"
        sample = SAMPLE_INPUTS.get(card["kind"], RANDOM_INPUT)
        if spec.answers == "numbers" or not is_share(first["share"]):
            lines.append(f"Answers {sample} with {first['value']:.4g}")
        else:
            lines.append(f"Calls {sample} *{name}* ({percent(first['share'])})")
    works = [METHODS[key].name for key, reason in card["methods"].items() if not reason]
    with_methods = f"Works with {', '.join(works)}" if works else "**No method works with it**"
    lines.append(f"{with_methods}; one pass takes {_seconds(card)}")
    st.markdown("\n".join(f"- {line}" for line in lines))
    for note in card["notes"]:
        st.caption(note)
    reasons = card["methods"].values()
    for reason in filter(None, dict.fromkeys(reasons)):
        off = [METHODS[key].name for key, why in card["methods"].items() if why == reason]
        st.caption(f"Not with {', '.join(off)}: {reason}")
    with st.popover("What one explanation costs", icon=":material/timer:"):
        st.markdown(
            markdown_table(
                {
                    "Method": [METHODS[key].name for key in card["costs"]],
                    "Passes": [f"about {passes:,}" for passes in card["costs"].values()],
                    "Time": [
                        duration(max(passes * _each(card, key), 1))
                        for key, passes in card["costs"].items()
                    ],
                }
            )
        )
    whole = card | {"settings": cards.card_settings(spec, names)}
    st.download_button(
        "Save these settings (JSON)",
        json.dumps(whole, indent=1),
        "evident-card.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        help="What was found and what you set, to upload with your network next time.",
    )


def _each(card: dict[str, Any], method: str) -> float:
    """Seconds of one pass as the method makes them."""
    return float(
        card["seconds_per_gradient_pass" if METHODS[method].needs_gradient else "seconds_per_pass"]
    )


def _volumes(card: dict[str, Any]) -> str:
    """The volumes that it takes, in words; "" of a network of no volumes."""
    if not card["depth"]:
        return ""
    count, height, width = card["input"]
    channels = count // card["depth"]
    of = f", {channels} channels" if channels > 1 else ""
    last = " (channels last)" if card["swapped"] else ""
    return f"volumes of {card['depth']} slices of {height} × {width} px{of}{last}"


def _sizes(sizes: Sequence[int | Sequence[int]]) -> str:
    """Heights and widths in words, small ones first; of squares one side."""
    pairs = sorted((size, size) if isinstance(size, int) else tuple(size) for size in sizes)
    squares = all(height == width for height, width in pairs)
    return ", ".join(
        f"{height}" if squares else f"{height} × {width}" for height, width in pairs
    ) + (" a side" if squares and len(pairs) > 1 else "")


def _are(card: dict[str, Any]) -> str:
    """What its answers are, in words, with how sure that is."""
    guessed = ", it seems; say above what they are" if "answers" in card["questions"] else ""
    return f"{ANSWERS[card['answers']]}{guessed}"


def _kinds(card: dict[str, Any]) -> list[list[Any]]:
    """All that it could take: kind, swapped, shape, and whether other lengths fit too."""
    return [[*one, free] for one, free in zip(card["kinds"], card["free"], strict=True)]


def _order(one: list[Any]) -> tuple[str, list[int], bool, bool]:
    kind, swapped, shape, free = one
    return kind, shape, swapped, free


def _counted(outputs: int | list[int]) -> str:
    if isinstance(outputs, list):
        return f"answers of shape {' × '.join(map(str, outputs))}"
    return f"{outputs} answer{'s' * (outputs != 1)}"


def _size(card: dict[str, Any]) -> str:
    """Its parameters and memory; neither is known of a network that runs elsewhere."""
    if not card["parameters"]:
        return ""
    return (
        f", {card['parameters']:,} parameters ({card['megabytes']:.1f} MB; one pass takes "
        f"{card['pass_megabytes']:.1f} MB more)"
    )


def _asked(places: dict[str, int]) -> str:
    if places["box"]:
        return "for the score of a class of one box: its best, or one that you choose"
    return "for a class over the places where it says so, at one place, or over the whole picture"


def _seconds(card: dict[str, Any]) -> str:
    seconds = card["seconds_per_pass"]
    return f"{number(1000 * seconds, 2)} ms" if seconds < 0.1 else f"{number(seconds, 2)} s"
