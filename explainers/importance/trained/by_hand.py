"""Errors of networks that a function of the caller's trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.importance.trained.selection import Errors

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext


def errors_by_hand(
    context: DatasetContext,
    train: Callable[[Tensor, Tensor, int], Any],
    inputs: Tensor,
    parts: tuple[Tensor, Tensor, Tensor],
    chosen: Tensor,
) -> Errors:
    """Errors of what `train(inputs, labels, seed)` returns, as the data set's labels count them.

    Parameters
    ----------
    context : DatasetContext
        A table (N, F) or series (N, T, V), with labels.
    train : callable
    inputs : Tensor, shape (N, p)
        Flattened rows; the last values are the shuffled feature's.
    parts : tuple of Tensor, int64, shape (S, n)
    chosen : Tensor, int64, shape (N,)
        Which rows of the data set these are.

    Raises
    ------
    Problem
        For inputs of another kind, and for what `train` raises or returns that is no model.
    """
    shape, labels = context.inputs.shape[1:], context.labels
    assert labels is not None
    if len(shape) > 2 or (len(shape) == 2 and context.layout.kind != "series"):
        raise Problem("A training function is called for tables and series only.")
    truth = labels.values[chosen]
    size = int(torch.tensor(shape).prod())
    rows = inputs[:, :size].view(-1, *shape)
    columns = context.features.labels.cpu() if len(shape) == 1 else context.features.labels[0].cpu()
    extra = inputs[:, size:].view(
        -1, *shape[:-1], inputs[:, size:].shape[1] // max(size // shape[-1], 1)
    )
    rows = torch.cat([rows, extra], -1)
    columns = torch.cat([columns, torch.full((extra.shape[-1],), len(context.features))])

    def one(mask: Tensor, seed: int) -> tuple[float, float]:
        seen = rows[..., mask[columns]]
        fit, stop, held_out = (part[seed] for part in parts)
        if seen.shape[-1]:
            model = _trained(train, seen[fit], truth[fit], seed)
            with torch.no_grad():
                answers = [_answer(model, seen[part]) for part in (stop, held_out)]
        else:
            answers = [_constant(context, truth[fit], len(part)) for part in (stop, held_out)]
        context.passes.worked(len(seen))
        first, second = (
            float(context.error(answer, truth[part]).mean())
            for answer, part in zip(answers, (stop, held_out), strict=True)
        )
        return first, second

    def errors(masks: Tensor) -> tuple[Tensor, Tensor]:
        pairs = torch.tensor(
            [[one(mask, seed) for mask in masks[seed]] for seed in range(len(masks))],
            dtype=torch.float64,
        )
        return pairs[..., 0], pairs[..., 1]

    return errors


def _trained(train: Callable[[Tensor, Tensor, int], Any], x: Tensor, y: Tensor, seed: int) -> Any:
    try:
        with torch.enable_grad():
            model = train(x, y, seed)
    except Exception as error:
        raise Problem(
            f"The training function stopped on inputs {tuple(x.shape)}: "
            f"{type(error).__name__}: {error}. It must take any number of columns."
        ) from error
    if not callable(model):
        raise Problem("The training function must return a model: something to call on inputs.")
    if isinstance(model, torch.nn.Module):
        model.eval()
    return model


def _answer(model: Any, inputs: Tensor) -> Tensor:
    output = model(inputs)
    if not isinstance(output, Tensor) or output.ndim == 0 or len(output) != len(inputs):
        raise Problem("The model of the training function must return a tensor, one row per input.")
    return output.detach().unsqueeze(1) if output.ndim == 1 else output.detach()


def _constant(context: DatasetContext, truth: Tensor, rows: int) -> Tensor:
    """What a network without inputs would answer: the mean, or the classes' shares."""
    shape = context.outputs.shape[1:]
    labels = context.labels
    assert labels is not None
    if not labels.classes:
        return truth.double().mean(0).expand(rows, *shape)
    if shape[0] == 1:
        share = truth.double().mean().clamp(1e-6, 1 - 1e-6)
        return (share if labels.probabilities else share.logit()).expand(rows, 1)
    shares = (truth.bincount(minlength=shape[0]).double() / len(truth)).clamp(min=1e-6)
    return (shares if labels.probabilities else shares.log()).expand(rows, -1)
