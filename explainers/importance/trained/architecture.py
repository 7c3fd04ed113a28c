"""Which networks can be built anew: layers, their sources, their activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.errors import Problem
from explainers.importance.dense.network import DenseNetwork, Layer

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "exp · reciprocal": torch.sigmoid,
    "exp · div": torch.sigmoid,
    "relu": torch.relu,
    "clamp_min": torch.relu,
    "clamp": torch.relu,
    "maximum": torch.relu,
    "hardtanh": F.hardtanh,
    "leaky_relu": F.leaky_relu,
    "prelu_kernel": F.leaky_relu,
    "rrelu_with_noise": F.leaky_relu,
    "gt · where": F.leaky_relu,
    "elu": F.elu,
    "celu": F.celu,
    "gelu": F.gelu,
    "erf · mul": F.gelu,
    "silu": F.silu,
    "sigmoid · mul": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "abs · div": F.softsign,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
}
"""By the operations of which they are seen to be made; of those with a slope the usual one."""
ALIKE = 0.9
STEPS = {"where", "sign", "round", "floor", "ceil", "trunc", "gt", "ge", "lt", "le"}


@dataclass(frozen=True)
class Stage:
    """One layer: its width, what enters it (0 the inputs, k the k-th layer), its activation."""

    width: int
    sources: tuple[int, ...]
    activation: str


@dataclass(frozen=True)
class Architecture:
    """A network of dense layers without its weights; the last stage are the outputs."""

    inputs: int
    stages: tuple[Stage, ...]

    @property
    def weights(self) -> int:
        """How many weights it has."""
        widths = (self.inputs, *(stage.width for stage in self.stages))
        return sum(
            stage.width * (1 + sum(widths[source] for source in stage.sources))
            for stage in self.stages
        )


def architecture_of(network: DenseNetwork, outputs: int) -> Architecture:
    """The architecture of a network, with so many outputs.

    Parameters
    ----------
    network : DenseNetwork
    outputs : int

    Raises
    ------
    Problem
        For an activation that is not known.

    Examples
    --------
    >>> from explainers.importance.dense.network import chain_of
    >>> architecture_of(chain_of([torch.ones(3, 2), torch.ones(2, 4)]), 1).stages
    (Stage(width=2, sources=(0,), activation='tanh'), Stage(width=1, sources=(1,), activation=''))
    """
    for layer in network.hidden:
        if layer.activation not in ACTIVATIONS or not _alike(layer):
            raise Problem(f"its activation ({layer.activation}) is not one that is built anew here")
    ends = network.layers[-1].activation
    if STEPS & set(ends.split(" · ")):
        raise Problem(f"its answers come in steps ({ends}), which no training follows")
    stages = [
        Stage(layer.width, tuple(layer.weights), layer.activation) for layer in network.hidden
    ]
    stages.append(Stage(outputs, tuple(network.layers[-1].weights), ""))
    return Architecture(network.inputs, tuple(stages))


def _alike(layer: Layer) -> bool:
    """Whether its units' values go with what the activation gives: a step is no leaky ReLU."""
    given = ACTIVATIONS[layer.activation](layer.entering).flatten()
    values = layer.values.flatten()
    if len(values) < 2 or float(given.std()) == 0 or float(values.std()) == 0:
        return True
    return float(torch.corrcoef(torch.stack([given, values]))[0, 1]) > ALIKE
