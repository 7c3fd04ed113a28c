"""A model borrowed by a measure: inputs and baseline where it lives, the target resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers import eval_mode
from explainers.attribution import Progress, Question, Target
from explainers.errors import Problem
from explainers.output_cache import OutputCache
from explainers.passes import Passes
from explainers.references import check_inputs, references_of


@dataclass(frozen=True)
class Questioned:
    """What a measure works with; all tensors are on the model's device, in its precision.

    run                      the passes, with the target set.
    inputs, baseline         (N, …).
    outputs                  (N, outputs…): the model's whole answer to the inputs.
    """

    run: Passes
    inputs: Tensor
    baseline: Tensor
    outputs: Tensor


@contextmanager
def questioned(
    model: Callable,
    inputs: Tensor,
    baseline: str | Tensor,
    target: Question,
    *,
    score: str,
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
) -> Iterator[Questioned]:
    """Borrow `model` for the block, and ask it about the inputs (N, …); parameters as `explain`.

    The baseline must be one reference an input. Raises Problem for what cannot be asked.
    """
    if batch_size is not None and batch_size < 1:
        raise Problem(f"batch_size={batch_size} is not a positive number.")
    check_inputs(inputs)
    at, dtype = eval_mode.device_and_dtype(model)
    with torch.no_grad():
        points = inputs.detach().to(at or inputs.device, dtype)
        references = references_of(baseline, inputs).to(points)
    if references.shape[1] != 1:
        raise Problem(
            f"A measure hides with one baseline; {references.shape[1]} references an input were "
            "given. Choose one of them, or their mean."
        )
    run = Passes(model, score=score, batch_size=batch_size, progress=progress, cache=cache)
    reference = references[:, 0]
    run.landmarks = (points, reference)
    with eval_mode.evaluating(model):
        outputs = run.outputs(points)
        run.target = Target.of(target, outputs)
        yield Questioned(run, points, reference, outputs)
