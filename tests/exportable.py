"""Networks that people export: recurrent ones, transformers, networks on DNA and on tables."""

from __future__ import annotations

import functools

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


def _resnet(classes: int) -> nn.Module:
    return models.ResNet(models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=classes)


def _mobilenet_v2(classes: int) -> nn.Module:
    blocks = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 2, 1]]
    return models.MobileNetV2(classes, inverted_residual_setting=blocks)


def _mobilenet_v3(classes: int) -> nn.Module:
    block = functools.partial(models.mobilenetv3.InvertedResidualConfig, width_mult=1.0)
    blocks = [
        block(16, 3, 16, 16, True, "RE", 2, 1),
        block(16, 3, 72, 24, False, "RE", 2, 1),
        block(24, 5, 96, 40, True, "HS", 2, 1),
        block(40, 5, 240, 40, True, "HS", 1, 1),
    ]
    return models.MobileNetV3(blocks, 64, classes)


def _efficientnet(classes: int) -> nn.Module:
    block = functools.partial(models.efficientnet.MBConvConfig, width_mult=1.0, depth_mult=1.0)
    blocks = [
        block(1, 3, 1, 32, 16, 1),
        block(6, 3, 2, 16, 24, 2),
        block(6, 5, 2, 24, 40, 1),
    ]
    return models.EfficientNet(blocks, 0.2, num_classes=classes, last_channel=128)


def _mnasnet(classes: int) -> nn.Module:
    """Two blocks of each stage: one that changes the size, one with a shortcut."""
    network = models.MNASNet(0.25, classes)
    for stage in network.layers:
        if isinstance(stage, nn.Sequential):
            del stage[2:]
    return network


SHALLOW = {
    "resnet": _resnet,
    "mobilenet_v2": _mobilenet_v2,
    "mobilenet_v3": _mobilenet_v3,
    "efficientnet": _efficientnet,
    "densenet": lambda classes: models.DenseNet(8, (2, 2, 2, 2), 16, num_classes=classes),
    "shufflenet": lambda classes: models.ShuffleNetV2(
        [2, 2, 2], [24, 48, 96, 192, 256], num_classes=classes
    ),
    "mnasnet": _mnasnet,
}
"""Networks of torchvision's blocks, all kinds of them and few of each: to export the whole ones
takes ten times as long, and finds nothing else. From the number of classes."""
