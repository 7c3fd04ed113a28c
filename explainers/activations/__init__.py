"""The inside of a network: which tensor holds its last map, found by running it, and its gradient.

`places` follows where on the input each number of a tensor stands, `recording` watches a run,
`choice` finds the activation that the explained output depends on, `maps` reads it.
"""

from explainers.activations.maps import ActivationMaps, activation_maps

__all__ = ["ActivationMaps", "activation_maps"]
