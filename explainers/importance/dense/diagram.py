"""A dense network as a figure needs it: named units in layers, and signed weights between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainers.errors import Problem
from explainers.importance.dense.network import DenseNetwork
from explainers.importance.dense.units import resting, saturated

MOST_UNITS = 200


@dataclass(frozen=True)
class Unit:
    """One input, hidden unit or output.

    Attributes
    ----------
    name : str
    layer, place : int
        0 are the inputs, the last layer the outputs.
    bias : float or None
        None for inputs.
    state : str
        "saturated" or "resting" on the rows, else "".
    """

    name: str
    layer: int
    place: int
    bias: float | None = None
    state: str = ""


@dataclass(frozen=True)
class Connection:
    """A weight between the units `start` and `end`, numbers in `Diagram.units`.

    Attributes
    ----------
    weight : float
        Signed.
    share : float
        Its size as a share of the largest in the same layer: the line's width.
    """

    start: int
    end: int
    weight: float
    share: float


@dataclass(frozen=True)
class Diagram:
    """All units, layer by layer, all weights that are not zero, and the layers' activations."""

    units: tuple[Unit, ...]
    connections: tuple[Connection, ...]
    activations: tuple[str, ...]


def diagram(
    network: DenseNetwork, names: Sequence[str], outputs: Sequence[str] | None = None
) -> Diagram:
    """The data of a network diagram.

    Parameters
    ----------
    network : DenseNetwork
    names : sequence of str, length inputs
    outputs : sequence of str, length outputs, optional
        "output 0", … unless given.

    Raises
    ------
    Problem
        For more units than can be drawn.

    Examples
    --------
    >>> import torch
    >>> from explainers.importance.dense.network import chain_of
    >>> drawn = diagram(chain_of([torch.tensor([[2.0], [-1.0]]), torch.ones(1, 1)]), ["a", "b"])
    >>> [unit.name for unit in drawn.units]
    ['a', 'b', 'unit 1.1', 'output 0']
    >>> [(line.start, line.end, line.weight, line.share) for line in drawn.connections]
    [(0, 2, 2.0, 1.0), (1, 2, -1.0, 0.5), (2, 3, 1.0, 1.0)]
    """
    total = sum(network.width(source) for source in range(len(network.layers) + 1))
    if total > MOST_UNITS:
        raise Problem(
            f"The network has {total:,} inputs, units and outputs; a diagram shows at most "
            f"{MOST_UNITS}."
        )
    if len(names) != network.inputs or (outputs is not None and len(outputs) != network.outputs):
        raise Problem(
            f"A diagram needs {network.inputs} names of inputs and {network.outputs} of outputs."
        )
    units = [Unit(name, 0, place) for place, name in enumerate(names)]
    starts, connections = [0], []
    for number, layer in enumerate(network.layers, 1):
        starts.append(len(units))
        last = number == len(network.layers)
        full, still = saturated(layer).tolist(), resting(layer).tolist()
        for place, bias in enumerate(layer.bias.tolist()):
            name = f"output {place}" if last else f"unit {number}.{place + 1}"
            name = outputs[place] if last and outputs is not None else name
            state = "resting" if still[place] else "saturated" if full[place] else ""
            units.append(Unit(name, number, place, bias, "" if last else state))
        largest = max(float(weights.abs().max()) for weights in layer.weights.values())
        connections += [
            Connection(
                starts[source] + start, starts[number] + end, value, abs(value) / (largest or 1.0)
            )
            for source, weights in layer.weights.items()
            for start, row in enumerate(weights.tolist())
            for end, value in enumerate(row)
            if value
        ]
    activations = tuple(layer.activation for layer in network.layers)
    return Diagram(tuple(units), tuple(connections), activations)
