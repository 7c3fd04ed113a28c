"""Forward addition and backward elimination: what both do with a data set and a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.importance.estimate import Estimate
from explainers.importance.trained import training
from explainers.importance.trained.architecture import Architecture, architecture_of
from explainers.importance.trained.by_hand import errors_by_hand
from explainers.importance.trained.selection import Errors, Selection, selection

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext

Train: TypeAlias = Callable[[Tensor, Tensor, int], Any]
"""(inputs (n, f), labels (n,), seed) → a model of f inputs."""

MOST_ROWS, LEAST_ROWS = 2000, 20
MOST_WORK = 3e12
"""Multiplications; about ten minutes on two cores."""


@dataclass(frozen=True)
class Rows:
    """Rows with one more feature, a shuffled one, and how they are divided for each seed.

    Attributes
    ----------
    inputs : Tensor, float32, shape (N, p)
        The values of all features and, last, those of one of them in other rows.
    feature : Tensor, int64, shape (p,)
        Which feature each value belongs to; F is the shuffled one.
    parts : tuple of Tensor, int64, shape (S, n)
        Rows to learn from, to choose by, to report.
    chosen : Tensor, int64, shape (N,)
        Which rows of the data set these are.
    """

    inputs: Tensor
    feature: Tensor
    parts: tuple[Tensor, Tensor, Tensor]
    chosen: Tensor


def stepwise(
    context: DatasetContext, key: str, seeds: int, steps: int, train: Train | None
) -> Estimate:
    """The ranks by forward addition (key "forward_addition") or by backward elimination.

    Parameters
    ----------
    context : DatasetContext
        With labels.
    key : str
    seeds : int
        Repetitions, each with its own rows and its own starting weights.
    steps : int
        Of training.
    train : callable, optional
        Trains a network instead.

    Raises
    ------
    Problem
        Without labels, with too few rows, for networks that cannot be built anew, and for work that
        would not end.
    """
    if context.labels is None:
        raise Problem("Networks are trained anew, so this needs labels: the truth of every row.")
    generator, count = context.generator(key), len(context.features)
    rows = _rows(context, seeds, generator)
    if train is not None:
        errors = errors_by_hand(context, train, rows.inputs, rows.parts, rows.chosen)
    else:
        architecture = _architecture(context, len(rows.feature))
        _affordable(architecture, seeds, count + 1, steps)
        errors = _errors(context, architecture, rows, generator, steps)
    found = selection(seeds, count + 1, errors, key == "forward_addition")
    return _estimate(context, found, key, len(rows.chosen))


def _rows(context: DatasetContext, seeds: int, generator: torch.Generator) -> Rows:
    many = context.rows
    if many < LEAST_ROWS:
        raise Problem(
            f"{many} rows are too few to train networks and to hold rows out; give at least "
            f"{LEAST_ROWS}."
        )
    chosen = torch.randperm(many, generator=generator)[:MOST_ROWS]
    inputs = context.inputs.detach().cpu().float().flatten(1)[chosen]
    feature = context.features.labels.flatten().cpu()
    count = len(context.features)
    copied = int(torch.randint(count, (1,), generator=generator))
    shuffled = inputs[torch.randperm(len(inputs), generator=generator)][:, feature == copied]
    inputs = torch.cat([inputs, shuffled], 1)
    feature = torch.cat([feature, torch.full((shuffled.shape[1],), count)])
    orders = torch.stack([torch.randperm(len(inputs), generator=generator) for _ in range(seeds)])
    fit, stop = int(0.6 * len(inputs)), int(0.8 * len(inputs))
    return Rows(inputs, feature, (orders[:, :fit], orders[:, fit:stop], orders[:, stop:]), chosen)


def _architecture(context: DatasetContext, inputs: int) -> Architecture:
    labels = context.labels
    assert labels is not None
    many = context.outputs[0].numel() if labels.classes or labels.whole else 1
    try:
        return replace(architecture_of(context.dense, many), inputs=inputs)
    except Problem as problem:
        reason = str(problem)
        if reason.startswith("its "):
            reason = f"The network cannot be built anew: {reason}."
        raise Problem(
            f"{reason} To train another network with fewer inputs, give a function "
            "train(inputs, labels, seed) that returns a trained model, as the option train."
        ) from problem


def _affordable(architecture: Architecture, seeds: int, features: int, steps: int) -> None:
    nets = seeds * features * (features + 1) // 2
    work = 6.0 * nets * steps * training.BATCH * architecture.weights
    if work > MOST_WORK:
        raise Problem(
            f"This would train {nets:,} networks of {architecture.weights:,} weights and take "
            "hours. Put columns into groups, take fewer columns, or lower seeds and steps."
        )


def _errors(
    context: DatasetContext,
    architecture: Architecture,
    rows: Rows,
    generator: torch.Generator,
    steps: int,
) -> Errors:
    """Errors by the trainer for dense networks, in the labels' own units."""
    labels = context.labels
    assert labels is not None
    truth = labels.values[rows.chosen]
    truth = truth if labels.classes else truth.float().reshape(len(truth), -1)
    inputs = rows.inputs[rows.parts[0]]
    mean, spread = inputs.mean(1, keepdim=True), inputs.std(1, keepdim=True, unbiased=False)
    spread = torch.where(spread > 0, spread, torch.ones_like(spread))
    answers = truth[rows.parts[0]]
    middle, size = torch.zeros(()), torch.ones(())
    if not labels.classes:
        middle, size = answers.mean((1, 2), keepdim=True), answers.std((1, 2), keepdim=True)
        size = torch.where(size > 0, size, torch.ones_like(size))

    def part(numbers: Tensor) -> tuple[Tensor, Tensor]:
        values = truth[numbers]
        return (
            (rows.inputs[numbers] - mean) / spread,
            values if labels.classes else (values - middle) / size,
        )

    fit, stop, held_out = (part(numbers) for numbers in rows.parts)
    split = training.Split(fit, stop, held_out)
    loss = training.cross_entropy if labels.classes else training.squared_error
    unit = torch.ones(()) if labels.classes else size.square().view(-1, 1).double()

    def errors(features: Tensor) -> tuple[Tensor, Tensor]:
        choose, report = training.train(
            architecture,
            split,
            features[:, :, rows.feature],
            loss,
            generator,
            steps,
            context.passes.worked,
        )
        return choose * unit, report * unit

    return errors


