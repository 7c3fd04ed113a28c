"""Runs of a method: their mean over references, over seeds of a random model, and what to say."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch
from torch import Tensor

from explainers.attribution import Target, TargetLike
from explainers.context import Context
from explainers.errors import ModelProblem, NotFinite
from explainers.kinds.layout import InputLayout
from explainers.methods.registry import Method, MethodResult
from explainers.passes import Passes
from explainers.perturbation.drawn import Drawn
from explainers.running.draws import seeded
from explainers.running.failures import all_finite
from explainers.session import Session

Run: TypeAlias = tuple[MethodResult, Tensor, Tensor]
"""What a method found, and the explained score (N,) of the inputs and of their baselines."""


def averaged(session: Session, entry: Method, options: Any, layout: InputLayout) -> Run:
    """The method's result, averaged over the R references; the scores (N,) of both ends."""
    references = session.references.shape[1]
    calls = references if entry.uses_baseline else 1
    results: list[MethodResult] = []
    random = session.passes.behaviour.random
    output = None if random else session.output
    baseline_output = torch.zeros_like(session.output)
    for index in range(references):
        baseline = session.references[:, index]
        context = Context(
            session.passes, session.target, session.inputs, baseline, layout, index, calls, output
        )
        with _not_finite("its baseline"):
            baseline_output = baseline_output + context.baseline_values() / references
        if index < calls:
            with _not_finite("a point that this method asks about, beside the input and baseline,"):
                results.append(entry.attribute(context, options))
    if output is None:
        outputs = session.passes.outputs(session.inputs, cached=True)
        output = session.target.select(outputs, session.rows)
    if calls == 1:
        return results[0], output, baseline_output
    return mean_of(results), output, baseline_output


@contextmanager
def _not_finite(where: str) -> Iterator[None]:
    """While the block runs, an answer that is not finite is said to be that to another point."""
    try:
        yield
    except NotFinite as error:
        raise ModelProblem(
            f"The model's answer to the input is finite, but that to {where} holds NaN or infinite "
            "values (inside it a logarithm or a division meets 0, for example). Choose another "
            "baseline, or another method."
        ) from error


def with_mean_target(session: Session, repeats: int, seed: int, target: TargetLike) -> Session:
    """The session; where no target is asked for, that of the highest mean over seeded runs."""
    if target is not None:
        return session
    outputs = []
    for number in range(repeats):
        with seeded(seed + number, session.inputs.device, session.generators):
            outputs.append(session.passes.outputs(session.inputs))
    return dataclasses.replace(session, target=Target.of(None, _mean(outputs)))


def repeated(session: Session, run: Callable[[Session], Run], repeats: int, seed: int) -> Run:
    """The mean over seeded runs of a model that draws random numbers.

    Parameters
    ----------
    session : Session
    run : callable
        One run of the method in the session.
    repeats : int
    seed : int
        Of the first run; the others have the next ones.

    Returns
    -------
    result : MethodResult
        Of several runs, `spread` is the standard error of their mean, with that of the method.
    output, baseline_output : Tensor, shape (N,)
    """
    runs = []
    for number in range(repeats):
        session.passes.forget()
        with seeded(seed + number, session.inputs.device, session.generators):
            runs.append(run(session))
    results, outputs, baselines = (list(column) for column in zip(*runs, strict=True))
    result = mean_of(results)
    if repeats > 1:
        spread = torch.stack([one.scores for one in results]).std(0) / repeats**0.5
        if result.spread is not None:
            spread = (spread**2 + result.spread**2).sqrt()
        result = dataclasses.replace(result, spread=spread)
    return result, _mean(outputs), _mean(baselines)


def mean_of(results: list[MethodResult]) -> MethodResult:
    """The mean of several results of one method, with the standard error of that mean.

    Examples
    --------
    >>> mean_of([MethodResult(torch.tensor([1.0])), MethodResult(torch.tensor([2.0]))]).scores
    tensor([1.5000])
    """
    spreads = [result.spread for result in results if result.spread is not None]
    drawn = [result.drawn for result in results if result.drawn is not None]
    return MethodResult(
        scores=_mean([result.scores for result in results]),
        positive=_mean_if_any([result.positive for result in results]),
        negative=_mean_if_any([result.negative for result in results]),
        spread=_sum([spread**2 for spread in spreads]).sqrt() / len(results) if spreads else None,
        drawn=Drawn.averaged(drawn) if drawn else None,
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        extra={
            name: _mean([result.extra[name] for result in results]) for name in results[0].extra
        },
        settings=results[0].settings,
    )


