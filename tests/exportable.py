"""Networks that people export: recurrent ones, transformers, networks on DNA and on tables."""

from __future__ import annotations

from torch import nn
from torchvision import models


class Recurrent(nn.Module):
    """The last step of a recurrent layer over (N, T, inputs), to a few numbers."""

    def __init__(self, kind, inputs=5, hidden=6, outputs=3, **options) -> None:
        super().__init__()
        self.layer = kind(inputs, hidden, batch_first=True, **options)
        self.head = nn.Linear(hidden * (2 if options.get("bidirectional") else 1), outputs)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Encoder(nn.Module):
    """A transformer encoder over (N, T, 8), its mean over time to three numbers."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.layers(x).mean(1))


def small_vit(classes: int = 5) -> nn.Module:
    """A vision transformer on 16 × 16 pictures; a head that is not all zeros."""
    net = models.VisionTransformer(16, 4, 2, 2, 16, 32, num_classes=classes)
    nn.init.normal_(net.heads.head.weight)
    return net


def small_swin(classes: int = 5) -> nn.Module:
    """A Swin transformer with shifted windows, on pictures of 32 × 32."""
    return models.SwinTransformer([4, 4], 12, [2, 2], [2, 2], [4, 4], num_classes=classes)


def letters() -> nn.Sequential:
    """A one-dimensional network on DNA (N, 4, L)."""
    return nn.Sequential(
        nn.Conv1d(4, 8, 5, padding="same"),
        nn.ELU(),
        nn.MaxPool1d(2),
        nn.Conv1d(8, 8, 3, padding=1),
        nn.BatchNorm1d(8),
        nn.GELU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )


def regressor() -> nn.Sequential:
    """Table rows (N, 6) to one number."""
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 8), nn.SiLU(), nn.Linear(8, 1))
