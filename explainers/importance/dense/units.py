"""Units that weights say nothing of: those at a limit of their activation, and those that rest."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from explainers.importance.dense.network import DenseNetwork, Layer

LIMITS = {
    "tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "erf": (-1.0, 1.0),
    "exp · reciprocal": (0.0, 1.0),
    "exp · div": (0.0, 1.0),
}
"""Lower and upper limit of the activations that have two."""
NEAR, MOSTLY, STILL = 0.02, 0.9, 1e-6
FALLS = 0.25


def saturated(layer: Layer) -> Tensor:
    """Which units of a layer are at a limit of their activation on nine of ten rows: bool (width,).

    Examples
    --------
    >>> from dataclasses import replace
    >>> from explainers.importance.dense.network import chain_of
    >>> layer = chain_of([torch.ones(1, 2), torch.ones(2, 1)]).layers[0]
    >>> z = torch.tensor([[9.0, 0.3], [-8.0, -0.5], [7.0, 1.0]])
    >>> saturated(replace(layer, entering=z, values=z.tanh())).tolist()
    [True, False]
    """
    limits = LIMITS.get(layer.activation)
    if limits is None or not len(layer.values):
        return torch.zeros(layer.width, dtype=torch.bool)
    low, high = limits
    near = NEAR * (high - low)
    outside = (layer.values < low + near) | (layer.values > high - near)
    return outside.double().mean(0) >= MOSTLY


def resting(layer: Layer) -> Tensor:
    """Which units have the same value on all rows, although their sums differ: bool (width,)."""
    if len(layer.values) < 2:
        return torch.zeros(layer.width, dtype=torch.bool)
    size = layer.values.abs().amax(0) + STILL
    return (layer.values.amax(0) - layer.values.amin(0)) <= STILL * size


def unit_warnings(network: DenseNetwork) -> Iterator[str]:
    """Sentences on units that make weights mislead: saturated, resting, neither rising nor falling.

    Parameters
    ----------
    network : DenseNetwork
        With its units' values on the rows.
    """
    for place, layer in enumerate(network.hidden, 1):
        still = resting(layer)
        full = saturated(layer) & ~still
        of = f"{layer.width} units of hidden layer {place}"
        if bool(full.any()):
            yield (
                f"{int(full.sum())} of the {of} {'is' if full.sum() == 1 else 'are'} saturated: at "
                "a limit of the activation on nine of ten rows, where a weight's size says little. "
                "Methods that read weights can mislead here; hold them against partial derivatives "
                "and permutation."
            )
        if bool(still.any()):
            yield (
                f"{int(still.sum())} of the {of} {'says' if still.sum() == 1 else 'say'} the same "
                "for every row: such weights change no answer, yet methods that read weights count "
                "them."
            )
        if layer.falls > FALLS:
            yield (
                f"The activation of hidden layer {place} ({layer.activation}) rises in some places "
                "and falls in others, so the sign of a weight does not say which way an input acts."
            )
