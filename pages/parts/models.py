"""Choosing a model: the demo, torchvision by name, or uploaded weights."""

from dataclasses import dataclass
from pathlib import PurePath

import streamlit as st

from explainers.engine.readers.names import class_names
from explainers.engine.wall import walls
from explainers.models.architectures import ARCHITECTURES
from explainers.models.demo import DEMO_MODELS, INPUT_SIZE
from explainers.models.refusals import NETWORKS, WEIGHTS, refusal
from explainers.models.spec import NORMALISATIONS, RECOGNISE, ModelSpec
from explainers.problems import Problem
from pages.parts import doctor, link, service

TORCHVISION, UPLOAD = "torchvision", "upload"
FITS = {"crop": "Centre crop", "stretch": "Whole picture, stretched"}


@dataclass(frozen=True)
class Chosen:
    """A model, the names given for its classes (or ()), and what it is called."""

    spec: ModelSpec
    classes: tuple[str, ...]
    name: str


def pick() -> Chosen | None:
    """Draw the choice of a model; None until there is one."""
    titles = {name: model.title for name, model in DEMO_MODELS.items()}
    titles |= {TORCHVISION: "ImageNet classifier, by name", UPLOAD: "Upload your own network"}
    source = link.select(
        st.selectbox, "model", list(titles), "signs",
        label="Model", format_func=titles.get, label_visibility="collapsed",
    )  # fmt: skip
    if source in DEMO_MODELS:
        st.caption(DEMO_MODELS[source].description)
        return demo(source)
    if source == TORCHVISION:
        name = link.select(
            st.selectbox, "architecture", list(ARCHITECTURES), "resnet18", label="Architecture"
        )
        st.caption("Pretrained by torchvision; downloaded once, when it is first used.")
        return Chosen(ModelSpec("torchvision", name), (), name)
    return _uploaded()


def demo(name: str) -> Chosen:
    """A demo model by name."""
    mean, std = NORMALISATIONS["0–1"]
    spec = ModelSpec("demo", name, size=INPUT_SIZE, mean=mean, std=std)
    return Chosen(spec, (), DEMO_MODELS[name].title)


def _uploaded() -> Chosen | None:
    if not (found := walls()).complete:
        st.warning(found.sentence)
    file = st.file_uploader(
        "A network as .onnx, or its weights as .safetensors, .pt or .pth",
        key="w_weights_file",
        on_change=lambda: link.choice().pop("weights", None),
    )
    if file is not None:
        suffix = PurePath(file.name).suffix.lower()
        if suffix not in (*WEIGHTS, *NETWORKS):
            st.error(refusal(file.name))
        else:
            link.choice()["weights"] = _kept(file) + suffix
    weights = link.choice().get("weights")
    if not isinstance(weights, str) or not service.kept(weights.split(".")[0]):
        st.info("Upload the weights of your network.")
        return None
    name = "onnx"
    if not weights.endswith(NETWORKS):
        name = link.select(
            st.selectbox, "architecture", [RECOGNISE, *ARCHITECTURES], RECOGNISE,
            label="Architecture",
            format_func=lambda name: "Recognise it" if name == RECOGNISE else name,
        )  # fmt: skip
    card = doctor.examined(ModelSpec("upload", name, weights))
    if card is None:
        return None
    with st.expander("Classes, size and normalisation"):
        classes = _class_names()
        size = link.widget(
            st.number_input, "size", start=card["input"][1], label="Input side, in pixels",
            min_value=8, max_value=1024, step=1, clean=_side,
        )  # fmt: skip
        fit = link.select(
            st.selectbox, "fit", list(FITS), "crop", label="What it sees", format_func=FITS.get
        )
        mean, std = _normalisation(card["normalisation"]["name"])
    with st.expander("What the doctor found", expanded=True, icon=":material/stethoscope:"):
        doctor.show(card, classes)
    name = card["architecture"]
    return Chosen(ModelSpec("upload", name, weights, int(size), fit, mean, std), classes, name)


def _side(value) -> int:
    if isinstance(value, bool) or not 8 <= int(value) <= 1024:
        raise ValueError
    return int(value)


def _kept(file) -> str:
    """Digest of the uploaded file; hashed once, not at every rerun."""
    known = st.session_state.setdefault("kept_files", {})
    if file.file_id not in known:
        known[file.file_id] = service.keep(file.getvalue(), "file")
    return known[file.file_id]


def _class_names() -> tuple[str, ...]:
    file = st.file_uploader("Class names: a text file or JSON", type=["txt", "json"],
                            max_upload_size=10, key="w_names_file",
                            on_change=lambda: link.choice().pop("names", None))  # fmt: skip
    if file is not None:
        link.choice()["names"] = _kept(file)
    digest = link.choice().get("names")
    try:
        if isinstance(digest, str) and service.kept(digest):
            return class_names(service.engine().parsed.get("names", digest))
    except Problem as problem:
        st.error(str(problem))
    return ()


def _normalisation(start: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    name = link.select(
        st.selectbox, "normalise", [*NORMALISATIONS, "Own"], start, label="Normalisation"
    )
    if name in NORMALISATIONS:
        return NORMALISATIONS[name]
    left, right = st.columns(2)
    with left:
        mean = _three("mean", "Mean: red, green, blue", "0.5, 0.5, 0.5")
    with right:
        std = _three("std", "Standard deviation", "0.25, 0.25, 0.25")
    return mean, std


def _three(name: str, label: str, start: str) -> tuple[float, ...]:
    text = link.widget(st.text_input, name, start=start, label=label)
    try:
        values = tuple(float(part) for part in str(text).split(","))
        if len(values) == 3:
            return values
    except ValueError:
        pass
    st.error(f"{label}: three numbers with commas between them, for example {start}.")
    return tuple(float(part) for part in start.split(","))
