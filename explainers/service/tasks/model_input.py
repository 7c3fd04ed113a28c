"""A loaded model with one input and what it is compared with, as tensors on the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.attribution import Progress
from explainers.baselines import BASELINES
from explainers.kinds import KINDS, Kind
from explainers.models.spec import AS_THEY_ARE, ModelSpec, Places
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
    places : dict or None
        Of an answer with one of each class at many places: those asked, as
        `explainers.models.places.ask_at` tells them.
    """

    context: TaskContext
    loaded: LoadedModel
    x: Tensor
    baseline: Tensor
    facts: dict[str, Any]
    places: dict[str, Any] | None = None

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

    from explainers.models.places import ask_at
    from explainers.output_cache import OutputCache
    from explainers.references import with_padding

    loaded = context.load(replace(model, places=None), device)  # the same network for all places
    spec = replace(loaded.spec, places=model.places)
    facts: dict[str, Any] = {}
    if given.file:
        content = context.parsed(file_key(spec.kind, given.file))
        facts = KINDS[spec.kind].facts(content, spec, given.item)
    if given.values:
        values = np.array(given.values, np.float32).reshape(1, *spec.shape)
        x = torch.from_numpy(values).to(device)
    else:
        x = inputs(context, spec, given.file, [given.item], device)
    places = None
    if spec.places is None and _may_have_places(spec):
        spec = replace(spec, places=_recognised_places(loaded, x))
    if spec.places is not None:
        asked, places = ask_at(loaded.model, spec, x)
        loaded = LoadedModel(asked, loaded.class_names, spec, OutputCache())
    against = references(context, spec, given, baseline, x)
    if "padding" in facts:
        against = with_padding(against, x, [facts["padding"]])
    return ModelInput(context, loaded, x, against, facts, places)


def _may_have_places(spec: ModelSpec) -> bool:
    """Whether the answer of a model of pictures is not known from a card or a zoo."""
    return spec.source == "python" and spec.kind == "picture" and spec.step is None


def _recognised_places(loaded: LoadedModel, x: Tensor) -> Places | None:
    """How the answer lies, by its shape; None for one answer for all of the input."""
    from explainers import eval_mode
    from explainers.models.layouts import read_layout
    from explainers.passes import Passes

    score = "output" if loaded.spec.answers in AS_THEY_ARE else "logit"
    with eval_mode.evaluating(loaded.model):
        output = Passes(loaded.model, score=score, cache=loaded.cache).outputs(x, cached=True)
    return read_layout(output, (x.shape[-2], x.shape[-1])).places if output.ndim > 2 else None


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