def runtime_notes(
    passes: Passes, method: Method, scores: Tensor, repeats: int, seed: int
) -> list[str]:
    """Sentences on how the model behaved, and on what the method could not see in it.

    Parameters
    ----------
    passes : Passes
        After the method has run.
    method : Method
    scores : Tensor, shape (N, …)
    repeats, seed : int
        Of the runs of a random model.
    """
    if not (method.needs_gradient or method.unit == "slope"):
        return [*passes.behaviour.notes(repeats, seed), *_broken(scores)]
    return what_slopes_miss(passes, scores, repeats, seed)


def what_slopes_miss(passes: Passes, scores: Tensor, repeats: int, seed: int) -> list[str]:
    """The same of what was made of slopes."""
    behaviour = passes.behaviour
    sentences = behaviour.notes(repeats, seed)
    if behaviour.coded is not None:
        sentences.append(
            f"The model uses {_places(behaviour.coded)} as whole numbers, such as codes that "
            "choose a row of a table, or in comparisons only: there is no slope there, so this "
            "method gives them 0 although the answer depends on them. Ask occlusion or ablation "
            "about them."
        )
    if passes.singular is not None:
        sentences.append(
            f"At {_places(passes.singular)} the model's slope is not finite at a point that was "
            "asked (inside it a square root or a division meets 0, for example); there it counts "
            "as flat. Occlusion and ablation need no slope."
        )
    return [*sentences, *_broken(scores)]


def _broken(scores: Tensor) -> list[str]:
    if all_finite(scores):
        return []
    broken = ~torch.isfinite(scores)
    return [
        f"{int(broken.sum())} of {broken.numel()} scores are NaN or infinite, at "
        f"{_places(broken.any(0))}: the model's slopes are not finite there. Do not use them; "
        "try another baseline, or a method without slopes, such as occlusion or ablation."
    ]


def _places(mask: Tensor) -> str:
    """Which values of one input are marked, in words."""
    marked, many = int(mask.sum()), mask.numel()
    where = [tuple(place) if mask.ndim > 1 else place[0] for place in mask.nonzero().tolist()]
    if marked == 1:
        return f"the input value {where[0]} (counted from 0)"
    listed = ", ".join(map(str, where[:5])) + (", …" if marked > 5 else "")
    return f"{marked} of {many} input values ({listed}; counted from 0)"


def _sum(tensors: list[Tensor]) -> Tensor:
    total = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total


def _mean(tensors: list[Tensor]) -> Tensor:
    return _sum(tensors) / len(tensors)


def _mean_if_any(tensors: list[Tensor | None]) -> Tensor | None:
    given = [tensor for tensor in tensors if tensor is not None]
    return _mean(given) if given else None


def completeness_gap(scores: Tensor, output: Tensor, baseline_output: Tensor) -> Tensor:
    """(Σ scores − (output − baseline_output)) / |output − baseline_output|: what is missing.

    Parameters
    ----------
    scores : Tensor, shape (N, …)
        The attributions of N inputs.
    output, baseline_output : Tensor, shape (N,)
        The explained score of the inputs and of their baselines.

    Returns
    -------
    Tensor, shape (N,), float64
        A share: 0 is complete, −0.1 means that a tenth of the difference is missing. Where there is
        no difference the gap is infinite, or NaN if the scores sum to zero as they should.

    References
    ----------
    Completeness: Sundararajan, Taly & Yan 2017, arXiv:1703.01365, section 3.

    Examples
    --------
    >>> import torch
    >>> output, baseline_output = torch.tensor([5.0]), torch.tensor([1.0])
    >>> completeness_gap(torch.tensor([[2.0, 1.0]]), output, baseline_output)
    tensor([-0.2500], dtype=torch.float64)
    """
    difference = output.double() - baseline_output.double()
    summed = scores.double().flatten(1).sum(1)
    return (summed - difference) / difference.abs()
