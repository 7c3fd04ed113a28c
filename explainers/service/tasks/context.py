"""A request with everything prepared for it, as the worker's doers see it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from explainers.attribution import Progress
from explainers.front import explain
from explainers.kinds import KINDS, Kind
from explainers.models.prepared import Prepared
from explainers.models.spec import AS_THEY_ARE, ModelSpec
from explainers.output_cache import OutputCache
from explainers.service.tasks.request import Request

SECONDS_BETWEEN_PICTURES = 0.3

Answer = tuple[dict, dict[str, np.ndarray]]
"""What the store keeps: plain data, and arrays by name."""


@dataclass(frozen=True)
class LoadedModel:
    """A loaded model on its device, its class names, the preparation it expects, what it said."""

    model: Prepared
    classes: tuple[str, ...]
    spec: ModelSpec
    cache: OutputCache = field(default_factory=OutputCache)


@dataclass(frozen=True)
class Task:
    """A request with everything prepared: the model, its input (1, …) and its baseline.

    baseline    (1, …), or (1, R, …): R references, whose attributions are averaged.
    facts       what pages must know to draw the input.
    tell        gets progress and may raise.
    others      how many → at most so many inputs (M, …) of the same file, and their baselines.
    """

    request: Request
    warm: LoadedModel
    x: Tensor
    baseline: Tensor
    facts: dict
    tell: Callable[[dict], None]
    others: Callable[[int], tuple[Tensor, Tensor]]

    @property
    def kind(self) -> Kind:
        """What the input is."""
        return KINDS[self.request.model.kind]

    @property
    def form(self) -> str:
        """The form in which people read the model's answers."""
        return "output" if self._as_it_is else "probability"

    @property
    def score(self) -> str:
        """The form of the answer that is explained; see `explain`."""
        return "output" if self._as_it_is else self.request.score

    @property
    def _as_it_is(self) -> bool:
        return self.warm.spec.answers in AS_THEY_ARE

    @property
    def references(self) -> Tensor:
        """The references (R, …)."""
        return self.baseline[0] if self.baseline.ndim > self.x.ndim else self.baseline

    @property
    def hidden(self) -> Tensor:
        """What hidden parts show (1, …): the mean of the references."""
        return self.references.mean(0, keepdim=True)

    @property
    def target(self) -> int | tuple[int, int] | None:
        """The question as `explain` takes it."""
        asked = self.request
        return asked.target if asked.rather_than is None else (asked.target, asked.rather_than)

    def explained(self, model=None, **arguments):
        """The request's explanation, of its own model or of another one."""
        asked = self.request
        if model is None:
            model, arguments = self.warm.model, {**arguments, "cache": self.warm.cache}
        return explain(
            model,
            self.x,
            asked.method,
            self.baseline,
            self.target,
            score=self.score,
            **arguments,
            **asked.options,
        )

    def progress(self, done: int = 0, total: int | None = None) -> Callable[[Progress], None]:
        """A `progress` for the library; for one part of several, the parts before and in all."""

        def told(state: Progress) -> None:
            nonlocal last
            partial = None
            if total is None and time.monotonic() - last > SECONDS_BETWEEN_PICTURES:
                last = time.monotonic()
                partial = state.partial()
                if partial is not None:
                    partial = self.kind.heat(partial[0]).float().cpu().numpy().astype(np.float32)
            left = state.seconds_left
            if total is not None:
                left = state.seconds / max(state.done, 1) * max(total - done - state.done, 0)
            self.tell(
                {
                    "done": done + state.done,
                    "total": total or state.total,
                    "seconds_left": left,
                    "partial": partial,
                    **self.facts,
                }
            )

        last = 0.0
        return told
