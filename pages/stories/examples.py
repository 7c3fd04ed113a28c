"""One finished explanation of a demo: plain data, asked of the worker as a page would ask."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from explainers.errors import Problem
from explainers.locations import PROJECT
from explainers.models.zoo.demos import demos
from explainers.service.tasks import BaselineRef, InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.explain_rows import ExplainRows
from explainers.service.tasks.predict import Predict
from pages import kinds
from pages.state import service
from pages.state.inputs import Chosen
from pages.state.setting import Setting
from pages.widgets import models, pictures

METHOD = "integrated_gradients"
PLACES = {"table": "row", "series": "series", "sequence": "sequence"}
"""What the link calls the input's place in its file."""


@dataclass(frozen=True)
class StoryExample:
    """One map of a story: a demo, one of its inputs, and how it is explained.

    input       a gallery picture's name, or the place of the input in the demo's file, from 0.
    about       name of the output that is explained; `rather`: rather than which.
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
        """What is asked of the worker."""
        outputs = demos()[self.model].outputs
        return Setting(
            models.demo(self.model),
            given(self.model, self.input),
            BaselineRef(self.baseline),
            self.method,
            self.options,
            self.score,
            "cpu",
            outputs.index(self.about),
            outputs.index(self.rather) if self.rather else None,
        )

    @property
    def shown(self) -> Setting:
        """The same, with what is known to lie in the input; its file has been read by now."""
        setting = self.setting
        if setting.model.spec.kind == "picture":
            return setting
        found = known(self.model)
        return replace(setting, input=found.get(str(self.input), setting.input))

    @property
    def link(self) -> dict[str, str]:
        """Query parameters of the Explain page, as its own link would have them."""
        demo = demos()[self.model]
        place = {"from": "Gallery", "sample": str(self.input)}
        if demo.spec.kind != "picture":
            first = 0 if demo.spec.kind == "sequence" else 1
            place = {PLACES[demo.spec.kind]: str(first + int(self.input))}
        asked = {"baseline": self.baseline, "method": self.method}
        if demo.spec.answers != "numbers":
            asked["score"] = self.score
        if len(demo.outputs) > 1:
            asked["target"] = str(demo.outputs.index(self.about))
        if self.rather:
            asked |= {"versus": "true", "rather": str(demo.outputs.index(self.rather))}
        given = {f"o.{self.method}.{name}": str(value) for name, value in self.options.items()}
        return {"model": self.model, **place, **asked, **given}


def given(model: str, which: str | int) -> Chosen:
    """That input of the demo: a picture by its name, another by its place in the demo's file."""
    demo = demos()[model]
    if demo.spec.kind == "picture":
        return pictures.sample(str(which))
    digest = service.backend().store.put_blob(_bytes(demo.data)) + demo.data.suffix
    return Chosen(
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
    """Asks for the demo's answer to that input, or to other values in its place."""
    ref = given(model, which).ref
    ref = InputRef(ref.file, ref.item, values or ref.values)
    return Predict(models.demo(model).spec, ref, BaselineRef(baseline))


def explain(model: str, which: str | int = 0, baseline: str = "zeros", **question: Any) -> Explain:
    """Asks for the explanation of that input; `question` are other fields of the task."""
    spec = models.demo(model).spec
    return Explain(spec, given(model, which).ref, BaselineRef(baseline), **question)


def explain_rows(model: str, rows: int, **question: Any) -> ExplainRows:
    """Asks the same of many inputs of the demo's file."""
    return ExplainRows(explain(model, **question), rows)


def known(model: str) -> dict[str, Chosen]:
    """Inputs of the demo's file by their place, with their names and what lies in them."""
    chosen = models.demo(model)
    try:
        return kinds.of(chosen.spec).others(chosen, given(model, 0))
    except Problem:
        return {}


@functools.cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()
