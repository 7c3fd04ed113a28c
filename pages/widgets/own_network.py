"""Uploading one's own network: the file, the doctor, and the questions that are left."""

import json
from dataclasses import replace
from pathlib import PurePath

import streamlit as st

from explainers.errors import Problem
from explainers.models.formats.python_models import PythonModel, read_python_models
from explainers.models.formats.refusals import NETWORKS, SCRIPTS, WEIGHTS, refusal
from explainers.models.spec import NORMALISATIONS, RECOGNISE, ModelSpec
from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN
from explainers.models.zoo.timm_models import timm_names
from explainers.service.parsing.parsers.class_names import class_names
from explainers.service.sandbox.sandbox import sandbox_layers
from explainers.service.settings import model_settings
from pages.state import address, service
from pages.widgets import inferred, inspection
from pages.widgets.models import Chosen

FITS = {"crop": "Centre crop", "stretch": "Whole picture, stretched"}
NAMED = {RECOGNISE: "Recognise it", PLAIN_CHAIN: "A plain chain of layers"}
ANSWERS = {
    "classes": "Classes: one of them is right",
    "labels": "Labels: each is right or not",
    "probabilities": "Probabilities already",
    "numbers": "Numbers",
}
# A softmax or a sigmoid that is seen inside is known for what it is; these are not.
GUESSED = {"number": "numbers", "probabilities": "probabilities"}


def pick() -> Chosen | None:
    """Draw uploader, doctor and questions; None until there is a network."""
    if not (found := sandbox_layers()).complete:
        st.warning(found.sentence)
    file = st.file_uploader(
        "A network as .onnx or .pt2, or its weights as .safetensors, .pt or .pth",
        key=address.file_key("w_weights_file"),
        on_change=lambda: address.choice().pop("weights", None),
    )
    if file is not None:
        suffix = PurePath(file.name).suffix.lower()
        scripts = SCRIPTS if model_settings().torchscript else ()
        if suffix not in (*WEIGHTS, *NETWORKS, *scripts):
            st.error(refusal(file.name))
        elif not _keeps(file, "weights", suffix):
            return None
    weights = address.choice().get("weights")
    if not isinstance(weights, str) or not service.kept(weights.split(".")[0]):
        st.info("Upload your network, or its weights.")
        return None
    _card()
    name, shape = "network", _shape() if weights.endswith(SCRIPTS) else ()
    if not weights.endswith((*NETWORKS, *SCRIPTS)):
        name = address.select(
            st.selectbox,
            "architecture",
            [RECOGNISE, PLAIN_CHAIN, *ARCHITECTURES, *timm_names()],
            RECOGNISE,
            label="Architecture",
            format_func=lambda name: NAMED.get(name, name),
        )
    answered = address.choice().get("chain")
    choices = tuple(sorted(answered.items())) if isinstance(answered, dict) else ()
    card = inspection.examined(ModelSpec("upload", name, weights, shape=shape, choices=choices))
    if card is None:
        return None
    if card["chain"]:
        choices = inferred.asked(card["chain"], dict(choices))
    with st.expander("What it takes, and what it answers", expanded=bool(card["steps"])):
        spec, classes = _settled(ModelSpec("upload", name, weights, choices=choices), card)
    with st.expander("What the doctor found", expanded=True, icon=":material/stethoscope:"):
        inspection.show(card, spec, classes)
    off = frozenset(key for key, reason in card["methods"].items() if reason)
    return Chosen(spec, classes, card["architecture"], off)


def of_the_server() -> dict[str, PythonModel]:
    """The models that whoever started the server defined; what is wrong with them is said."""
    try:
        return read_python_models(model_settings().file)
    except (Problem, ValueError) as problem:
        st.error(str(problem))
        return {}


def _settled(spec: ModelSpec, card: dict) -> tuple[ModelSpec, tuple[str, ...]]:
    """The questions with the doctor's guesses as defaults."""
    kind, swapped, shape = card["kinds"][_taken(card)]
    spec = replace(spec, kind=kind, swapped=swapped, shape=tuple(shape), mean=(0.0,), std=(1.0,))
    inside = card["answers"] in ("softmax", "sigmoid", "probabilities")
    answers = address.select(
        st.selectbox,
        "answers",
        [a for a in ANSWERS if a != "labels" or not inside],
        GUESSED.get(card["answers"], "classes"),
        label="Its answers are",
        format_func=ANSWERS.get,
    )
    if card["steps"]:
        step = address.widget(
            st.number_input,
            "step",
            start=card["steps"],
            label="Output step",
            min_value=1,
            max_value=card["steps"],
            step=1,
            help=f"Its answer is a series of {card['steps']} steps; which one is explained.",
        )
        spec = replace(spec, step=int(step) - 1)
    spec = replace(spec, answers=answers)
    if kind == "picture":
        size = address.widget(
            st.number_input,
            "size",
            start=shape[-1],
            label="Input side, in pixels",
            min_value=8,
            max_value=1024,
            step=1,
            clean=_side,
        )
        fit = address.select(
            st.selectbox, "fit", list(FITS), "crop", label="What it sees", format_func=FITS.get
        )
        mean, std = _normalisation(card["normalisation"]["name"], shape[0])
        spec = replace(spec, size=int(size), fit=fit, mean=mean, std=std)
    return spec, _class_names()


