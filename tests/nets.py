"""Small networks and functions whose attributions are known."""

import torch
from torch import nn

from explainers import BASELINES, METHODS

PICTURE_METHODS = [k for k, m in METHODS.items() if m.kinds is None or "picture" in m.kinds]
PICTURE_BASELINES = [k for k, b in BASELINES.items() if "picture" in b.kinds]


def linear(weights: torch.Tensor, bias: float = 0.0):
    """x ↦ w·x + b over all dimensions after the first."""
    return lambda x: (x * weights).flatten(1).sum(1) + bias


def product(x: torch.Tensor) -> torch.Tensor:
    """x₁·x₂."""
    return x[:, 0] * x[:, 1]


def saturation(x: torch.Tensor) -> torch.Tensor:
    """1 − relu(1 − a − b): flat where a + b > 1."""
    return 1 - (1 - x[:, 0] - x[:, 1]).relu()


def convnet(classes: int = 4, channels: int = 3, seed: int = 0, kinks: bool = True):
    """A small float64 picture network with random weights, in eval mode; smooth without kinks."""
    torch.manual_seed(seed)
    return (
        nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1),
            nn.ReLU() if kinks else nn.Tanh(),
            nn.MaxPool2d(2) if kinks else nn.AvgPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.Softplus(),
            nn.AdaptiveAvgPool2d(3),
            nn.Flatten(),
            nn.Linear(72, classes),
        )
        .double()
        .eval()
    )


def smooth(features: int = 5, classes: int = 3, seed: int = 0) -> nn.Sequential:
    """A small smooth float64 network on vectors."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(features, 16), nn.Tanh(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, classes)
    ).double()


def pictures(count: int = 2, side: int = 12, seed: int = 1) -> torch.Tensor:
    """Random pictures (count, 3, side, side) in [0, 1], float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator, dtype=torch.float64)
