"""Uploading one's own network: the file, the inspection, and the questions that are left."""

from dataclasses import replace
from pathlib import PurePath
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.typing import UploadedFile

from explainers.errors import Problem
from explainers.models.formats.python_models import PythonModel, read_python_models
from explainers.models.formats.refusals import NETWORKS, SCRIPTS, WEIGHTS, refusal
from explainers.models.spec import RECOGNISE, TAKEN_FOR, ModelSpec, Places
from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN
from explainers.models.zoo.timm_models import timm_names
from explainers.service.parsing.parsers.class_names import class_names
from explainers.service.sandbox.sandbox import sandbox_layers
from explainers.service.settings import model_settings
from pages.links.refusals import folded
from pages.state import address, progress, service
from pages.state.chosen import ChosenModel
from pages.widgets import inferred, inspection, model_card, picture_settings

NAMED = {RECOGNISE: "Recognise it", PLAIN_CHAIN: "A plain chain of layers"}
ANSWERS = {
    "classes": "Scores of classes: one of them is right",
    "labels": "Scores of labels: each is right or not",
    "probabilities": "Probabilities already, each from 0 to 1",
    "numbers": "Values, as they are",
}
INSIDE = {
    "classes": "Probabilities of classes",
    "probabilities": "Probabilities, explained as they are",
    "numbers": "Values, as they are",
}
"""The same where the probabilities are the network's own."""
BOXES = {
    4: "Its place (4 numbers), then scores",
    5: "Its place, a score of its own, then scores",
    0: "Scores alone",
}


def pick(found: DeltaGenerator | None = None) -> ChosenModel | None:
    """Draw uploader, inspection and questions; None until there is a network.

    What the inspection found stands in `found`, if given, unless it asks something.
    """
    if not (layers := sandbox_layers()).complete:
        st.warning(layers.sentence)
    files = st.expander("Its files", expanded="weights" not in address.choices())
    with files:
        file = st.file_uploader(
            "A network as .onnx or .pt2, or its weights as .safetensors, .pt or .pth",
            max_upload_size=service.most_megabytes("weights"),
            key=address.uploader_key("w_weights_file"),
            on_change=lambda: address.choices().pop("weights", None),
        )
    if file is not None:
        suffix = PurePath(file.name).suffix.lower()
        scripts = SCRIPTS if model_settings().torchscript else ()
        if suffix not in (*WEIGHTS, *NETWORKS, *scripts):
            st.error(refusal(file.name))
        elif not _keep(file, "weights", suffix):
            return None
    weights = address.choices().get("weights")
    address.show_refusal("weights", "Your network")
    if weights is None or not service.may_open(weights.split(".")[0]):
        st.info("Upload your network, or its weights.")
        return None
    _forget_settings_of_another_network(weights)
    with files:
        model_card.upload()
    name, asked = "network", weights.endswith(SCRIPTS) or bool(address.choices().get("shape"))
    shape = _shape() if asked else ()
    if not weights.endswith((*NETWORKS, *SCRIPTS)):
        name = address.select(
            st.selectbox,
            "architecture",
            [RECOGNISE, PLAIN_CHAIN, *ARCHITECTURES, *timm_names()],
            RECOGNISE,
            label="Architecture",
            format_func=lambda name: NAMED.get(name, name),
        )
    answered = address.choices().get("chain")
    address.show_refusal("chain", "What the weights leave open")
    choices = tuple(sorted(answered.items())) if answered else ()
    bare = ModelSpec("upload", name, weights, shape=shape, choices=choices)
    card = inspection.card_of(bare, lambda: None if asked else _shape())
    if card is None:
        return None
    if card["chain"]:
        choices = inferred.pick_answers(card["chain"], dict(choices))
    unsure = bool(card["steps"] or card["places"]) or "answers" in card["questions"]
    with folded(st.expander("What it takes, and what it answers", expanded=unsure)):
        spec, classes = _settings(ModelSpec("upload", name, weights, choices=choices), card)
    classes = classes or tuple(card["classes"])
    open_ = bool(card["questions"] or card["warnings"])
    place = st.container() if open_ or found is None else found
    with place.expander(
        "What we found about your network", expanded=True, icon=":material/stethoscope:"
    ):
        inspection.show(card, spec, classes)
    unusable = frozenset(key for key, reason in card["methods"].items() if reason)
    columns = tuple(card["columns"])
    return ChosenModel(spec, classes, card["architecture"], unusable, columns)


def python_models() -> dict[str, PythonModel]:
    """The models that whoever started the server defined in Python, by name.

    The page says what is wrong with their file, if anything.
    """
    try:
        return read_python_models(model_settings().file)
    except (Problem, ValueError) as problem:
        st.error(str(problem))
        return {}


def _forget_settings_of_another_network(weights: str) -> None:
    """A size, shape or kind of answer chosen for another network says nothing about this one.

    One that a link holds is about the link's network.
    """
    now = (address.links_opened(), weights)
    before = st.session_state.get("settings_chosen_for", now)
    st.session_state["settings_chosen_for"] = now
    if before[0] == now[0] and before != now:
        asked = [
            "box_numbers",
            "where",
            "of",
            "row",
            "column",
            "box",
            "answers",
            "chain",
        ]
        asked += ["place_slice", "slice"]
        address.set_choices(dict.fromkeys(("size", "width", "shape", *asked)))


