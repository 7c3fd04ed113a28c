"""The front door: `explain` answers why a model gave an output, `jacobian` all slopes at once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explainers.attribution import Attribution, Progress, Target, TargetLike, completeness_gap
from explainers.context import Context
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.methods.registry import Method, MethodResult
from explainers.options import lookup, make_options
from explainers.output_cache import OutputCache
from explainers.session import Session, open_session


def explain(
    model: Callable,
    inputs: Tensor,
    method: str = "integrated_gradients",
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    *,
    data: Tensor | None = None,
    score: str = "output",
    device: str | torch.device | None = None,
    precision: str = "auto",
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
    kind: str | None = None,
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
    kind       a key of KINDS, where the shape of the inputs does not tell what they are.
    cache      an `OutputCache` of this model: explanations given the same one share its answers
               to inputs and baseline, and the gradient at the inputs.

    Returns an Attribution on the device of the inputs. Raises Problem, with a sentence that says
    what to do, for whatever cannot be explained.
    """
    entry = lookup(METHODS, method, "method")
    chosen = make_options(entry.options, options, entry.name)
    started = time.perf_counter()
    with open_session(
        model,
        inputs,
        baseline,
        target,
        data=data,
        score=score,
        centre=entry.centred(chosen),
        device=device,
        precision=precision,
        batch_size=batch_size,
        progress=progress,
        cache=cache,
    ) as session:
        result, before = _averaged(session, entry, chosen, InputLayout.of(inputs.shape[1:], kind))
    passes, output = session.passes, session.output
    gap = None
    if entry.complete:
        gap = completeness_gap(result.scores, output, before).to(inputs.device)

    def back(value: Tensor | None) -> Tensor | None:
        # A plain callable's weights may learn; its explanation is a number all the same.
        return None if value is None else value.detach().to(inputs.device)

    return Attribution(
        scores=back(result.scores),
        positive=back(result.positive),
        negative=back(result.negative),
        spread=back(result.spread),
        method=method,
        target=session.target.described(),
        output=back(output),
        baseline_output=back(before),
        gap=gap,
        passes=-(-(passes.forward_rows + passes.backward_rows) // len(inputs)),
        seconds=time.perf_counter() - started,
        device=str(session.inputs.device),
        precision=str(session.inputs.dtype).removeprefix("torch."),
        signed=entry.knows_sign(chosen),
        settings={
            "method": method,
            "baseline": baseline if isinstance(baseline, str) else "tensor",
            "target": session.target.described(),
            "score": score,
            **dataclasses.asdict(chosen),
        },
        notes=result.notes,
        extra={name: back(value) for name, value in result.extra.items()},
    )


def jacobian(model: Callable[..., Any], inputs: Tensor, *, batch_size: int | None = None) -> Tensor:
    """∂y_i/∂x_j of all outputs at every input, on a model that is left exactly as found.

    One backward pass an output.

    Parameters
    ----------
    model, inputs, batch_size
        As in `explain`.

    Returns
    -------
    Tensor, shape (N, outputs, …)

    Raises
    ------
    Problem
        For whatever cannot be explained.

    Examples
    --------
    >>> import torch
    >>> jacobian(lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 0]], 1), torch.tensor([[2.0, 3.0]]))
    tensor([[[3., 2.],
             [1., 0.]]])
    """
    first = Target(index=(0,) * len(inputs))
    with open_session(model, inputs, target=first, batch_size=batch_size) as session:
        columns = [
            session.passes.gradients(
                session.inputs, Target(index=(index,) * len(inputs)), session.rows
            )[1]
            for index in range(session.outputs.shape[1])
        ]
    return torch.stack(columns, 1).to(inputs.device)


def _averaged(
    session: Session, entry: Method, options: Any, layout: InputLayout
) -> tuple[MethodResult, Tensor]:
    """The method's answer and the baselines' score (N,), averaged over the R references."""
    several = session.references.shape[1]
    shares = several if entry.uses_baseline else 1
    parts: list[MethodResult] = []
    before = torch.zeros_like(session.output)
    for share in range(several):
        reference = session.references[:, share]
        context = Context(
            session.passes, session.target, session.inputs, reference, layout, share, shares
        )
        before = before + context.baseline_values() / several
        if share < shares:
            parts.append(entry.attribute(context, options))
    if len(parts) == 1:
        return parts[0], before
    spreads = [part.spread for part in parts if part.spread is not None]
    return MethodResult(
        scores=_sum([part.scores for part in parts]) / len(parts),
        positive=_mean([part.positive for part in parts]),
        negative=_mean([part.negative for part in parts]),
        spread=_sum([spread**2 for spread in spreads]).sqrt() / len(parts) if spreads else None,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        extra={
            name: _sum([part.extra[name] for part in parts]) / len(parts) for name in parts[0].extra
        },
    ), before


def _sum(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _mean(parts: list[Tensor | None]) -> Tensor | None:
    there = [part for part in parts if part is not None]
    return _sum(there) / len(there) if there else None
