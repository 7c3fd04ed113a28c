"""The library's entry: `explain` attributes a model's output to its inputs; `jacobian`."""

from __future__ import annotations

import dataclasses
import functools
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explainers.attribution import Attribution, Progress, Target, TargetLike
from explainers.eval_mode import Model
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.options import demand_count, lookup, make_options
from explainers.output_cache import OutputCache
from explainers.references import as_tensor
from explainers.running.draws import seeded
from explainers.runs import (
    Run,
    averaged,
    completeness_gap,
    repeated,
    runtime_notes,
    what_slopes_miss,
    with_mean_target,
)
from explainers.session import Session, open_session


def explain(
    model: Model,
    inputs: Tensor,
    method: str = "integrated_gradients",
    baseline: str | float | Tensor = "zeros",
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
    repeats: int = 1,
    seed: int | None = None,
    **options: Any,
) -> Attribution:
    """Attribute a model's output to the values of its inputs.

    Parameters
    ----------
    model : callable
        Any torch module or function from (N, …) to (N, outputs) or (N,), unmodified. It, and the
        modules that a function holds, are put in evaluation mode for the call; afterwards all is as
        it was before: mode, weights, buffers, attributes, hooks, gradients, device. Once for each
        model, one or two passes more find out whether it draws random numbers, whether the inputs
        of a batch affect each other, and which values it uses as whole numbers only.
    inputs : Tensor or array, floating point, shape (N, …)
    method : str
        A key of METHODS.
    baseline : str, number or Tensor
        What the inputs are compared with: a key of BASELINES; or a number; or a tensor (…) one for
        all, (N, …) one each, (N, R, …) R references each, whose attributions are averaged.
    target : int, pair of int, sequence of N int, callable or None
        Which output is explained: a class index; a pair (a, b) for a rather than b; one index each;
        a function from the output (N, …) to (N,); None for each input's highest output.
    data : Tensor, shape (M, …), optional
        Other inputs, for baselines that are made from them, such as "data_mean".
    score : str
        "output" as the model returns it; "logit" before a final softmax or sigmoid; "probability".
    device : str or torch.device, optional
        Run on a copy of the model there.
    precision : str
        "auto": the model's own; or of a copy, "float32", "float64", "bfloat16"; on a GPU "tf32",
        without which products of float32 are made in full; or "trial": the quickest of bfloat16,
        TF32 and channels last that agrees, tried once a model.
    batch_size : int, optional
        Points a pass; planned by time and memory unless given.
    progress : callable, optional
        Called with a `Progress` after every pass; what it raises ends the call.
    cache : OutputCache, optional
        Of this model: explanations given the same one share its outputs on inputs and baseline, and
        the gradient at the inputs.
    kind : str, optional
        A key of KINDS, where the shape of the inputs does not tell what they are.
    repeats : int
        Of a model that draws random numbers: how many seeded runs to average. `spread` is then the
        standard error of that mean.
    seed : int, optional
        Of random methods, and of the first run of a random model; 0 unless given.
    **options
        The method's own, such as `steps=`.

    Returns
    -------
    Attribution
        Its tensors are on the device of the inputs.

    Raises
    ------
    Problem
        For whatever cannot be explained, with a sentence that says what to do.

    Examples
    --------
    >>> import torch
    >>> def model(x):
    ...     return torch.stack([2 * x[:, 0] + x[:, 1], 5 - x[:, 1]], 1)
    >>> answer = explain(model, torch.tensor([[1.0, 3.0]]), "integrated_gradients", target=0)
    >>> answer.scores.round(decimals=4)
    tensor([[2., 3.]])
    >>> answer.output, answer.baseline_output
    (tensor([5.]), tensor([0.]))
    """
    entry = lookup(METHODS, method, "method")
    seeds = "seed" in {field.name for field in dataclasses.fields(entry.options)}
    if seed is not None and seeds:
        options = {**options, "seed": seed}
    chosen: Any = make_options(entry.options, options, entry.name)
    demand_count("repeats", repeats)
    started = time.perf_counter()
    inputs = as_tensor(inputs, "inputs")
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
        asks=(method, chosen),
    ) as session:
        passes = session.passes
        # What is known of a network that was read from a file.
        for sentence, of_slopes in getattr(model, "notes_on_answers", ()):
            if entry.needs_gradient or not of_slopes:
                passes.note(sentence)
        if seed is not None and not (seeds or passes.behaviour.random):
            make_options(entry.options, {"seed": seed}, entry.name)
        layout = InputLayout.of(inputs.shape[1:], kind)

        def run(session: Session) -> Run:
            return averaged(session, entry, chosen, layout)

        if passes.behaviour.random:
            session = with_mean_target(session, repeats, seed or 0, target)
            result, output, baseline_output = repeated(session, run, repeats, seed or 0)
        else:
            result, output, baseline_output = run(session)
            if repeats > 1:
                passes.note("This model draws no random numbers, so one run says all.")
    for sentence in runtime_notes(passes, entry, result.scores, repeats, seed or 0):
        passes.note(sentence)
    gap = completeness_gap(result.scores, output, baseline_output) if entry.complete else None

    def back(value: Tensor) -> Tensor:
        # A plain callable's weights may learn; its explanation is a number all the same.
        return value.detach().to(inputs.device)

    def back_if_any(value: Tensor | None) -> Tensor | None:
        return None if value is None else back(value)

    return Attribution(
        scores=back(result.scores),
        positive=back_if_any(result.positive),
        negative=back_if_any(result.negative),
        spread=back_if_any(result.spread),
        method=method,
        target=session.target.described(),
        output=back(output),
        baseline_output=back(baseline_output),
        gap=back_if_any(gap),
        passes=-(-(passes.forward_rows + passes.backward_rows) // len(inputs)),
        seconds=time.perf_counter() - started,
        device=str(session.inputs.device),
        precision=session.way.of(session.inputs.dtype),
        signed=entry.knows_sign(chosen),
        settings={
            "method": method,
            "baseline": baseline if isinstance(baseline, str) else "tensor",
            "target": session.target.described(),
            "score": score,
            **({"precision": session.way.words} if precision == "trial" else {}),
            **({"repeats": repeats, "seed": seed or 0} if passes.behaviour.random else {}),
            **dataclasses.asdict(chosen),
            **result.settings,
            **result.draws,
        },
        notes=(*passes.notes, *result.all_notes),
        extra={name: back(value) for name, value in result.extra.items()},
        inputs=inputs.detach().clone(),  # its owner may write into it
        baseline=back(session.references.mean(1)),
        kind=kind or "",
    )


def jacobian(
    model: Model,
    inputs: Tensor,
    *,
    batch_size: int | None = None,
    repeats: int = 1,
    seed: int | None = None,
) -> Tensor:
    """∂y_i/∂x_j of all outputs at every input, on a model that is left as it was.

    One forward pass, with all slopes at once by forward or reverse mode, whichever is shorter; one
    backward pass an output where the model cannot be asked so. What `explain` says in its notes,
    of models that draw random numbers for example, is a Python warning here.

    Parameters
    ----------
    model, inputs, batch_size, repeats, seed
        As in `explain`.

    Returns
    -------
    Tensor, shape (N, outputs, …)
        Of answers (N, a, b) with more dimensions (N, a, b, …).

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
    inputs = as_tensor(inputs, "inputs")
    demand_count("repeats", repeats)
    first = Target(index=(0,) * len(inputs))
    with open_session(
        model, inputs, target=first, batch_size=batch_size, asks="jacobian"
    ) as session:
        passes, start = session.passes, seed or 0

        def once(number: int) -> Tensor:
            with seeded(number, session.inputs.device, session.generators):
                return passes.jacobian(session.inputs, session.generators).div_(repeats)

        if passes.behaviour.random:
            total = functools.reduce(torch.add, map(once, range(start, start + repeats)))
        else:
            total = passes.jacobian(session.inputs)
    for sentence in (*passes.notes, *what_slopes_miss(passes, total.flatten(1), repeats, start)):
        warnings.warn(sentence, stacklevel=2)
    return total.to(inputs.device)
