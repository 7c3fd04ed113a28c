"""Networks that people export: how to build each, and the shape of its input."""

from __future__ import annotations

import functools

import torch
from exportable import SHALLOW, Encoder, Recurrent, letters, regressor, small_swin, small_vit
from torch import nn


class Constants(nn.Module):
    """Tensors that are no parameters: a constant, buffers kept and not, one written on."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.factor = nn.Linear(6, 4), torch.tensor([1.0, -2.0, 3.0, 0.5])
        self.register_buffer("kept", torch.rand(4))
        self.register_buffer("unkept", torch.rand(4), persistent=False)
        self.register_buffer("mask", torch.full((4, 4), float("-inf")).triu(1))
        self.register_buffer("count", torch.zeros(4))

    def forward(self, x):
        self.count.add_(1.0)
        y = self.layer(x) * self.factor * self.kept + self.unkept + torch.tensor(2.0)
        weights = (y[:, :, None] * y[:, None] + self.mask).softmax(-1)
        return (weights @ y[:, :, None]).squeeze(-1) + self.count


def classifier():
    """A small picture network that ends in a softmax."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.GroupNorm(2, 4),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 4),
        nn.Softmax(1),
    )


SMALL = {
    "multilayer perceptron": (
        lambda: nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 4)),
        6,
    ),
    "regressor": (regressor, 6),
    "constants": (Constants, 6),
    "LSTM": (lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), 4, 5),
    "GRU": (lambda: Recurrent(nn.GRU), 4, 5),
    "recurrent, tanh": (lambda: Recurrent(nn.RNN), 4, 5),
    "transformer encoder": (Encoder, 7, 8),
    "letters": (letters, 4, 24),
    "classifier": (classifier, 3, 16, 16),
    "vision transformer": (small_vit, 3, 16, 16),
}
LARGE = {name: (functools.partial(build, 4), 3, 64, 64) for name, build in SHALLOW.items()} | {
    "swin": (small_swin, 3, 32, 32)
}


def made(name: str) -> tuple[nn.Module, torch.Tensor]:
    """The network in eval mode, with weights and statistics of its own, and three inputs."""
    torch.manual_seed(0)
    build, *shape = {**SMALL, **LARGE}[name]
    model = build().eval()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return model, torch.rand(3, *shape)
