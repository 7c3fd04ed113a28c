"""Inputs with regions replaced, and the model's score for every region of every input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context


def replaced(inputs: Tensor, baseline: Tensor, masks: Tensor) -> Tensor:
    """Inputs with the masked values replaced by the baseline's.

    Parameters
    ----------
    inputs, baseline : Tensor, shape (n, …)
    masks : Tensor, bool, shape (n, …) or what broadcasts to it
        True where the baseline replaces the input.

    Returns
    -------
    Tensor, shape (n, …)
        In the inputs' own memory layout, so that convolutions work as on the inputs themselves.

    Examples
    --------
    >>> import torch
    >>> x, baseline = torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2)
    >>> replaced(x, baseline, torch.tensor([[True, False]]))
    tensor([[0., 2.]])
    """
    import torch

    return torch.empty_like(inputs).copy_(torch.where(masks, baseline, inputs))


def blended(inputs: Tensor, baseline: Tensor, visible: Tensor) -> Tensor:
    """visible·x + (1 − visible)·x′: inputs faded into the baseline by a soft mask.

    Parameters
    ----------
    inputs, baseline : Tensor, shape (n, …)
    visible : Tensor, shape (n, …) or what broadcasts to it
        Shares from 0, the baseline, to 1, the input.

    Returns
    -------
    Tensor, shape (n, …)

    Examples
    --------
    >>> import torch
    >>> blended(torch.tensor([[8.0, 8.0]]), torch.zeros(1, 2), torch.tensor([[0.25, 1.0]]))
    tensor([[2., 8.]])
    """
    return visible * inputs + (1 - visible) * baseline


def evaluate_regions(
    context: Context, count: int, perturbed: Callable[[Tensor, Tensor], Tensor]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The score of every input with every one of `count` regions perturbed.

    Parameters
    ----------
    context : Context
    count : int
        How many regions an input has.
    perturbed : callable
        (rows (n,), regions (n,)) → points (n, …): those inputs with those regions perturbed.

    Yields
    ------
    rows, regions : Tensor, int64, shape (n,)
        Region by region, all inputs of one after the other.
    values : Tensor, shape (n,)
        The explained scores.
    """
    import torch

    inputs = context.inputs
    for part in context.batches(count * len(inputs)):
        pairs = torch.arange(part.start, part.stop, device=inputs.device)
        regions, rows = pairs // len(inputs), pairs % len(inputs)
        yield rows, regions, context.values(perturbed(rows, regions), rows)


def losses(
    context: Context, count: int, masks: Callable[[Tensor], Tensor]
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """What every input's score loses when the baseline replaces a region of it.

    f(x) − f(x with the region replaced), f being the explained score.

    Parameters
    ----------
    context : Context
    count : int
        How many regions an input has.
    masks : callable
        (regions (n,)) → bool (n, …): which values lie in each region.

    Yields
    ------
    rows, regions : Tensor, int64, shape (n,)
        As in `evaluate_regions`.
    masks : Tensor, bool, shape (n, …)
    losses : Tensor, shape (n,)
    """
    full = context.input_values()
    current: list[Tensor] = []

    def hidden(rows: Tensor, regions: Tensor) -> Tensor:
        current[:] = [masks(regions)]
        return replaced(context.inputs[rows], context.baseline[rows], current[0])

    for rows, regions, values in evaluate_regions(context, count, hidden):
        yield rows, regions, current[0], full[rows] - values
