"""`explain_dataset`: how much each feature matters over many rows, by several methods."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from explainers.attribution import Progress, TargetLike
from explainers.errors import ModelProblem, Problem
from explainers.eval_mode import Model
from explainers.importance.data import DatasetContext
from explainers.importance.estimate import SOURCES, Estimate, Importance
from explainers.importance.features import GroupsLike
from explainers.importance.opening import DRAWS, open_dataset
from explainers.importance.reading.question import (
    chosen_methods,
    no_output,
)
from explainers.importance.registry import ImportanceMethod
from explainers.importance.reliability.control import failed, null_control
from explainers.importance.reliability.quality import quality, sentences
from explainers.importance.reliability.warnings import warnings_before, warnings_of
from explainers.importance.reliability.wrong_scale import wrong_scale
from explainers.importance.uncertainty import ranks
from explainers.methods import METHODS
from explainers.running.draws import seeded
from explainers.runs import runtime_notes


def explain_dataset(
    model: Model,
    inputs: Tensor,
    labels: Any = None,
    methods: Sequence[str] | str | None = None,
    names: Sequence[str] | None = None,
    output: TargetLike = None,
    groups: GroupsLike | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    *,
    draws: int = DRAWS,
    strict: bool | None = None,
    kind: str | None = None,
    score: str = "output",
    device: str | torch.device | None = None,
    precision: str = "auto",
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    partial: Callable[[Importance], None] | None = None,
) -> Importance:
    """How much each feature matters to a model over a data set, and how sure that is.

    Parameters
    ----------
    model : callable
        Any torch module or function from (N, …) to (N, outputs) or (N,), unmodified; it is left
        exactly as it was, as by `explain`.
    inputs : Tensor, array or table of numbers, shape (N, …), N ≥ 2
        Rows of a table (N, F); series (N, T, V), whose features are the variables; DNA (N, 4, L),
        whose features are positions; pictures (N, C, H, W), whose features are squares.
    labels : array-like, shape (N,) or that of the outputs, optional
        The truth. Classes: the error is the cross-entropy; numbers: the squared error.
    methods : sequence of str, optional
        Keys of IMPORTANCE; without it all that the network and the data allow, and `notes` name
        those left out, with the reason.
    names : sequence of str, optional
        Of the columns; those of a data frame, or "x0", "x1", …, unless given.
    output : int, pair or callable, optional
        Which output is explained, as `target` of `explain`; None: the only one.
    groups : mapping of sequences, or sequence of sequences, optional
        Columns that count as one feature, by name or number.
    options : mapping of mappings, optional
        Method → its own options, such as ``{"garson": {"variant": "goh"}}``.
    seed : int
        Of all random numbers. A method's numbers do not depend on which others run.
    draws : int
        Of the bootstrap.
    strict : bool, optional
        Whether a method that cannot be asked ends the call; None: where methods were named. Else it
        is left out, which `notes` say.
    kind : str, optional
        A key of KINDS, where the shape of the inputs does not tell what they are.
    score, device, precision, batch_size, progress
        As in `explain`.
    partial : callable, optional
        Called with the table so far after each method.

    Returns
    -------
    Importance

    Raises
    ------
    Problem
        For whatever cannot be asked, with a sentence that says what to do.

    Examples
    --------
    >>> import torch
    >>> x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    >>> table = explain_dataset(lambda x: 3 * x[:, 0] + x[:, 1], x, names=["rain", "wind"],
    ...                         methods=["permutation"])
    >>> table.names, table.rank.tolist()
    (('rain', 'wind'), [[1, 2]])
    """
    started = time.perf_counter()
    chosen = chosen_methods(methods, options)
    with open_dataset(
        model,
        inputs,
        labels,
        names,
        output,
        groups,
        seed,
        draws=draws,
        kind=kind,
        score=score,
        device=device,
        precision=precision,
        batch_size=batch_size,
        progress=progress,
    ) as (context, generators):
        passes = context.passes
        if context.target is None and methods is None:
            raise no_output(context.outputs)
        passes.expect(_cost(chosen, context))
        good = quality(context)
        scale = wrong_scale(context, good)
        notes = [*scale, *warnings_before(context), *([] if scale else sentences(good))]
        notes += [sentence for sentence, _ in getattr(model, "notes_on_answers", ())]
        notes += passes.behaviour.notes(1, seed)
        found: list[tuple[ImportanceMethod, Estimate, int]] = []
        left_out: dict[str, list[str]] = {}

        def so_far(last: bool) -> Importance:
            said, ignored = [*notes, *context.sentences, *_without(left_out)], dict[str, float]()
            if last:
                said += _of_slopes(context, [entry for entry, _, _ in found])
                said += warnings_of(context, [(entry, estimate) for entry, estimate, _ in found])
                own = options or {}
                ignored = null_control(
                    context, [(e, dict(own.get(e.key, {}))) for e, _, _ in found]
                )
                said += failed(ignored, {entry.key: entry.name for entry, _, _ in found})
            line = _table(context, found, said, time.perf_counter() - started, settings)
            return dataclasses.replace(line, quality=good, control=ignored)

        settings = {
            "methods": [entry.key for entry, _ in chosen],
            "output": output if isinstance(output, (int, tuple)) else str(output),
            "seed": seed,
            "draws": draws,
            "score": score,
            "options": {key: dict(value) for key, value in (options or {}).items()},
        }
        for entry, own in chosen:
            before = passes.forward_rows + passes.backward_rows
            try:
                with _repeatable(context, entry.key, generators):
                    estimate = entry.importance(context, own)
            except Problem as problem:
                reason = _reason(problem)
                if methods is not None if strict is None else strict:
                    if reason == str(problem):
                        raise
                    raise ModelProblem(reason) from problem
                left_out.setdefault(reason, []).append(f"{entry.name} ({entry.key})")
                continue
            found.append((entry, estimate, passes.forward_rows + passes.backward_rows - before))
            if partial is not None:
                partial(so_far(False))
        if not found:
            raise Problem(" ".join(_without(left_out)))
        table = so_far(True)
    return table


def _of_slopes(context: DatasetContext, asked: Sequence[ImportanceMethod]) -> list[str]:
    """Sentences on what methods of slopes could not see in the network."""
    if all(entry.family != "gradients" for entry in asked):
        return []
    slopes, nothing = METHODS["saliency"], torch.zeros(1)
    return runtime_notes(context.passes, slopes, nothing, 1, context.seed)


def _without(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for each reason why methods are left out."""
    return [f"Left out: {', '.join(names)}. {reason}" for reason, names in left_out.items()]


