"""What a run over many inputs asks, and in which parts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import msgspec

from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.explain_many import ExplainMany

VALUES_A_PART, EVALUATIONS_A_PART, INPUTS_A_PART = 30_000_000, 20_000, 256
"""A part takes about as many evaluations as these values of inputs allow: seconds, so that its
visitor's other questions need not wait longer. It must not depend on what a machine measures: the
parts that are kept would not be found again."""


class ManyPlan(msgspec.Struct, frozen=True):
    """One explanation of each input of a file, part by part.

    Attributes
    ----------
    explanation : Explain
    count : int
        Inputs of the file.
    part : int
        Inputs a part.
    checks : tuple of str
        Of each map, see `explainers.many.checking.map_checks.CHECKS`.
    """

    explanation: Explain
    count: int
    part: int
    checks: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        explanation: Explain,
        count: int,
        shape: tuple[int, ...],
        references: int,
        checks: tuple[str, ...] = (),
    ) -> ManyPlan:
        """Parts of a few seconds each.

        Parameters
        ----------
        explanation : Explain
        count : int
        shape : tuple of int
            Of one input.
        references : int
            How many references the baseline has.
        checks : tuple of str
            Of each map.
        """
        evaluations = max(1, min(EVALUATIONS_A_PART, VALUES_A_PART // max(1, math.prod(shape))))
        part = evaluations // max(1, ExplainMany(explanation, 0, 1, checks).cost(shape, references))
        return cls(explanation, count, max(1, min(INPUTS_A_PART, part)), checks)

    @property
    def digest(self) -> str:
        """Names the plan."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def tasks(self) -> Iterator[ExplainMany]:
        """The parts, in the order of the inputs."""
        for start in range(0, self.count, self.part):
            stop = min(start + self.part, self.count)
            yield ExplainMany(self.explanation, start, stop, self.checks)
