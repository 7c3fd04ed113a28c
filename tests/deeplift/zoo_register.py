"""Where the zoo's networks are registered, name → (builder, shape), and what most are made of."""

from __future__ import annotations

from torch import nn

PICTURE, ROW, SERIES = (3, 12, 12), (7,), (6, 5)
ZOO: dict = {}


def net(shape, name=None):
    """Register a builder, or a forward function of the input, under its name."""

    def register(build):
        ZOO[name or build.__name__] = (build, shape)
        return build

    return register


class Function(nn.Module):
    """A forward function with its layers."""

    def __init__(self, forward, **layers) -> None:
        super().__init__()
        self.function = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.function(self, x)


def with_layers(shape, **builders):
    """Register forward(self, x), with freshly built layers."""

    def register(forward):
        def build():
            return Function(forward, **{name: make() for name, make in builders.items()})

        ZOO[forward.__name__] = (build, shape)
        return forward

    return register


def head(channels, outputs=4):
    """Mean over places, then a dense layer."""
    return nn.Sequential(nn.Flatten(2), Mean(), nn.Linear(channels, outputs))


class Mean(nn.Module):
    """Over the last dimension."""

    def forward(self, x):
        return x.mean(-1)


def dense():
    return nn.Linear(7, 8)


def out():
    return nn.Linear(8, 4)


def conv():
    return nn.Conv2d(3, 8, 3, padding=1)
