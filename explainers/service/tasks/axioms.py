"""Which axioms every method fulfils, tried on the worked examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.lesson import Variant, attributed, counted, variants
from explainers.service.tasks.task import Answer, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from explainers.checks.axioms import AttributionFunction


class Axioms(Task, frozen=True):
    """Try every axiom with every method.

    The answer's facts: `rows`, one a variant of a method, with its `cells`: by axiom, what
    `explainers.checks.axioms.evaluate_axiom` gives.
    """

    def run(self, context: TaskContext) -> Answer:
        """All trials of all axioms."""
        from explainers.checks.axioms import AXIOMS, evaluate_axiom
        from explainers.models.zoo.axiom_trials import AXIOM_TRIALS

        rows = []
        for variant in counted(context, variants()):
            cells = {
                key: evaluate_axiom(axiom, AXIOM_TRIALS[key], _attribution_function(variant))
                for key, axiom in AXIOMS.items()
            }
            rows.append({"method": variant.method, "name": variant.name, "cells": cells})
        return {"rows": rows}, {}


def _attribution_function(variant: Variant) -> AttributionFunction:
    def attribute(
        network: nn.Module, x: Sequence[float], baseline: Sequence[float]
    ) -> tuple[list[float], list[float]]:
        return attributed(network, variant, tuple(x), tuple(baseline))

    return attribute
