"""What one explanation is made of, and what the pages let people vary of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explainers.errors import Problem
from explainers.models.class_names import name_outputs
from explainers.service.tasks import Answer, BaselineRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.state.cases import Case, in_numbers
from pages.state.chosen import ChosenInput, ChosenModel


@dataclass(frozen=True)
class Setting:
    """Model, input, baseline, method and target.

    Attributes
    ----------
    score : str
        What is explained: "logit", "probability" or "output".
    target, rather_than : int or None
        Indices of outputs; target None: the model's first choice.
    """

    model: ChosenModel
    input: ChosenInput
    baseline: BaselineRef
    method: str
    options: dict[str, Any]
    score: str
    device: str
    target: int | None = None
    rather_than: int | None = None

    def prediction(self, timed: bool = True) -> Predict:
        """The task that asks for the model's answers to input and baseline.

        Whoever draws no price takes one that is not timed, which comes sooner.
        """
        return Predict(self.model.spec, self.input.ref, self.baseline, self.device, timed)

    def explanation(self) -> Explain:
        """The task that asks for the attribution."""
        return Explain(
            self.model.spec,
            self.input.ref,
            self.baseline,
            self.device,
            self.method,
            self.options,
            self.target,
            self.rather_than,
            self.score,
        )

    def names(self, prediction: Answer) -> tuple[tuple[str, ...], str]:
        """The classes' names, and what is wrong with those that were given, or ""."""
        count, one = len(prediction[1]["probabilities"]), "class"
        if in_numbers(self.model.spec, prediction):
            one = "output"
        try:
            return name_outputs(
                self.model.classes or tuple(prediction[0]["classes"]), count, one
            ), ""
        except Problem as problem:
            return name_outputs((), count, one), str(problem)

    def case(self, label: str, prediction: Answer) -> Case:
        """The explanation, labelled, for a setting whose target is known."""
        names, _ = self.names(prediction)
        return Case(label, self.explanation(), self.input, names, prediction)
