"""Choosing a model: a demo, torchvision by name, one of the server's own, or an upload."""

from collections.abc import Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.kinds import KINDS
from explainers.models.spec import ModelSpec
from explainers.models.zoo.architectures import ARCHITECTURES
from explainers.models.zoo.demos import demos
from explainers.models.zoo.imagenet import packaged
from explainers.models.zoo.imagenet.photos import class_names
from explainers.models.zoo.signs import samples
from pages.state import address, fitting_choices
from pages.state.chosen import ChosenModel
from pages.widgets import own_network

TORCHVISION, UPLOAD = "torchvision", "upload"
TAKES = {"picture": "pictures", "table": "tables", "series": "time series", "sequence": "DNA"}


def pick(
    kinds: Collection[str] = tuple(KINDS),
    first: str = "signs",
    brief: bool = False,
    found: DeltaGenerator | None = None,
) -> ChosenModel | None:
    """Draw the choice of a model; None until there is one.

    Parameters
    ----------
    kinds : collection of str
        Of the inputs of those that are offered; an upload may be of any.
    first : str
        The demo that is chosen at first.
    brief : bool
        Whether it has a label, and what it says of a model stands behind its question mark.
    found : DeltaGenerator, optional
        Where it is told what was found about an own network, as far as nothing is asked.
    """
    python_models = own_network.python_models()
    here = packaged.installed()
    photos = {name: packaged.PACKAGED[name] for name in (packaged.DEFAULT, *here)}
    known = {name: ("picture", network.title) for name, network in photos.items()}
    known |= {name: (demo.spec.kind, demo.title) for name, demo in demos().items()}
    known |= {f"python:{name}": (model.spec.kind, name) for name, model in python_models.items()}
    known[TORCHVISION] = ("picture", "ImageNet classifier, by name")
    titles = {name: title for name, (kind, title) in known.items() if kind in kinds}
    titles[UPLOAD] = "Upload your own network"
    wanted = address.choices().get("model")
    if wanted in known and wanted not in titles:
        address.refuse("model", "Model", _of_another_page(*known[wanted], kinds, titles[first]))
        address.choices().pop("model")
    source = address.select(
        st.selectbox,
        "model",
        list(titles),
        first,
        label="Model",
        format_func=titles.get,
        label_visibility="visible" if brief else "collapsed",
        help=_description(first, titles) if brief else None,
    )
    if source in photos:
        if not brief or source not in here:
            st.caption(photos[source].description)
        if source not in here:
            st.warning(packaged.how_to_install(source))
            return None
        return photo_network(source)
    if source in demos():
        if not brief:
            st.caption(demos()[source].description)
        return demo(source)
    if (name := source.removeprefix("python:")) in python_models and name != source:
        model = python_models[name]
        st.caption(model.description or "Defined by whoever started this server.")
        return ChosenModel(model.spec, model.classes, name)
    if source == TORCHVISION:
        name = address.select(
            st.selectbox, "architecture", list(ARCHITECTURES), "resnet18", label="Architecture"
        )
        st.caption("Pretrained by torchvision; downloaded once, when it is first used.")
        return ChosenModel(ModelSpec("torchvision", name), (), name)
    return own_network.pick(found)


def _description(first: str, titles: Collection[str]) -> str | None:
    """What is behind the question mark of the chosen model."""
    key = fitting_choices.shown_next("model", list(titles), first)
    known = packaged.PACKAGED.get(key) or demos().get(key)
    return known.description if known else None


def _of_another_page(kind: str, title: str, kinds: Collection[str], instead: str) -> str:
    """That a model takes what this page does not ask about, in words."""
    takes = [TAKES[one] for one in kinds]
    about = " and ".join([", ".join(takes[:-1]), takes[-1]] if len(takes) > 1 else takes)
    return (
        f"“{title}” takes {TAKES[kind]}, and this page asks about {about}: “{instead}” is shown "
        "instead."
    )


def for_photos() -> str:
    """The key of the model that explains a photo of one's own, where nobody has chosen another.

    The traffic signs where its package is missing, and for a link to one of their pictures, which
    was made when they were the usual.
    """
    of_signs = address.choices().get("sample") in {sample.name for sample in samples()}
    return "signs" if of_signs or packaged.DEFAULT not in packaged.installed() else packaged.DEFAULT


def photo_network(name: str) -> ChosenModel:
    """A network whose weights come as a package, by a key of `packaged.PACKAGED`."""
    network = packaged.PACKAGED[name]
    return ChosenModel(network.spec, class_names(), network.title)


def demo(name: str) -> ChosenModel:
    """A demo's model, by a key of `demos`."""
    entry = demos()[name]
    return ChosenModel(entry.spec, entry.outputs if entry.card else (), entry.title)
