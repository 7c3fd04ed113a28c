"""What leads from each input to an output over all paths of a dense network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.importance.dense.network import DenseNetwork

NOTHING = 1e-12
"""A weight that is smaller than the largest beside it by this is none: it is rounding."""


def path_weights(network: DenseNetwork, outgoing: Tensor) -> Tensor:
    """Connection weights: the products of the weights along every path, summed over all paths.

    With one hidden layer Σ_h W_ih v_h; with more the product of all matrices; a path that skips a
    layer is one more path.

    Parameters
    ----------
    network : DenseNetwork
    outgoing : Tensor, shape (outputs,)
        How the explained number is made of the outputs: a one at the explained output.

    Returns
    -------
    Tensor, float64, shape (inputs,)

    References
    ----------
    Olden & Jackson 2002, Ecological Modelling 154; Olden, Joy & Death 2004, Ecological Modelling
    178.

    Examples
    --------
    >>> from explainers.importance.dense.network import chain_of
    >>> w, v = torch.tensor([[1.49, -0.19], [0.16, -0.16]]), torch.tensor([[-0.52], [0.81]])
    >>> path_weights(chain_of([w, v]), torch.ones(1)).round(decimals=4).tolist()
    [-0.9287, -0.2128]
    """
    reached = {0: torch.eye(network.inputs, dtype=torch.float64)}
    for place, layer in enumerate(network.layers, 1):
        parts = [reached[source] @ weights for source, weights in layer.weights.items()]
        reached[place] = torch.stack(parts).sum(0)
    return reached[len(network.layers)] @ outgoing.double()


def path_shares(network: DenseNetwork, outgoing: Tensor, goh: bool = False) -> tuple[Tensor, int]:
    """Garson's shares of the inputs in an output, and how many dead units were left out.

    Each unit divides itself among what enters it by the weights' sizes, layer by layer. With one
    hidden layer that is Σ_h (|W_ih| / Σ_k |W_kh|) |v_h| / Σ|v_h|. After Goh, all units that enter
    the output count alike: with one hidden layer (1/H) Σ_h |W_ih| / Σ_k |W_kh|.

    Parameters
    ----------
    network : DenseNetwork
    outgoing : Tensor, shape (outputs,)
        As for `path_weights`.
    goh : bool

    Returns
    -------
    shares : Tensor, float64, shape (inputs,)
        They sum to 1.
    dead : int
        Units that nothing enters, or that enter nothing.

    Raises
    ------
    Problem
        Where no weight leads to the output.

    References
    ----------
    Garson 1991, AI Expert 6; Goh 1995, Artificial Intelligence in Engineering 9.

    Examples
    --------
    >>> from explainers.importance.dense.network import chain_of
    >>> w, v = torch.tensor([[3.0, 1.0, 5.0], [1.0, 1.0, 5.0]]), torch.tensor([[2.0], [6.0], [0.0]])
    >>> path_shares(chain_of([w, v]), torch.ones(1))
    (tensor([0.5625, 0.4375], dtype=torch.float64), 1)
    >>> path_shares(chain_of([w, v]), torch.ones(1), goh=True)[0].tolist()
    [0.625, 0.375]
    """
    shares = {0: torch.eye(network.inputs, dtype=torch.float64)}
    alive = {0: torch.ones(network.inputs, dtype=torch.bool)}
    for place, layer in enumerate(network.hidden, 1):
        shares[place], alive[place] = _divided(shares, alive, layer.weights)
    last = {
        source: (weights @ outgoing.double()).unsqueeze(1)
        for source, weights in network.layers[-1].weights.items()
    }
    largest = max(float(weights.abs().max()) for weights in last.values())
    if goh:
        last = {
            source: (weights.abs() > NOTHING * largest).double() for source, weights in last.items()
        }
    share, reached = _divided(shares, alive, last)
    if not bool(reached):
        raise Problem(
            "No weight leads from the inputs to the explained output, so there is nothing to "
            "share. Check that the network was trained, and which output is explained."
        )
    return share[:, 0], _dead(network, alive, last)


def _divided(
    shares: Mapping[int, Tensor], alive: Mapping[int, Tensor], weights: Mapping[int, Tensor]
) -> tuple[Tensor, Tensor]:
    """The shares (inputs, width) of a layer's units, and which units anything enters."""
    sizes = {
        source: block.abs() * alive[source].unsqueeze(1).double()
        for source, block in weights.items()
    }
    total = torch.stack([size.sum(0) for size in sizes.values()]).sum(0)
    entered = total > NOTHING * total.max()
    mixed = torch.stack([shares[source] @ size for source, size in sizes.items()]).sum(0)
    return torch.where(entered, mixed / total.where(entered, torch.ones_like(total)), 0), entered


def _dead(network: DenseNetwork, alive: Mapping[int, Tensor], last: Mapping[int, Tensor]) -> int:
    """How many units nothing enters, or of which nothing comes."""
    count, used = 0, {source: (weights != 0).any(1) for source, weights in last.items()}
    for place in range(len(network.hidden), 0, -1):
        leads = used.get(place, torch.zeros(network.width(place), dtype=torch.bool))
        live = leads & alive[place]
        count += int((~live).sum())
        for source, weights in network.layers[place - 1].weights.items():
            before = used.get(source, torch.zeros(network.width(source), dtype=torch.bool))
            used[source] = before | (weights[:, live] != 0).any(1)
    return count
