"""The front door: `explain` answers why a model gave an output, `jacobian` all slopes at once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explainers import eval_mode
from explainers.attribution import Attribution, Progress, Question, Target
from explainers.checks.completeness import completeness_gap
from explainers.errors import Problem
from explainers.methods import METHODS
from explainers.methods.registry import Method, MethodResult
from explainers.options import lookup, make_options
from explainers.output_cache import OutputCache
from explainers.passes import Passes
from explainers.references import check_inputs, references_of


def explain(
    model: Callable,
    inputs: Tensor,
    method: str = "integrated_gradients",
    baseline: str | Tensor = "zeros",
    target: Question = None,
    *,
    data: Tensor | None = None,
    score: str = "output",
    device: str | torch.device | None = None,
    precision: str = "auto",
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
    **options: Any,
) -> Attribution:
    """Explain the output of `model` on `inputs`.

    model      any module or callable from (N, …) to (N, outputs) or (N,), unmodified; put in eval
               mode for the call and left exactly as found.
    inputs     floating-point Tensor (N, …).
    method     a key of METHODS; `options` are its own.
    baseline   a key of BASELINES; or a Tensor: (…) one for all, (N, …) one each, (N, R, …) R
               references each, whose attributions are averaged.
    data       other inputs (M, …), for baselines that are made from them, such as "data_mean".
    target     class index; list of N; pair (a, b) for a rather than b; a callable from the output
               to (N,); None for each input's highest output.
    score      "output" as it is; "logit" before a final softmax or sigmoid; "probability".
    device, precision   run on a copy there, in "float32", "float64" or "bfloat16".
    batch_size planned by time and memory unless given.
    progress   called with a `Progress` after every pass; what it raises ends the call.
    cache      an `OutputCache` of this model: explanations given the same one share its answers
               to inputs and baseline, and the gradient at the inputs.

    Returns an Attribution on the device of the inputs. Raises Problem, with a sentence that says
    what to do, for whatever cannot be explained.
    """
    entry = lookup(METHODS, method, "method")
    chosen = make_options(entry.options, options, entry.name)
    if batch_size is not None and batch_size < 1:
        raise Problem(f"batch_size={batch_size} is not a positive number.")
    check_inputs(inputs)
    started = time.perf_counter()
    with torch.no_grad():
        model = eval_mode.placed_on(model, device, precision)
        at, dtype = eval_mode.device_and_dtype(model)
        at = at or (torch.device(device) if device else inputs.device)
        points = inputs.detach().to(at, dtype or eval_mode.PRECISIONS.get(precision))
        references = references_of(baseline, inputs, data).to(points)
    centre = getattr(chosen, "centre", False)
    run = Passes(
        model, score=score, centre=centre, batch_size=batch_size, progress=progress, cache=cache
    )
    run.landmarks = (points,)
    with eval_mode.evaluating(model):
        outputs = run.outputs(points)
        run.target = Target.of(target, outputs)
        rows = torch.arange(len(points), device=at)
        output = run.target.select(outputs, rows)
        found, before = _averaged(run, entry, points, references, chosen)
    gap = None
    if entry.complete:
        gap = completeness_gap(found.scores, output, before).to(inputs.device)
    passes = -(-(run.forward_rows + run.backward_rows) // len(points))

    def back(value: Tensor | None) -> Tensor | None:
        # A plain callable's weights may learn; its explanation is a number all the same.
        return None if value is None else value.detach().to(inputs.device)

    return Attribution(
        scores=back(found.scores),
        positive=back(found.positive),
        negative=back(found.negative),
        spread=back(found.spread),
        method=method,
        target=run.target.described(),
        output=back(output),
        baseline_output=back(before),
        gap=gap,
        passes=passes,
        seconds=time.perf_counter() - started,
        device=str(at),
        precision=str(points.dtype).removeprefix("torch."),
        signed=entry.knows_sign(chosen),
        settings={
            "method": method,
            "baseline": baseline if isinstance(baseline, str) else "tensor",
            "target": run.target.described(),
            "score": score,
            **dataclasses.asdict(chosen),
        },
        notes=found.notes,
        extra={name: back(value) for name, value in found.extra.items()},
    )


def jacobian(model: Callable, inputs: Tensor, *, batch_size: int | None = None) -> Tensor:
    """∂y_i/∂x_j of all outputs at every input: (N, outputs, …) for inputs (N, …).

    One backward pass an output, on a model in eval mode that is left exactly as found.
    """
    check_inputs(inputs)
    at, dtype = eval_mode.device_and_dtype(model)
    points = inputs.detach().to(at or inputs.device, dtype)
    run = Passes(model, batch_size=batch_size)
    rows = torch.arange(len(points), device=points.device)
    columns = []
    with eval_mode.evaluating(model):
        width = run.outputs(points[:1]).shape[1]
        for index in range(width):
            run.target = Target(index=(index,) * len(points))
            columns.append(run.gradients(points, rows)[1])
    return torch.stack(columns, 1).to(inputs.device)


def _averaged(
    run: Passes, entry: Method, points, references, options
) -> tuple[MethodResult, Tensor]:
    """The method's answer and the baselines' score (N,), averaged over the R references."""
    rows = torch.arange(len(points), device=points.device)
    run.shares = references.shape[1] if entry.uses_baseline else 1
    parts, before = [], 0
    for run.share in range(references.shape[1]):
        reference = references[:, run.share]
        run.landmarks = (points, reference)
        before = before + run.values(reference, rows) / references.shape[1]
        if run.share < run.shares:
            parts.append(entry.attribute(run, points, reference, options))
    if len(parts) == 1:
        return parts[0], before
    return MethodResult(
        scores=sum(part.scores for part in parts) / len(parts),
        positive=_mean([part.positive for part in parts]),
        negative=_mean([part.negative for part in parts]),
        spread=None
        if parts[0].spread is None
        else sum(part.spread**2 for part in parts).sqrt() / len(parts),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        extra={name: _mean([part.extra[name] for part in parts]) for name in parts[0].extra},
    ), before


def _mean(parts: list) -> Tensor | None:
    return None if parts[0] is None else sum(parts) / len(parts)
