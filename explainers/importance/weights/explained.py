"""From the weights of a dense network to the features and the output that a person asks about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.dense.network import DenseNetwork

_SEEN = 1e-9


def outgoing(context: DatasetContext, network: DenseNetwork) -> Tensor:
    """How the explained number is made of the network's outputs: float64 (outputs,).

    A one at the explained output; for "a rather than b" a one and a minus one; for a function of
    the outputs its slopes, where it is linear.

    Parameters
    ----------
    context : DatasetContext
    network : DenseNetwork
        Its outputs are those of one row, flattened.

    Raises
    ------
    Problem
        For a function that is not linear.
    """
    import torch

    shape, total = context.outputs.shape[1:], network.outputs
    generator = torch.Generator().manual_seed(0)
    zero, units = torch.zeros(1, total), torch.eye(total)
    trial = torch.randn(5, total, generator=generator)
    points = torch.cat([zero, units, trial]).double()
    answers = context.selected(points.view(len(points), *shape).to(context.outputs.device))
    slopes = answers[1 : total + 1] - answers[0]
    gap = (points @ slopes + answers[0] - answers).abs().max()
    if float(gap) > _SEEN * (1 + float(slopes.abs().sum())):
        raise Problem(
            "What is explained is no weighted sum of the outputs, so no weights lead to it. Choose "
            "one output by its number, or a pair (a, b)."
        )
    return slopes


def of_features(context: DatasetContext, values: Tensor) -> Tensor:
    """Numbers (inputs,) of a row's values, summed over each feature's: (F,)."""
    return context.features.summed(values.unsqueeze(0))[0]


def scaled(network: DenseNetwork, sizes: Tensor) -> DenseNetwork:
    """The network whose inputs are measured in units of `sizes` (inputs,)."""
    layers = []
    for layer in network.layers:
        weights = dict(layer.weights)
        if 0 in weights:
            weights[0] = weights[0] * sizes.unsqueeze(1)
        layers.append(replace(layer, weights=weights))
    return replace(network, layers=tuple(layers))


def notes_on(context: DatasetContext, network: DenseNetwork, what: str) -> tuple[str, ...]:
    """What must be said beside numbers that come from weights alone."""
    from explainers.importance.dense.units import unit_warnings

    notes = []
    ends = network.layers[-1].activation
    if ends:
        name = ends.split(" · ")[0].replace("log_", "")
        notes.append(f"Weights lead to what enters the {name} at the network's end.")
    if network.standardises:
        notes.append(
            "The network scales its inputs itself. Its weights are told for the inputs as they are "
            "given; the scaled ones, each in its own standard deviation, can be compared."
        )
    if len(context.features) < context.inputs[0].numel():
        notes.append(f"{what} of a feature that has several values are the sums over these values.")
    return (*notes, *unit_warnings(network))
