"""What every method answers on networks set by hand, and which axioms it fulfils there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.models.zoo.worked_examples import WORKED_EXAMPLES

if TYPE_CHECKING:
    from torch import nn

    from explainers.service.tasks.context import Answer, Task

PREFIX = "hand:"
# Exact answers are compared with, so what is refined to a tolerance gets a sharp one.
SHARP = {"integrated_gradients": {"tolerance": 1e-5}}
SPLIT = "rule"
"""The option whose choices are methods of their own, where a method is split by it."""


@dataclass(frozen=True)
class Variant:
    """One way to explain: a key of METHODS with its options, and its name for people."""

    method: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)


def worked_example_spec(name: str) -> ModelSpec:
    """The network of WORKED_EXAMPLES as a model of the app, whose answers are numbers."""
    net = WORKED_EXAMPLES[name]
    return ModelSpec(
        "demo",
        f"{PREFIX}{name}",
        kind="table",
        shape=(len(net.names),),
        columns=net.names,
        mean=(0.0,),
        std=(1.0,),
        answers="numbers",
    )


def variants(kind: str = "table") -> list[Variant]:
    """Every method for that kind of input; DeepLIFT once for each of its rules."""
    found = []
    for key, entry in METHODS.items():
        if entry.kinds is not None and kind not in entry.kinds:
            continue
        if key == "deeplift":
            choices = entry.options.__dataclass_fields__[SPLIT].metadata["choices"]
            found += [Variant(key, f"{entry.name}, {n}", {SPLIT: c}) for c, n in choices.items()]
        else:
            found.append(Variant(key, entry.name, SHARP.get(key, {})))
    return found


def attributed(
    network: nn.Module, variant: Variant, x: tuple[float, ...], baseline: tuple[float, ...]
) -> tuple[list[float], list[float]]:
    """Scores (F,) of the network's one output at x, and their standard errors, in float64."""
    import torch

    from explainers.front import explain

    at, reference = (torch.tensor([values], dtype=torch.float64) for values in (x, baseline))
    found = explain(network, at, variant.method, reference, 0, **variant.options)
    spread = torch.zeros_like(found.scores) if found.spread is None else found.spread
    return found.scores[0].tolist(), spread[0].tolist()


def answers(
    name: str,
    x: tuple[float, ...],
    baseline: tuple[float, ...],
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """One row a variant: method, name, scores and spread (F,), or the problem in words.

    `tell` gets how many of how many variants are done, and may raise.
    """
    network, rows, all_of_them = WORKED_EXAMPLES[name].build(), [], variants()
    for done, variant in enumerate(all_of_them):
        tell(done, len(all_of_them))
        row = {"method": variant.method, "name": variant.name, "problem": ""}
        try:
            row["scores"], row["spread"] = attributed(network, variant, x, baseline)
        except Problem as problem:
            row["problem"] = str(problem)
        rows.append(row)
    return rows


def lesson(task: Task, explanation: Answer | None) -> Answer:
    """The check of that name: `rows` of `answers` at the request's values.

    The baseline is the request's option "baseline", zeros without one.
    """
    asked = task.request
    name = asked.model.name.removeprefix(PREFIX)
    if name not in WORKED_EXAMPLES or not asked.model.name.startswith(PREFIX):
        raise Problem(
            f"{asked.model.name!r} is no network set by hand; there are {list(WORKED_EXAMPLES)}."
        )
    baseline = tuple(asked.options.get("baseline") or WORKED_EXAMPLES[name].baseline)
    return {"rows": answers(name, asked.values, baseline, _teller(task))}, {}


def axioms(task: Task, explanation: Answer | None) -> Answer:
    """The check of that name, whatever the model: `rows`, one a variant, with its `cells`.

    A cell holds the trials of one axiom, as `explainers.checks.axioms.tried` gives them.
    """
    from explainers.checks.axioms import AXIOMS, tried

    tell, rows, all_of_them = _teller(task), [], variants()
    for done, variant in enumerate(all_of_them):
        tell(done, len(all_of_them))

        def ask(network, x, baseline, variant=variant):
            return attributed(network, variant, x, baseline)

        cells = {key: tried(axiom, ask) for key, axiom in AXIOMS.items()}
        rows.append({"method": variant.method, "name": variant.name, "cells": cells})
    return {"rows": rows}, {}


def _teller(task: Task) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        task.tell({"done": done, "total": total, "seconds_left": 0, "partial": None})

    return tell
