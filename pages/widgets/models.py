"""Choosing a model: a demo, torchvision by name, one of the server's own, or an upload."""

from dataclasses import dataclass

import streamlit as st

from explainers.models.spec import ModelSpec
from explainers.models.zoo.architectures import ARCHITECTURES
from explainers.models.zoo.demos import demos
from pages.state import address

TORCHVISION, UPLOAD = "torchvision", "upload"


@dataclass(frozen=True)
class Chosen:
    """A model, the names given for its classes (or ()), and what it is called.

    off   keys of methods that were tried on it and do not work.
    """

    spec: ModelSpec
    classes: tuple[str, ...]
    name: str
    off: frozenset[str] = frozenset()


def pick() -> Chosen | None:
    """Draw the choice of a model; None until there is one."""
    from pages.widgets import own_network

    titles = {name: demo.title for name, demo in demos().items()}
    own = own_network.of_the_server()
    titles |= {f"python:{name}": name for name in own}
    titles |= {TORCHVISION: "ImageNet classifier, by name", UPLOAD: "Upload your own network"}
    source = address.select(
        st.selectbox,
        "model",
        list(titles),
        "signs",
        label="Model",
        format_func=titles.get,
        label_visibility="collapsed",
    )
    if source in demos():
        st.caption(demos()[source].description)
        return demo(source)
    if (name := source.removeprefix("python:")) in own and name != source:
        st.caption(own[name].description or "Defined by whoever started this server.")
        return Chosen(own[name].spec, own[name].classes, name)
    if source == TORCHVISION:
        name = address.select(
            st.selectbox, "architecture", list(ARCHITECTURES), "resnet18", label="Architecture"
        )
        st.caption("Pretrained by torchvision; downloaded once, when it is first used.")
        return Chosen(ModelSpec("torchvision", name), (), name)
    return own_network.pick()


def demo(name: str) -> Chosen:
    """A demo model by name."""
    found = demos()[name]
    return Chosen(found.spec, found.outputs if found.card else (), found.title)