def _estimate(context: DatasetContext, found: Selection, key: str, rows: int) -> Estimate:
    """Ranks of the real features; the shuffled one is the control."""
    count, seeds = len(context.features), len(found.ranks)
    real = found.order != count
    order = found.order[real].view(seeds, count)
    errors = found.error[:, 1:][real].view(seeds, count)
    control = found.ranks[:, count]
    behind = found.ranks[:, :count] > control.unsqueeze(1)
    ranks = (found.ranks[:, :count] - behind.long()).double()
    middle = ranks.mean(0)
    values = 1 + (middle < middle.unsqueeze(1)).sum(1).double()
    noise = [
        name
        for name, share in zip(context.names, behind.double().mean(0).tolist(), strict=True)
        if share >= 0.5
    ]
    notes = [
        f"{seeds} trainings, each with its own rows and starting weights, on {rows:,} rows: 60 % "
        "to learn from, 20 % to choose by, 20 % held out for the error."
    ]
    if noise:
        notes.append(
            f"A shuffled column came before {', '.join(noise)} in at least half of the trainings: "
            "by this method they cannot be told from noise."
        )
    return Estimate(
        values,
        {"training": ranks},
        {
            "error": errors.mean(0),
            "start": float(found.error[:, 0].mean()),
            "errors": errors,
            "order": order,
            "ranks": ranks,
            "mean_rank": middle,
            "control_rank": control.double(),
        },
        tuple(notes),
    )
