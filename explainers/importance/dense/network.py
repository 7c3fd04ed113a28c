"""A feed-forward network of dense layers, as matrices: what methods that read weights work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layer:
    """One layer of units, or the outputs; all in float64 on the CPU.

    Attributes
    ----------
    weights : mapping of int to Tensor, shape (width of the source, width)
        By source: 0 the network's inputs, k the k-th layer. A source that does not reach this
        layer is not in it; more than one is a skip connection.
    bias : Tensor, shape (width,)
    activation : str
        PyTorch's names of the operations that make the unit's value of the weighted sum: "tanh";
        several joined by " · "; "" for none.
    entering, values : Tensor, shape (n, width)
        The weighted sums and the units' values on the rows that the network was followed on.
    falls : float
        Which part of the activation's way up and down is down: 0 for one that only rises.
    """

    weights: Mapping[int, Tensor]
    bias: Tensor
    activation: str
    entering: Tensor
    values: Tensor
    falls: float = 0.0

    @property
    def width(self) -> int:
        """How many units it has."""
        return len(self.bias)


@dataclass(frozen=True)
class DenseNetwork:
    """Dense layers between inputs and outputs; see `find_dense`.

    Attributes
    ----------
    inputs : int
    layers : tuple of Layer
        The hidden ones in order, and last the outputs.
    centre : Tensor, shape (inputs,)
        The value at which an input gives nothing to what it enters first: 0, or where the network
        standardises its inputs itself, the value that becomes 0. NaN where that is not one value.
    standardises : bool
        Whether the network scales or shifts each input by itself before its weights.
    """

    inputs: int
    layers: tuple[Layer, ...]
    centre: Tensor
    standardises: bool = False

    @property
    def outputs(self) -> int:
        """How many outputs it has."""
        return self.layers[-1].width

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """The layers of units."""
        return self.layers[:-1]

    @property
    def skips(self) -> bool:
        """Whether any layer has another source than the layer before it."""
        return any(set(layer.weights) != {place} for place, layer in enumerate(self.layers))

    def width(self, source: int) -> int:
        """How many values a source has: 0 the inputs, k the k-th layer."""
        return self.inputs if source == 0 else self.layers[source - 1].width

    def sums(self, values: Mapping[int, Tensor], layer: int) -> Tensor:
        """The weighted sums (n, width) that enter a layer, from the values of its sources."""
        chosen = self.layers[layer]
        total = chosen.bias.clone()
        for source, weights in chosen.weights.items():
            total = total + values[source] @ weights
        return total


def chain_of(weights: list[Tensor], biases: list[Tensor] | None = None) -> DenseNetwork:
    """A plain chain from its matrices (width before, width), for trying what reads weights.

    Examples
    --------
    >>> network = chain_of([torch.ones(3, 2), torch.ones(2, 1)])
    >>> network.inputs, network.outputs, network.skips
    (3, 1, False)
    """
    layers = []
    for place, matrix in enumerate(weights):
        wide = matrix.double()
        bias = torch.zeros(wide.shape[1]).double() if biases is None else biases[place].double()
        nothing = torch.zeros(0, wide.shape[1]).double()
        last = place == len(weights) - 1
        layers.append(Layer({place: wide}, bias, "" if last else "tanh", nothing, nothing))
    inputs = len(weights[0])
    return DenseNetwork(inputs, tuple(layers), torch.zeros(inputs).double())


def rising(layer: Layer, sums: Tensor, values: Tensor) -> Layer:
    """A layer whose activation rises with what enters it, as the signs of weights take for granted.

    Where it falls (1 / (1 + exp(z)) of z = −w·x), the sum's sign is turned: the same layer.

    Parameters
    ----------
    layer : Layer
    sums, values : Tensor, shape (n, width)
        What entered the activation, and what it gave.

    Examples
    --------
    >>> z = torch.linspace(-2, 2, 9)[:, None]
    >>> layer = chain_of([torch.ones(1, 1)]).layers[0]
    >>> rising(layer, z, (-z).exp()).weights[0], rising(layer, z, z.abs()).falls
    (tensor([[-1.]], dtype=torch.float64), 0.5)
    """
    steps = values.gather(0, sums.argsort(0)).diff(dim=0)
    # A logarithm or a root has no value at some of the chosen sums.
    steps = torch.where(steps.isfinite(), steps, torch.zeros_like(steps))
    up, down = float(steps.clamp(min=0).sum()), float((-steps).clamp(min=0).sum())
    if up + down == 0:
        return layer
    if down <= up:
        return replace(layer, falls=down / (up + down))
    turned = {source: -weights for source, weights in layer.weights.items()}
    return replace(
        layer,
        weights=turned,
        bias=-layer.bias,
        entering=-layer.entering,
        falls=up / (up + down),
    )