def _settings(spec: ModelSpec, card: dict[str, Any]) -> tuple[ModelSpec, tuple[str, ...]]:
    """The questions with the inspection's guesses as defaults; the model, and its class names."""
    place = _pick_kind(card)
    kind, swapped, shape = card["kinds"][place]
    spec = replace(spec, kind=kind, swapped=swapped, shape=tuple(shape), mean=(0.0,), std=(1.0,))
    if card["depth"]:
        spec = replace(spec, depth=card["depth"], swapped=card["swapped"])
    known = INSIDE if card["answers"] in inspection.PROBABILITIES else ANSWERS
    answers = address.select(
        st.selectbox,
        "answers",
        list(known),
        TAKEN_FOR.get(card["answers"], "classes"),
        label="Its answers are",
        format_func=known.get,
        help=inspection.ASKED if "answers" in card["questions"] else None,
    )
    if "answers" in card["questions"]:
        st.caption(f"{inspection.ASKED} What is chosen here is a guess until you say so.")
    if card["steps"]:
        step = address.widget(
            st.number_input,
            "step",
            default=card["steps"],
            label="Output step",
            min_value=1,
            max_value=card["steps"],
            step=1,
            help=f"Its answer is a series of {card['steps']} steps; which one is explained.",
        )
        spec = replace(spec, step=step - 1)
    spec = replace(spec, answers=answers)
    if card["places"]:
        spec = replace(spec, places=_places(card))
    if kind == "picture":
        spec = picture_settings.pick(spec, shape, card)
    elif card["free"][place] and kind == "sequence":
        spec = replace(spec, shape=(shape[0], 0))
    elif card["free"][place] and kind == "series":
        spec = replace(spec, shape=(0, shape[1]))
    return spec, _class_names()


def _places(card: dict[str, Any]) -> Places:
    """How an answer with one of each class at many places lies; of boxes that is a question."""
    found = Places(**{**card["places"], "grid": tuple(card["places"]["grid"])})
    if not found.box:
        return found
    box = address.select(
        st.selectbox,
        "box_numbers",
        list(BOXES),
        found.box,
        label="Each of its boxes gives",
        format_func=BOXES.get,
    )
    return replace(found, box=box)


def _shape() -> tuple[int, ...]:
    """The shape of one input, which a script does not tell, nor a file that leaves it free."""
    text = address.widget(
        st.text_input,
        "shape",
        default="",
        label="Shape of one input, if it is not found by trying",
        placeholder="10 or 12, 3 or 4, 10001 or 1, 48, 192 or 1, 32, 64, 64",
        help="Features of a table; steps and variables of a series; 4 and letters of DNA; "
        "channels, height and width of a picture; channels, slices, height and width of a volume.",
    )
    sides = [part.strip() for part in text.split(",") if part.strip()]
    if all(side.isdecimal() and 0 < int(side) < 10**6 for side in sides) and len(sides) < 5:
        return tuple(map(int, sides))
    st.error("A shape is one to four whole numbers with commas between them, for example 12, 3.")
    return ()


def _pick_kind(card: dict[str, Any]) -> int:
    """Which of the kinds of input that it could take; a question where there are several."""
    if len(card["kinds"]) == 1:
        return 0
    labels = [
        inspection.takes(kind, shape, swapped, free)
        for (kind, swapped, shape), free in zip(card["kinds"], card["free"], strict=True)
    ]
    wanted = address.choices().get("card") or {}
    address.show_refusal("card", "Saved settings")
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
        list(range(len(labels))),
        start,
        label="It takes",
        format_func=labels.__getitem__,
    )


def _keep(file: UploadedFile, name: str, suffix: str = "") -> bool:
    """Make the uploaded file the choice `name`; whether that was possible, else the page says why.

    It is hashed once, not at every rerun.
    """
    digests: dict[str, str] = st.session_state.setdefault("kept_files", {})
    try:
        if file.file_id not in digests:
            use = (name, suffix)
            digests[file.file_id] = service.keep(file.getvalue(), "file", file.name, use)
    except Problem as problem:
        progress.refused(problem)
        return False
    address.choices()[name] = digests[file.file_id] + suffix
    return True


def _class_names() -> tuple[str, ...]:
    file = st.file_uploader(
        "Class names: a text file, JSON, CSV, or a Hugging Face config.json",
        type=["txt", "json", "csv", "tsv", "yaml", "yml", "names", "py"],
        max_upload_size=service.most_megabytes("names"),
        key=address.uploader_key("w_names_file"),
        on_change=lambda: address.choices().pop("names", None),
    )
    if file is not None and not _keep(file, "names"):
        return ()
    digest = address.choices().get("names")
    address.show_refusal("names", "Class names")
    try:
        if digest is not None and service.may_open(digest):
            parsed = service.backend().parsed
            return class_names(parsed.get("class_names", digest, turn=service.owner()))
    except Problem as problem:
        progress.refused(problem)
    return ()
