"""Small networks, at least one for every kind of thing that people build: name → (model, shape).

Models whose names are alike in their first word belong to one item. Shapes are of one input.
"""

from __future__ import annotations

import torch
import zoo_architectures  # noqa: F401
import zoo_layers  # noqa: F401
import zoo_operations  # noqa: F401
from torch import nn
from zoo_register import ZOO


def built(name: str, dtype=torch.float64) -> tuple[nn.Module, torch.Tensor]:
    """The named net with reproducible random weights and statistics, and three inputs."""
    build, shape = ZOO[name]
    torch.manual_seed(sum(map(ord, name)))
    with torch.random.fork_rng():
        model = build().to(dtype).eval()
    make = torch.Generator().manual_seed(len(name))
    for layer in model.modules():
        if isinstance(getattr(layer, "running_mean", None), torch.Tensor):
            layer.running_mean.copy_(torch.randn(layer.running_mean.shape, generator=make) / 4)
            layer.running_var.copy_(torch.rand(layer.running_var.shape, generator=make) + 0.5)
            if layer.weight is not None:
                layer.weight.data.copy_(torch.randn(layer.weight.shape, generator=make))
    return model, torch.randn(3, *shape, generator=make, dtype=torch.float64).to(dtype)


def blurred(x: torch.Tensor) -> torch.Tensor:
    """Each value averaged with its neighbours along the last dimension."""
    return (x.roll(1, -1) + x + x.roll(-1, -1)) / 3