def _reason(problem: Problem) -> str:
    """Why a method is left out, of a model that has answered the rows themselves."""
    said, advice, _ = str(problem).partition(" Check the input's size")
    if not advice or not isinstance(problem, ModelProblem):
        return str(problem)
    said = re.sub(r" on inputs of shape \([\d, ]*\)", "", said)
    return (
        f"{said} The network answers the rows themselves, but not others that such a method asks "
        "about."
    )


def _cost(chosen: list[tuple[ImportanceMethod, Any]], context: DatasetContext) -> int:
    return sum(
        entry.estimate(options, context.rows, len(context.features)) for entry, options in chosen
    )


@contextmanager
def _repeatable(
    context: DatasetContext, key: str, generators: tuple[object, ...]
) -> Iterator[None]:
    """A model that draws random numbers answers a method alike, whichever ran before."""
    with seeded(context.generator(key).initial_seed() % 2**32, context.inputs.device, generators):
        yield


def _table(
    context: DatasetContext,
    found: list[tuple[ImportanceMethod, Estimate, int]],
    notes: list[str],
    seconds: float,
    settings: Mapping[str, Any],
) -> Importance:
    keys = [entry.key for entry, _, _ in found]
    lines = [
        ranks.ranked(estimate, entry.ranks, context.generator(f"ranks/{entry.key}"))
        for entry, estimate, _ in found
    ]
    said = [*notes, *(note for _, estimate, _ in found for note in estimate.notes)]
    return Importance(
        values=torch.stack([estimate.values.to("cpu", torch.float64) for _, estimate, _ in found]),
        low=torch.stack([line.low for line in lines]),
        high=torch.stack([line.high for line in lines]),
        rank=torch.stack([line.rank for line in lines]),
        rank_low=torch.stack([line.rank_low for line in lines]),
        rank_high=torch.stack([line.rank_high for line in lines]),
        sources={name: torch.stack([line.sources[name] for line in lines]) for name in SOURCES},
        details={key: estimate.details for key, (_, estimate, _) in zip(keys, found, strict=True)},
        methods=tuple(keys),
        names=context.names,
        notes=tuple(dict.fromkeys(said)),
        remarks={key: estimate.notes for key, (_, estimate, _) in zip(keys, found, strict=True)},
        evaluations={key: cost for key, (_, _, cost) in zip(keys, found, strict=True)},
        seconds=seconds,
        settings=settings,
        draws=tuple(line.draws for line in lines),
    )
