"""What a comparison varies along its columns and rows: methods, baselines, classes, …"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from explainers.models.spec import ModelSpec
from explainers.models.zoo.architectures import ARCHITECTURES
from explainers.models.zoo.demos import demos
from explainers.models.zoo.imagenet import packaged
from explainers.models.zoo.signs import DEMO_MODELS
from explainers.service.tasks import Answer, BaselineRef
from explainers.service.tasks.task import OWN_BASELINE
from pages import kinds
from pages.links.refusals import folded
from pages.state import address
from pages.state.chosen import ChosenModel
from pages.state.setting import Setting
from pages.widgets import baselines, methods, models, pictures

SIX_METHODS = [
    "integrated_gradients",
    "deeplift",
    "occlusion",
    "gradient_x_input",
    "saliency",
    "grad_cam",
]
MOST_CLASSES = 3
NONE, FIRST_CHOICE = "nothing", -1
PRESETS: dict[str, dict[str, Any]] = {
    "Methods": {
        "across": "methods",
        "down": NONE,
        "target": FIRST_CHOICE,
        "methods": SIX_METHODS,
    },
    "Baseline lab": {
        "across": "baselines",
        "down": NONE,
        "target": FIRST_CHOICE,
        "baselines": None,
    },
    "Classes × methods": {
        "across": "methods",
        "down": "classes",
        "methods": ["integrated_gradients", "deeplift", "occlusion"],
    },
    "Honest or cheating": {
        "across": "models",
        "down": "pictures",
        "model": "signs",
        "from": "Gallery",
        "pictures": ["16_stop", "17_stop"],
        "target": 0,
        "baseline": "mean",
    },
}
"""Ready-made comparisons: the choices that each sets."""
OF_PICTURES = ("Honest or cheating",)
"""Presets that only pictures have."""
PILLS = partial(st.pills, selection_mode="multi", wrap=True)
"""For what is few enough to be seen at a glance."""


@dataclass(frozen=True)
class Item:
    """One column or row of a comparison.

    Attributes
    ----------
    label : str
    changes : dict
        Fields of the Setting by name, with their values in this column or row.
    """

    label: str
    changes: dict[str, Any] = field(default_factory=dict)


def items(axis: str, base: Setting, prediction: Answer) -> list[Item]:
    """Draw the choice of what is shown along the axis.

    Parameters
    ----------
    axis : str
        A key of AXES.
    base : Setting
        What all panels share.
    prediction : Answer
        The model's to the base's input.
    """
    return AXES[axis][1](base, prediction)


def _methods(base: Setting, prediction: Answer) -> list[Item]:
    known = methods.names(base.model)
    start = [key for key in SIX_METHODS if key in known]
    start = start if len(start) > 2 else list(known)[:6]
    columns = []
    with folded(
        st.expander("Methods that are shown, and their options", icon=":material/checklist:")
    ):
        keys = address.multiselect(
            PILLS, "methods", list(known), start, label="Methods", format_func=known.get
        )
        with folded(st.popover("Options of each method", icon=":material/tune:")):
            for key in keys:
                st.markdown(f"**{known[key]}**")
                kind, chosen = kinds.of(base.model.spec), methods.options_of(key)
                options = kind.fit_options(key, chosen, base.model, base.input)
                columns.append(Item(known[key], {"method": key, "options": options}))
    return columns


def _baselines(base: Setting, prediction: Answer) -> list[Item]:
    known = baselines.names(base.model.spec.kind)
    columns = []
    with folded(
        st.expander("Baselines that are shown, and their options", icon=":material/checklist:")
    ):
        keys = address.multiselect(
            PILLS, "baselines", list(known), list(known), label="Baselines", format_func=known.get
        )
        with folded(st.popover("Options of each baseline", icon=":material/tune:")):
            for key in keys:
                baseline = BaselineRef(key, baselines.options_of(key))
                columns.append(Item(known[key], {"baseline": baseline}))
    if base.baseline.key == OWN_BASELINE:
        columns.append(Item("Your own picture", {"baseline": base.baseline}))
    return columns


def _classes(base: Setting, prediction: Answer) -> list[Item]:
    names, _ = base.names(prediction)
    order = [int(index) for index in prediction[1]["probabilities"].argsort()[::-1]]
    chosen = address.multiselect(
        st.multiselect,
        "classes",
        order,
        order[:MOST_CLASSES],
        label="Classes",
        format_func=lambda index: names[index],
    )
    return [Item(names[index], {"target": index}) for index in chosen]


def _models(base: Setting, prediction: Answer) -> list[Item]:
    kind, takes = base.model.spec.kind, (base.model.spec.shape, base.model.spec.columns)
    known = {
        name: models.demo(name)
        for name, demo in demos().items()
        if demo.spec.kind == kind and takes == (demo.spec.shape, demo.spec.columns)
    }
    if kind == "picture":
        known |= {name: models.photo_network(name) for name in packaged.installed()}
        known |= {
            name: ChosenModel(ModelSpec("torchvision", name), (), name) for name in ARCHITECTURES
        }
    if base.model.spec.source == "upload":
        known["upload"] = ChosenModel(base.model.spec, base.model.classes, "Your own network")
    own = next((name for name, model in known.items() if model.spec == base.model.spec), None)
    start = [name for name in DEMO_MODELS if name in known] or list(known)[:2]
    if own is not None and own not in start:  # what was made for another input says nothing of it
        start = [own, *(name for name in packaged.installed() if own in packaged.PACKAGED)][:2]
    keys = address.multiselect(
        st.multiselect,
        "models",
        list(known),
        start,
        label="Models",
        format_func=lambda key: known[key].name,
    )
    return [Item(known[key].name, {"model": known[key]}) for key in keys]


def _inputs(base: Setting, prediction: Answer) -> list[Item]:
    if base.model.spec.kind == "picture":
        return _pictures(base)
    known = kinds.of(base.model.spec).other_inputs(base.model, base.input)
    places = list(known)
    first = next((place for place in places if known[place] == base.input), places[0])
    chosen = address.multiselect(
        st.multiselect,
        "inputs",
        places,
        [first, *places][:3],
        label="Inputs",
        format_func=lambda place: known[place].name,
    )
    return [Item(known[place].name, {"input": known[place]}) for place in chosen]


def _pictures(base: Setting) -> list[Item]:
    known = kinds.of(base.model.spec).other_inputs(base.model, base.input)
    with st.popover("Add your own", icon=":material/upload:"):
        own = pictures.added()
    if base.input.data not in {picture.data for picture in known.values()}:
        own[base.input.data] = base.input
    known = own | known
    first = next(name for name, picture in known.items() if picture.data == base.input.data)
    start = list(dict.fromkeys([first, *known]))[:3]
    chosen = address.multiselect(
        st.multiselect,
        "pictures",
        list(known),
        start,
        label="Pictures",
        format_func=lambda name: known[name].name,
    )
    return [Item(known[name].name, {"input": known[name]}) for name in chosen]


AXES: dict[str, tuple[str, Callable[[Setting, Answer], list[Item]]]] = {
    "methods": ("Methods", _methods),
    "baselines": ("Baselines", _baselines),
    "classes": ("Classes", _classes),
    "models": ("Models", _models),
    "pictures": ("Inputs", _inputs),
}
"""By the name that links use: a name for people, and what draws the choice."""

NAMES = {key: name for key, (name, _) in AXES.items()}
