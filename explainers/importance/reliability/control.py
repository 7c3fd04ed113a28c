"""The null control: an input that the network ignores must get exactly nothing.

f′(x, z) = f(x) with a column z of values like the others'; what a method gives z is its error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.eval_mode import Model
from explainers.importance.data import DatasetContext
from explainers.importance.estimate import Estimate
from explainers.importance.features import features_of
from explainers.importance.registry import ImportanceMethod
from explainers.importance.uncertainty.resampling import Resampling
from explainers.kinds.layout import InputLayout
from explainers.options import make_options
from explainers.passes import Passes

ROWS = 32
_NAME = "(an input that the network ignores)"


def null_control(
    context: DatasetContext, methods: Sequence[tuple[ImportanceMethod, dict[str, Any]]]
) -> dict[str, float]:
    """Method → the size of what it gives to an input that the network ignores; right is 0.

    Parameters
    ----------
    context : DatasetContext
        Of a table or of series; {} for other inputs, and for models that draw random numbers.
    methods : sequence of (ImportanceMethod, options given)
        Those that ask the network are tried, with few evaluations, on at most 32 rows.
    """
    asking = [(entry, given) for entry, given in methods if entry.control == "network"]
    kind = context.layout.kind
    if not asking or kind not in ("table", "series") or context.passes.behaviour.random:
        return {}
    control, found = _with_ignored(context), {}
    for entry, given in asking:
        options: Any = make_options(entry.options, {**given, **entry.trial}, entry.name)
        try:
            estimate: Estimate = entry.importance(control, options)
        except Problem:
            continue  # too few rows for it: the control says nothing
        found[entry.key] = _last_rise(estimate) if entry.ranks else float(estimate.values[-1].abs())
    return found


def failed(found: dict[str, float], names: dict[str, str]) -> list[str]:
    """Sentences on methods that gave something to an input that the network ignores."""
    return [
        f"{names[key]} gave {value:.2g} to an input that the network ignores: do not trust its "
        "small numbers on this network."
        for key, value in found.items()
        if value != 0
    ]


def _last_rise(estimate: Estimate) -> float:
    """Of ranks by taking away: how much the error moved as the last feature went."""
    details = estimate.details
    error, own = details["error"], len(estimate.values) - 1
    if details["mode"] == "single":
        return float((error[own] - details["start"]).abs())
    place = details["order"].tolist().index(own)
    before = error[place - 1] if place else details["start"]
    return float((error[place] - before).abs())


def _with_ignored(context: DatasetContext) -> DatasetContext:
    """Few of the rows with one column or variable more, which the model does not get."""
    generator = context.generator("null control")
    chosen = torch.randperm(context.rows, generator=generator)[:ROWS].to(context.inputs.device)
    inputs = context.inputs[chosen]
    ignored = inputs.flatten(1).flip(0)[:, : inputs[..., :1][0].numel()].view_as(inputs[..., :1])
    noise = torch.randn(ignored.shape, generator=generator).to(inputs)
    inputs = torch.cat([inputs, ignored + noise], -1)
    layout = InputLayout(context.layout.kind, tuple(inputs.shape[1:]))
    answer, columns = context.passes.answer, context.layout.columns

    def without(points: Tensor) -> Tensor:
        seen = points[..., :columns].contiguous()
        return answer(seen) if torch.is_grad_enabled() else _alike(answer, seen, known)

    known: dict[bytes, Tensor] = {}
    passes = Passes(without, state=context.passes.state)
    passes.behave(context.passes.behaviour)
    groups = {
        name: list(part)
        for name, part in zip(context.names, context.features.columns, strict=True)
        if len(part) > 1
    }
    features = features_of(
        layout, [*map(str, range(columns)), _NAME], groups or None, inputs.device
    )
    labels = context.labels
    if labels is not None:
        labels = dataclasses.replace(labels, values=labels.values[chosen.cpu()])
    return DatasetContext(
        passes,
        inputs,
        features,
        layout,
        passes.outputs(inputs),
        context.target,
        labels,
        context.seed,
        Resampling(len(inputs), 100, context.seed),
    )


def _alike(answer: Model, points: Tensor, known: dict[bytes, Tensor]) -> Tensor:
    """The model's answers (n, …), of the same point always the same.

    In a batch of another size the last digits may differ, which is not the method's doing.
    """
    bare = points.detach().cpu().contiguous().view(len(points), -1).view(torch.uint8).numpy()
    keys = [row.tobytes() for row in bare]
    new = {key: place for place, key in enumerate(keys) if key not in known}
    if new:
        asked = answer(points[list(new.values())])
        known.update(zip(new, asked.detach(), strict=True))
    return torch.stack([known[key] for key in keys])
