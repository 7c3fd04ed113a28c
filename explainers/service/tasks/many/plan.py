"""What a run over many inputs asks, and in which parts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.explain_many import ExplainMany
from explainers.service.tasks.many.predict_many import PredictMany

RunPart: TypeAlias = ExplainMany | PredictMany
"""A part of a run."""
VALUES_A_PART, EVALUATIONS_A_PART, INPUTS_A_PART = 30_000_000, 20_000, 256
"""A part takes about as many evaluations as these values of inputs allow: seconds, so that its
visitor's other questions need not wait longer. It must not depend on what a machine measures: the
parts that are kept would not be found again."""
ROWS_A_PART = 2048
"""The most inputs of a part that keeps no maps."""


class ManyPlan(msgspec.Struct, frozen=True):
    """One question of each input of a file, part by part.

    Attributes
    ----------
    question : Explain or PredictMany
        An explanation, or only what the network answers.
    count : int
        Inputs of the file.
    part : int
        Inputs a part.
    checks : tuple of str
        Of each map, see `explainers.many.checking.map_checks.CHECKS`.
    """

    # Under the name that it had when nothing else was asked, so that plans keep their digests.
    question: Explain | PredictMany = msgspec.field(name="explanation")
    count: int
    part: int
    checks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        question: Explain | PredictMany,
        count: int,
        shape: tuple[int, ...],
        references: int,
        checks: tuple[str, ...] = (),
    ) -> ManyPlan:
        """Parts of a few seconds each.

        Parameters
        ----------
        question : Explain or PredictMany
        count : int
        shape : tuple of int
            Of one input.
        references : int
            How many references the baseline has.
        checks : tuple of str
            Of each map.
        """
        evaluations = max(1, min(EVALUATIONS_A_PART, VALUES_A_PART // max(1, math.prod(shape))))
        plan = cls(question, count, 1, checks)
        part = evaluations // max(1, plan.cost(1, shape, references))
        most = ROWS_A_PART if plan.explanation is None else INPUTS_A_PART
        return msgspec.structs.replace(plan, part=max(1, min(most, part)))

    @property
    def digest(self) -> str:
        """Names the plan."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def explanation(self) -> Explain | None:
        """What is asked, where inputs are explained."""
        return self.question if isinstance(self.question, Explain) else None

    def cost(self, count: int, shape: tuple[int, ...], references: int) -> int:
        """About how many evaluations so many inputs take; see `Task.cost`."""
        return self._part(0, count).cost(shape, references)

    def seconds(self, count: int, prediction: Mapping[str, Any]) -> float:
        """About how long so many inputs take; see `Task.seconds`."""
        return self._part(0, count).seconds(prediction)

    def tasks(self) -> Iterator[RunPart]:
        """The parts, in the order of the inputs."""
        for start in range(0, self.count, self.part):
            yield self._part(start, min(start + self.part, self.count))

    def _part(self, start: int, stop: int) -> RunPart:
        if isinstance(self.question, Explain):
            return ExplainMany(self.question, start, stop, self.checks)
        return self.question.replace(start=start, stop=stop)
