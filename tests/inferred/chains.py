"""Networks that run their layers one after another, and whether weights alone give them back."""

import copy

import torch
from torch import nn

from explainers.models.formats.inferred import build_chain, describe


def trained(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with random weights and random memories of its normalisations, in eval mode."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            values = torch.randn(tensor.shape, generator=generator) * 0.4
            tensor.copy_(values.abs() + 0.5 if name.endswith("running_var") else values)
    return network.eval()


def same(network: nn.Module, inputs: torch.Tensor, answers=None, theirs=None) -> bool:
    """Whether the network built from the weights gives the network's own answers."""
    state = network.state_dict()
    ours = build_chain(describe(state), state, answers).double()(inputs.double())
    wanted = copy.deepcopy(network).double()(inputs.double() if theirs is None else theirs.double())
    return ours.shape == wanted.shape and torch.allclose(ours, wanted, rtol=1e-6, atol=1e-6)


class Named(nn.Module):
    """Layers under names of their own, run in the order given, with what stands between them."""

    def __init__(self, run, **layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.run = run

    def forward(self, values):
        return self.run(self, values)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def linears(*sizes: int) -> list[nn.Linear]:
    return [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
