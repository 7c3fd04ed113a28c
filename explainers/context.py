"""What a method works with: the model's scores and gradients, and what the input is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from explainers.activations import ActivationMaps, activation_maps
from explainers.batch_plan import is_out_of_memory
from explainers.errors import WrittenOn
from explainers.kinds.layout import InputLayout
from explainers.perturbation.incremental import Incremental
from explainers.running.state import version_of

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.attribution import Target
    from explainers.eval_mode import Model
    from explainers.passes import Columns, Passes


@dataclass(frozen=True)
class Context:
    """One call of a method: N inputs against one reference each.

    A method is called once a reference: where a baseline has R of them, R times (once for methods
    that use no baseline), and the results are averaged. It runs the model only through here, so
    that every evaluation is counted, batched, and can be cancelled.

    Below, `points` are rows of model input (n, …), and `rows` (n,) says which of the N inputs each
    point belongs to.

    Attributes
    ----------
    passes : Passes
        The model.
    target : Target
        The explained score.
    inputs, baseline : Tensor, shape (N, …)
        On the model's device and in its precision.
    layout : InputLayout
        Which axes of one input are channels, places, columns; what belongs together.
    call, calls : int
        This is the call number `call` of `calls`, from 0. Random methods seed each call apart, and
        divide their samples among the calls.
    output : Tensor, shape (N,), optional
        The explained score of the inputs, where it is known.
    """

    passes: Passes
    target: Target
    inputs: Tensor
    baseline: Tensor
    layout: InputLayout
    call: int = 0
    calls: int = 1
    output: Tensor | None = None

    @property
    def model(self) -> Model:
        """The model itself, for methods that look into it."""
        return self.passes.model

    @property
    def rows(self) -> Tensor:
        """The row numbers (N,) of the inputs themselves."""
        return torch.arange(len(self.inputs), device=self.inputs.device)

    def input_values(self) -> Tensor:
        """The explained score (N,) of the inputs; computed only once."""
        if self.output is not None:
            return self.output
        return self.target.select(self.passes.outputs(self.inputs, cached=True), self.rows)

    def baseline_values(self) -> Tensor:
        """The explained score (N,) of the baseline; computed only once."""
        baseline, random = self.baseline, self.passes.behaviour.random
        if not random and bool((baseline == baseline[:1]).all()):
            baseline = baseline[:1]  # one for all
        outputs = self.passes.outputs(baseline, cached=True)
        return self.target.select(outputs.expand(len(self.inputs), *outputs.shape[1:]), self.rows)

    @cached_property
    def rounding(self) -> Tensor:
        """What a difference (N,) of two scores may be by rounding alone."""
        ends = torch.maximum(self.input_values().abs(), self.baseline_values().abs())
        return 4 * torch.finfo(self.inputs.dtype).eps * ends

    def input_gradients(self) -> Tensor:
        """The gradient (N, …) of the score at the inputs; computed only once."""
        return self.passes.gradients(self.inputs, self.target, self.rows, cached=True)[1]

    def values(self, points: Tensor, rows: Tensor, fresh: bool = False) -> Tensor:
        """The explained score (n,) of each point; `fresh` ones the model may write on.

        WrittenOn where it did, and has no answer: the same must be made anew to be asked again.
        """
        on_fresh = self._on_fresh if fresh else None
        return self.passes.values(points, self.target, rows, on_fresh)

    def _on_fresh(self, points: Tensor, rows: Tensor) -> Tensor:
        before = version_of(points)
        try:
            return self.passes.answer(points)
        except Exception as error:
            if version_of(points) != before and is_out_of_memory(error):
                raise WrittenOn from error
            raise

    def values_near(self, points: Tensor, rows: Tensor, fresh: bool = False) -> Tensor:
        """The explained score (n,) of points that are mostly like their inputs.

        As `values`; quicker where the model is local, and points of one input stand together.
        """
        return self.passes.values(points, self.target, rows, self.near.answer)

    @cached_property
    def near(self) -> Incremental:
        """How the model answers what is mostly like its inputs."""
        return Incremental(self.passes, self.inputs)

    def gradients(self, points: Tensor, rows: Tensor) -> Tensor:
        """The gradient (n, …) of the explained score at each point."""
        return self.values_and_gradients(points, rows)[1]

    def values_and_gradients(self, points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The explained score (n,) of each point, and its gradient (n, …)."""
        return self.passes.gradients(points, self.target, rows)

    def activation_maps(self, layer: str | None) -> ActivationMaps:
        """What a layer holds of the inputs, with gradients; None: the last that the score needs."""
        return activation_maps(self.passes, self.inputs, self.target, self.rows, layer)

    def pairs(self, work: Callable[..., Columns]) -> Columns:
        """work(points, reference, rows) over the inputs and their baselines; see `Passes.pairs`."""
        return self.passes.pairs(work, self.inputs, self.baseline, self.rows)

    def batches(self, total: int, whole: int = 1) -> Iterator[slice]:
        """Slices that cover range(total) in sizes that suit the model; see `Passes.batches`."""
        return self.passes.batches(total, whole)

    def expect(self, evaluations: int) -> None:
        """Tell the progress bar that so many evaluations follow in this call."""
        self.passes.expect(evaluations * (self.calls - self.call))

    def show(self, partial: Callable[[], Tensor | None]) -> None:
        """Register how to read the scores so far, for a map that sharpens."""
        self.passes.show(partial)
