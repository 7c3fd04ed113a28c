"""Choosing a model: the demo, torchvision by name, or uploaded weights."""

from dataclasses import dataclass
from pathlib import PurePath

import streamlit as st

from explainers.models.architectures import ARCHITECTURES
from explainers.models.class_names import read_class_names
from explainers.models.demo import DEMO_MODELS, INPUT_SIZE
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.problems import Problem
from pages.parts import link, service

TORCHVISION, UPLOAD = "torchvision", "upload"
WEIGHTS = (".safetensors", ".pt", ".pth")
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
    titles |= {TORCHVISION: "ImageNet classifier, by name", UPLOAD: "Upload your own weights"}
    source = link.select(
        st.selectbox, "model", list(titles), "signs",
        label="Model", format_func=titles.get, label_visibility="collapsed",
    )  # fmt: skip
    if source in DEMO_MODELS:
        st.caption(DEMO_MODELS[source].description)
        return demo(source)
    if source == TORCHVISION:
        name = _architecture("resnet18")
        st.caption("Pretrained by torchvision; downloaded once, when it is first used.")
        return Chosen(ModelSpec("torchvision", name), (), name)
    return _uploaded()


def demo(name: str) -> Chosen:
    """A demo model by name."""
    mean, std = NORMALISATIONS["0–1"]
    spec = ModelSpec("demo", name, size=INPUT_SIZE, mean=mean, std=std)
    return Chosen(spec, (), DEMO_MODELS[name].title)


def _architecture(start: str) -> str:
    return link.select(
        st.selectbox, "architecture", list(ARCHITECTURES), start, label="Architecture"
    )


def _uploaded() -> Chosen | None:
    file = st.file_uploader(
        "Weights: a state dict as .safetensors, .pt or .pth",
        key="w_weights_file",
        on_change=lambda: link.choice().pop("weights", None),
    )
    name = _architecture("resnet18")
    if file is not None:
        suffix = PurePath(file.name).suffix.lower()
        if suffix not in WEIGHTS:
            st.error(
                f"{file.name} is not accepted. Weights are state dicts in {', '.join(WEIGHTS)}; "
                "other formats can be programs. In Python: "
                "`safetensors.torch.save_file(model.state_dict(), 'weights.safetensors')`."
            )
        else:
            link.choice()["weights"] = _kept(file) + suffix
    with st.expander("Classes, size and normalisation"):
        classes = _class_names()
        size = link.widget(
            st.number_input, "size", start=224, label="Input side, in pixels",
            min_value=8, max_value=1024, step=1, clean=_side,
        )  # fmt: skip
        fit = link.select(
            st.selectbox, "fit", list(FITS), "crop", label="What it sees", format_func=FITS.get
        )
        mean, std = _normalisation()
    weights = link.choice().get("weights")
    if not isinstance(weights, str) or not service.kept(weights.split(".")[0]):
        st.info("Upload the weights of your network and choose its architecture.")
        return None
    return Chosen(ModelSpec("upload", name, weights, int(size), fit, mean, std), classes, name)


def _side(value) -> int:
    if isinstance(value, bool) or not 8 <= int(value) <= 1024:
        raise ValueError
    return int(value)


def _kept(file) -> str:
    """Digest of the uploaded file; hashed once, not at every rerun."""
    known = st.session_state.setdefault("kept_files", {})
    if file.file_id not in known:
        known[file.file_id] = service.engine().store.put_blob(file.getvalue())
    return known[file.file_id]


def _class_names() -> tuple[str, ...]:
    file = st.file_uploader("Class names: a text file or JSON", type=["txt", "json"],
                            max_upload_size=10, key="w_names_file",
                            on_change=lambda: link.choice().pop("names", None))  # fmt: skip
    if file is not None:
        link.choice()["names"] = _kept(file)
    digest = link.choice().get("names")
    try:
        data = service.engine().store.blob(digest) if isinstance(digest, str) else None
        return read_class_names(data) if data else ()
    except Problem as problem:
        st.error(str(problem))
    except ValueError:
        link.choice()["names"] = None
    return ()


def _normalisation() -> tuple[tuple[float, ...], tuple[float, ...]]:
    name = link.select(
        st.selectbox, "normalise", [*NORMALISATIONS, "Own"], "ImageNet", label="Normalisation"
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
