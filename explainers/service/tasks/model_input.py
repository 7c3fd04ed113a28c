"""A loaded model with one input and what it is compared with, as tensors on the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.attribution import Progress
from explainers.baselines import BASELINES
from explainers.kinds import KINDS, Kind
from explainers.models.spec import AS_THEY_ARE, ModelSpec
from explainers.options import lookup
from explainers.service.parsing.upload_keys import file_key
from explainers.service.tasks.context import LoadedModel, ProgressReport, TaskContext
from explainers.service.tasks.task import OWN_BASELINE, BaselineRef, InputRef

if TYPE_CHECKING:
    from torch import Tensor

SECONDS_BETWEEN_MAPS = 0.3


@dataclass(frozen=True)
class ModelInput:
    """What every question about one input is answered with.

    Attributes
    ----------
    x : Tensor, shape (1, …)
    baseline : Tensor, shape (1, …) or (1, R, …)
        R references, whose attributions are averaged.
    facts : dict
        What pages must know to draw the input.
    """

    context: TaskContext
    loaded: LoadedModel
    x: Tensor
    baseline: Tensor
    facts: dict[str, Any]

    @property
    def kind(self) -> Kind:
        """What the input is."""
        return KINDS[self.loaded.spec.kind]

    @property
    def form(self) -> str:
        """The form in which people read the model's answers."""
        return self.form_of("probability")

    def form_of(self, score: str) -> str:
        """`score`, or "output" of a model whose answers are explained as they are."""
        return "output" if self.loaded.spec.answers in AS_THEY_ARE else score

    @property
    def references(self) -> Tensor:
        """The references, shape (R, …)."""
        return self.baseline[0] if self.baseline.ndim > self.x.ndim else self.baseline

    @property
    def hidden(self) -> Tensor:
        """What hidden parts show, shape (1, …): the mean of the references."""
        return self.references.mean(0, keepdim=True)

    def progress(self, done: int = 0, total: int | None = None) -> Callable[[Progress], None]:
        """A `progress` for `explain`, that reports to the context.

        For one part of several, `done` evaluations came before it, of `total` in all; a map so far
        is reported only for a whole task.
        """
        last = 0.0

        def report(state: Progress) -> None:
            nonlocal last
            partial = None
            if total is None and time.monotonic() - last > SECONDS_BETWEEN_MAPS:
                last = time.monotonic()
                scores = state.partial()
                if scores is not None:
                    partial = self.kind.heat(scores[0]).float().cpu().numpy().astype(np.float32)
            left = state.seconds_left
            if total is not None:
                left = state.seconds / max(state.done, 1) * max(total - done - state.done, 0)
            self.context.report(
                ProgressReport(
                    done + state.done, total or state.total, left, partial=partial, facts=self.facts
                )
            )

        return report


def prepare(
    context: TaskContext, model: ModelSpec, given: InputRef, baseline: BaselineRef, device: str
) -> ModelInput:
    """Load the model, and make tensors of the input and its baseline. Problem where one fails."""
    import torch

    loaded = context.load(model, device)
    spec = loaded.spec
    facts: dict[str, Any] = {}
    if given.file:
        facts = KINDS[spec.kind].facts(context.parsed(file_key(spec.kind, given.file)), spec)
    if given.values:
        values = np.array(given.values, np.float32).reshape(1, *spec.shape)
        x = torch.from_numpy(values).to(device)
    else:
        x = inputs(context, spec, given.file, [given.item], device)
    return ModelInput(context, loaded, x, references(context, spec, given, baseline, x), facts)


def inputs(
    context: TaskContext, spec: ModelSpec, file: str, items: Sequence[int], device: Any
) -> Tensor:
    """Those inputs of an uploaded file, shape (M, …)."""
    import torch

    parsed = context.parsed(file_key(spec.kind, file))
    return torch.from_numpy(KINDS[spec.kind].inputs(parsed, spec, items)).to(device)


def references(
    context: TaskContext, spec: ModelSpec, given: InputRef, baseline: BaselineRef, x: Tensor
) -> Tensor:
    """What inputs x (N, …) are compared with: (N, …), (1, …) for all, or (N, R, …)."""
    import torch

    if baseline.key == OWN_BASELINE:
        return inputs(context, spec, baseline.file, [0], x.device)
    entry = lookup(BASELINES, baseline.key, "baseline")
    data = {}
    if entry.uses_data and given.file:
        parsed = context.parsed(file_key(spec.kind, given.file))
        data["data"] = torch.from_numpy(KINDS[spec.kind].some(parsed, spec)).to(x.device)
    return entry.make(x, **data, **baseline.options)
