"""What every method answers on a network small enough to be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import WORKED_EXAMPLE
from explainers.models.zoo.worked_examples import WORKED_EXAMPLES
from explainers.options import option_choices
from explainers.service.tasks.context import ProgressReport, TaskContext
from explainers.service.tasks.task import Answer, Task

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Variant:
    """One way to explain: a key of METHODS with its options, and its name for people."""

    method: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)


class Lesson(Task, frozen=True):
    """Ask every method about a worked example.

    Attributes
    ----------
    example : str
        A key of WORKED_EXAMPLES.
    x, baseline : tuple of float
        The input, and what it is compared with; () for zeros.

    The answer's facts: `rows`, one a variant of a method: `method`, `name`, `scores` and `spread`
    (F,), or the `problem` in words.
    """

    example: str
    x: tuple[float, ...]
    baseline: tuple[float, ...] = ()

    def run(self, context: TaskContext) -> Answer:
        """One explanation a variant, in float64."""
        if self.example not in WORKED_EXAMPLES:
            raise Problem(
                f"{self.example!r} is no network set by hand; there are {list(WORKED_EXAMPLES)}."
            )
        example = WORKED_EXAMPLES[self.example]
        network, rows = example.build(), []
        for variant in counted(context, variants()):
            row: dict[str, Any] = {"method": variant.method, "name": variant.name, "problem": ""}
            try:
                scores, spread = attributed(
                    network, variant, self.x, self.baseline or example.baseline
                )
                row |= {"scores": scores, "spread": spread}
            except Problem as problem:
                row["problem"] = str(problem)
            rows.append(row)
        return {"rows": rows}, {}


def worked_example_spec(name: str) -> ModelSpec:
    """The network of WORKED_EXAMPLES as a model of the app, whose answers are numbers."""
    example = WORKED_EXAMPLES[name]
    return ModelSpec(
        "demo",
        f"{WORKED_EXAMPLE}{name}",
        kind="table",
        shape=(len(example.names),),
        columns=example.names,
        mean=(0.0,),
        std=(1.0,),
        answers="numbers",
    )


def variants(kind: str = "table") -> list[Variant]:
    """Every method for that kind of input; one that is split by an option once for each choice."""
    ways = []
    for key, entry in METHODS.items():
        if entry.kinds is not None and kind not in entry.kinds:
            continue
        if entry.split_by:
            choices = option_choices(entry.options, entry.split_by)
            ways += [
                Variant(key, f"{entry.name}, {name}", {entry.split_by: choice})
                for choice, name in choices.items()
            ]
        else:
            ways.append(Variant(key, entry.name, dict(entry.exact_options)))
    return ways


def attributed(
    network: nn.Module, variant: Variant, x: tuple[float, ...], baseline: tuple[float, ...]
) -> tuple[list[float], list[float]]:
    """Scores (F,) of the network's one output at x, and their standard errors, in float64."""
    import torch

    from explainers.api import explain

    at, reference = (torch.tensor([values], dtype=torch.float64) for values in (x, baseline))
    answer = explain(network, at, variant.method, reference, 0, **variant.options)
    spread = torch.zeros_like(answer.scores) if answer.spread is None else answer.spread
    return answer.scores[0].tolist(), spread[0].tolist()


def counted(context: TaskContext, ways: list[Variant]) -> Iterator[Variant]:
    """Each of them, after it was reported how many came before it."""
    for done, variant in enumerate(ways):
        context.report(ProgressReport(done, len(ways)))
        yield variant
