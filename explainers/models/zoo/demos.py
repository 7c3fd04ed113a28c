"""The demos that are always there: a trained network, and data to try it on, for every kind."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainers.locations import ASSETS, PROJECT
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.models.zoo.signs import (
    CLASSES,
    DEMO_MODELS,
    INPUT_SIZE,
    Sample,
    load_demo,
    samples,
)

if TYPE_CHECKING:
    from torch import nn

WORKED_EXAMPLE = "hand:"
"""How the name of a model starts that is one of WORKED_EXAMPLES; it stands in stored answers."""


@dataclass(frozen=True)
class Demo:
    """One demo: its title, a sentence about it, its model, and its file of data.

    Parameters
    ----------
    key, title, description : str
    spec : ModelSpec
    outputs : tuple of str
        Names of the classes or of the numbers that it answers.
    data : Path or None
        The file of inputs; the list of its pictures for a gallery; None: the traffic signs.
    card : dict
        The demo's own facts, its answer key among them.
    folder : Path
        Where its files are.
    """

    key: str
    title: str
    description: str
    spec: ModelSpec
    outputs: tuple[str, ...]
    data: Path | None = None
    card: dict[str, Any] = field(default_factory=dict)
    folder: Path = PROJECT


@functools.cache
def demos() -> dict[str, Demo]:
    """All demos by key: the traffic signs first, then one for every card in `assets`.

    Examples
    --------
    >>> demos()["signs"].title, demos()["signs"].spec.kind
    ('Traffic signs', 'picture')
    """
    mean, std = NORMALISATIONS["0–1"]
    all_demos = {
        name: Demo(
            name,
            model.title,
            model.description,
            ModelSpec("demo", name, size=INPUT_SIZE, mean=mean, std=std),
            CLASSES,
        )
        for name, model in DEMO_MODELS.items()
    }
    for path in sorted(ASSETS.glob("*/card.json")):
        demo = _of_card(path)
        all_demos[demo.key] = demo
    return all_demos


def gallery(name: str = "") -> list[Sample]:
    """Sample pictures for a model: a demo's own; photos for a network in a package; else both.

    Examples
    --------
    >>> gallery("signs")[0].name, gallery("efficientnet_lite0")[0].name
    ('01_stop', 'cat')
    """
    from explainers.models.zoo.imagenet.packaged import PACKAGED
    from explainers.models.zoo.imagenet.photos import photos

    demo = demos().get(name)
    if demo is None:
        return [*photos(), *(samples() if name not in PACKAGED else ())]
    if demo.data is None or demo.spec.kind != "picture":
        return samples()
    return [
        Sample(entry["name"], entry["title"], entry["label"], demo.data.parent / entry["picture"])
        for entry in json.loads(demo.data.read_text(encoding="utf-8"))
    ]


def collection(name: str) -> Path | None:
    """The .zip of many pictures that comes with a demo, a folder a class; None where none does.

    Examples
    --------
    >>> collection("signs").name, collection("digits")
    ('collection.zip', None)
    """
    return ASSETS / "signs" / "collection.zip" if name in DEMO_MODELS else None


def load(name: str) -> tuple[nn.Module, tuple[str, ...]]:
    """A demo's network and the names of its outputs.

    Parameters
    ----------
    name : str
        A key of `demos`, or WORKED_EXAMPLE and a key of WORKED_EXAMPLES.

    Returns
    -------
    network : nn.Module
        In evaluation mode.
    outputs : tuple of str

    Raises
    ------
    KeyError
        Where there is no such demo.

    Examples
    --------
    >>> import torch
    >>> network, outputs = load("hand:minimum")
    >>> network(torch.tensor([[2.0, 1.0]])), outputs
    (tensor([[1.]]), ('answer',))
    """
    if name.startswith(WORKED_EXAMPLE):
        from explainers.models.zoo.worked_examples import WORKED_EXAMPLES

        return WORKED_EXAMPLES[name.removeprefix(WORKED_EXAMPLE)].build(), ("answer",)
    demo = demos()[name]
    if not demo.card:
        return load_demo(name), demo.outputs
    from explainers.models.zoo import demo_networks

    return demo_networks.load(demo.folder / "card.json"), demo.outputs


def _of_card(path: Path) -> Demo:
    card = json.loads(path.read_text(encoding="utf-8"))
    columns = tuple(card.get("columns") or card.get("variables") or ())
    spec = ModelSpec(
        "demo",
        card["name"],
        kind=card["kind"],
        size=card.get("size", 224),
        columns=columns,
        mean=tuple(card.get("mean") or (0.0,)),
        std=tuple(card.get("std") or (1.0,)),
        shape=tuple(card.get("shape") or ()),
        answers="labels" if card.get("link") == "sigmoid" else card["answers"],
    )
    data = path.parent / card["data"] if card.get("data") else None
    return Demo(
        card["name"],
        card["title"],
        card["description"],
        spec,
        tuple(card["outputs"]),
        data,
        card,
        path.parent,
    )