def _shape() -> tuple[int, ...]:
    """The shape of one input, which a script does not tell; () for pictures."""
    text = address.widget(
        st.text_input,
        "shape",
        start="",
        label="Shape of one input, if it takes no pictures",
        placeholder="10 or 12, 3 or 4, 200",
        help="Features of a table; steps and variables of a series; 4 and letters of DNA.",
    )
    sides = [part.strip() for part in str(text).split(",") if part.strip()]
    if all(side.isdecimal() and 0 < int(side) < 10**6 for side in sides) and len(sides) < 3:
        return tuple(map(int, sides))
    st.error("A shape is one or two whole numbers with a comma between them, for example 12, 3.")
    return ()


def _taken(card: dict) -> int:
    """Which of the kinds of input that it could take; asked where there are several."""
    if len(card["kinds"]) == 1:
        return 0
    said = [inspection.takes(kind, shape, swapped) for kind, swapped, shape in card["kinds"]]
    wanted = address.choice().get("card") or {}
    start = next(
        (
            place
            for place, (kind, swapped, _) in enumerate(card["kinds"])
            if wanted.get("kind") == kind and wanted.get("swapped", swapped) == swapped
        ),
        0,
    )
    return address.select(
        st.selectbox,
        "takes",
        list(range(len(said))),
        start,
        label="It takes",
        format_func=said.__getitem__,
    )


def _card() -> None:
    """An uploader for the model's card, whose settings become the visitor's choices."""
    file = st.file_uploader(
        "Its card, if you have one",
        type=["json"],
        max_upload_size=1,
        key=address.file_key("w_card_file"),
    )
    done = st.session_state.setdefault("cards_applied", set())
    if file is None or file.file_id in done:
        return
    done.add(file.file_id)
    try:
        found, _ = service.backend().parsed.pool.parse("card", file.getvalue())
        classes = found.get("classes")
        names = service.keep(json.dumps(classes).encode(), "file") if classes else None
    except Problem as problem:
        st.error(str(problem))
        return
    choices = {name: found[name] for name in ("size", "fit", "answers") if name in found}
    if found.get("step") is not None and found["step"] >= 0:
        choices["step"] = found["step"] + 1
    if "mean" in found and "std" in found:
        both = (tuple(found["mean"]), tuple(found["std"]))
        known = next((name for name, values in NORMALISATIONS.items() if values == both), "Own")
        choices |= {"normalise": known, "mean": _listed(both[0]), "std": _listed(both[1])}
    if names:
        choices["names"] = names
    choices["chain"] = found.get("choices") or None
    choices["card"] = {
        name: found[name] for name in ("kind", "swapped", "columns") if name in found
    }
    address.put(choices)
    st.toast("The card's settings are used.", icon=":material/check:")


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _side(value) -> int:
    if isinstance(value, bool) or not 8 <= int(value) <= 1024:
        raise ValueError
    return int(value)


def _keeps(file, name: str, suffix: str = "") -> bool:
    """Make the uploaded file the choice `name`; whether that was possible, which else is said.

    It is hashed once, not at every rerun.
    """
    known = st.session_state.setdefault("kept_files", {})
    try:
        if file.file_id not in known:
            known[file.file_id] = service.keep(file.getvalue(), "file")
    except Problem as problem:
        st.error(str(problem))
        return False
    address.choice()[name] = known[file.file_id] + suffix
    return True


def _class_names() -> tuple[str, ...]:
    file = st.file_uploader(
        "Names of its answers: a text file or JSON",
        type=["txt", "json"],
        max_upload_size=10,
        key=address.file_key("w_names_file"),
        on_change=lambda: address.choice().pop("names", None),
    )
    if file is not None and not _keeps(file, "names"):
        return ()
    digest = address.choice().get("names")
    try:
        if isinstance(digest, str) and service.kept(digest):
            return class_names(service.backend().parsed.get("class_names", digest))
    except Problem as problem:
        st.error(str(problem))
    return ()


def _normalisation(start: str, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    name = address.select(
        st.selectbox, "normalise", [*NORMALISATIONS, "Own"], start, label="Normalisation"
    )
    if name in NORMALISATIONS:
        mean, std = NORMALISATIONS[name]
        return mean[:channels], std[:channels]
    left, right = st.columns(2)
    with left:
        mean = _numbers("mean", "Mean of each channel", "0.5, 0.5, 0.5", channels)
    with right:
        std = _numbers("std", "Standard deviation", "0.25, 0.25, 0.25", channels)
    return mean, std


def _numbers(name: str, label: str, start: str, count: int) -> tuple[float, ...]:
    text = address.widget(st.text_input, name, start=start, label=label)
    try:
        values = tuple(float(part) for part in str(text).split(","))
        if len(values) >= count:
            return values[:count]
    except ValueError:
        pass
    st.error(f"{label}: {count} numbers with commas between them, for example {start}.")
    return tuple(float(part) for part in start.split(","))[:count]
