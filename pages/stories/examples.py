"""One finished explanation of a demo: plain data, and the tasks that a page would ask for."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from explainers.errors import Problem
from explainers.locations import PROJECT
from explainers.models.zoo.demos import demos
from explainers.models.zoo.imagenet.packaged import PACKAGED
from explainers.service.tasks import BaselineRef, InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.explain_rows import ExplainRows
from explainers.service.tasks.predict import Predict
from pages import kinds
from pages.state import service
from pages.state.chosen import ChosenInput, ChosenModel
from pages.state.setting import Setting
from pages.widgets import models, pictures

METHOD = "integrated_gradients"
PLACES = {"table": "row", "series": "series", "sequence": "sequence"}
"""What the link calls the input's place in its file."""


@dataclass(frozen=True)
class StoryExample:
    """One map of a story: a demo, one of its inputs, and how it is explained.

    Attributes
    ----------
    label : str
        What sets it apart from the story's other maps.
    model : str
        A key of `demos` or of PACKAGED.
    input : str or int
        A gallery picture's name, or the place of the input in the demo's file, from 0.
    about, rather : str
        Name of the output that is explained; rather than which, or "".
    baseline, method, score : str
    options : dict
        The method's.
    """

    label: str
    model: str
    input: str | int
    about: str
    rather: str = ""
    baseline: str = "mean"
    method: str = METHOD
    score: str = "logit"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def setting(self) -> Setting:
        """The example as a page's setting."""
        outputs = _known(self.model)[1]
        question = setting(
            self.model, self.input, self.baseline, self.method, self.score, self.options
        )
        other = outputs.index(self.rather) if self.rather else None
        return replace(question, target=outputs.index(self.about), rather_than=other)

    @property
    def shown(self) -> Setting:
        """The same, with what is known to lie in the input; its file has been read by now."""
        setting = self.setting
        if setting.model.spec.kind == "picture":
            return setting
        inputs = known_inputs(self.model)
        return replace(setting, input=inputs.get(str(self.input), setting.input))

    @property
    def link(self) -> dict[str, str]:
        """Query parameters of the Explain page, as its own link would have them."""
        demo, outputs = _known(self.model)
        place = {"from": "Gallery", "sample": str(self.input)}
        if demo.spec.kind != "picture":
            first = 0 if demo.spec.kind == "sequence" else 1
            place = {PLACES[demo.spec.kind]: str(first + int(self.input))}
        question = {"baseline": self.baseline, "method": self.method}
        if demo.spec.answers != "numbers":
            question["score"] = self.score
        if len(outputs) > 1:
            question["target"] = str(outputs.index(self.about))
        if self.rather:
            question |= {"versus": "true", "rather": str(outputs.index(self.rather))}
        options = {f"o.{self.method}.{name}": str(value) for name, value in self.options.items()}
        return {"model": self.model, **place, **question, **options}


def setting(
    model: str,
    which: str | int,
    baseline: str,
    method: str = METHOD,
    score: str = "logit",
    options: dict[str, Any] | None = None,
) -> Setting:
    """How an input of a demo is explained, for the network's own first choice."""
    chosen, compared = chosen_input(model, which), BaselineRef(baseline)
    return Setting(_known(model)[0], chosen, compared, method, options or {}, score, "cpu")


def _known(model: str) -> tuple[ChosenModel, tuple[str, ...]]:
    """A demo, or a network in a package, and the names of its outputs."""
    if model in PACKAGED:
        network = models.photo_network(model)
        return network, network.classes
    return models.demo(model), demos()[model].outputs


def chosen_input(model: str, which: str | int) -> ChosenInput:
    """That input of the demo: a picture by its name, another by its place in the demo's file."""
    demo = demos().get(model)
    if demo is None or demo.data is None or demo.spec.kind == "picture":
        return pictures.sample(str(which))
    digest = service.backend().store.put_blob(_bytes(demo.data)) + demo.data.suffix
    return ChosenInput(
        digest,
        f"{PLACES[demo.spec.kind]} {int(which) + 1}",
        demo.data.relative_to(PROJECT).as_posix(),
        int(which),
    )


def predict(
    model: str,
    which: str | int = 0,
    values: tuple[float, ...] = (),
    baseline: str = "zeros",
) -> Predict:
    """The task that asks for the demo's answer to that input, or to other values in its place."""
    ref = chosen_input(model, which).ref
    ref = InputRef(ref.file, ref.item, values or ref.values)
    return Predict(models.demo(model).spec, ref, BaselineRef(baseline))


def explain(model: str, which: str | int = 0, baseline: str = "zeros", **fields: Any) -> Explain:
    """The task that asks for the explanation of that input; `fields` are others of the task."""
    spec = models.demo(model).spec
    return Explain(spec, chosen_input(model, which).ref, BaselineRef(baseline), **fields)


def explain_rows(model: str, rows: int, **fields: Any) -> ExplainRows:
    """The task that asks the same of many inputs of the demo's file."""
    return ExplainRows(explain(model, **fields), rows)


def known_inputs(model: str) -> dict[str, ChosenInput]:
    """Inputs of the demo's file by their place, with their names and what lies in them."""
    chosen = models.demo(model)
    try:
        return kinds.of(chosen.spec).other_inputs(chosen, chosen_input(model, 0))
    except Problem:
        return {}


@functools.cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()
