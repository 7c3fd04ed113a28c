"""Asking a model about inputs with regions perturbed: every region of every input, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.context import Context


def replaced(inputs: Tensor, baseline: Tensor, masks: Tensor) -> Tensor:
    """Inputs (n, …) with what the masks (n, …) name taken from the baseline (n, …)."""
    import torch

    # In the inputs' own memory layout, so that convolutions work as on the inputs themselves.
    return torch.empty_like(inputs).copy_(torch.where(masks, baseline, inputs))


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
    rows, regions : Tensor, shape (n,)
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
    """What every input loses when the baseline replaces a region: f(x) − f(x with it replaced).

    masks : (regions (n,)) → bool (n, …), what lies in each region.

    Yields rows and regions (n,) as `evaluate_regions`, the masks (n, …), and the losses (n,).
    """
    full = context.input_values()
    current: list[Tensor] = []

    def hidden(rows: Tensor, regions: Tensor) -> Tensor:
        current[:] = [masks(regions)]
        return replaced(context.inputs[rows], context.baseline[rows], current[0])

    for rows, regions, values in evaluate_regions(context, count, hidden):
        yield rows, regions, current[0], full[rows] - values
