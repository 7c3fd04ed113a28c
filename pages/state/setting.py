"""What one explanation is made of, and what the pages let people vary of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from explainers.errors import Problem
from explainers.models.class_names import named
from explainers.service.tasks.request import Compared, Request
from pages.state import inputs
from pages.state.cases import Answer, Case
from pages.widgets import models


@dataclass(frozen=True)
class Setting:
    """Model, input, baseline, method and question; target None is the model's first choice."""

    model: models.Chosen
    input: inputs.Chosen
    baseline: Compared
    method: str
    options: dict[str, Any]
    score: str
    device: str
    target: int | None = None
    rather_than: int | None = None

    def prediction(self) -> Request:
        """Asks for the model's answers to input and baseline."""
        return Request(
            self.model.spec, **self.input.asked, **vars(self.baseline), device=self.device
        )

    def explanation(self) -> Request:
        """Asks for the attribution."""
        return replace(
            self.prediction(),
            method=self.method,
            options=self.options,
            score=self.score,
            target=self.target,
            rather_than=self.rather_than,
        )

    def names(self, prediction: Answer) -> tuple[tuple[str, ...], str]:
        """The classes' names, and what is wrong with those that were given, or ""."""
        count, one = len(prediction[1]["probabilities"]), "class"
        if self.model.spec.answers == "numbers":
            one = "output"
        try:
            return named(self.model.classes or tuple(prediction[0]["classes"]), count, one), ""
        except Problem as problem:
            return named((), count, one), str(problem)

    def case(self, label: str, prediction: Answer) -> Case:
        """The explanation, labelled, for a setting whose target is known."""
        names, _ = self.names(prediction)
        return Case(label, self.explanation(), self.input, names, prediction)
