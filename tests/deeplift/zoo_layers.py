"""Layers of torch.nn, alone between others, and what people do with layers."""

from __future__ import annotations

import copy

import torch
from torch import nn
from zoo_register import PICTURE, ROW, ZOO, conv, dense, head, net, out

# Activations of torch.nn, each between two layers

ACTIVATIONS = [
    nn.ReLU(),
    nn.ReLU(inplace=True),
    nn.ReLU6(),
    nn.LeakyReLU(0.1),
    nn.PReLU(8),
    nn.RReLU(),
    nn.ELU(0.7),
    nn.SELU(),
    nn.CELU(1.3),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.SiLU(),
    nn.Mish(),
    nn.Softplus(),
    nn.Softsign(),
    nn.Sigmoid(),
    nn.LogSigmoid(),
    nn.Tanh(),
    nn.Tanhshrink(),
    nn.Hardtanh(),
    nn.Hardsigmoid(),
    nn.Hardswish(inplace=True),
    nn.Hardshrink(0.1),
    nn.Softshrink(0.1),
    nn.Threshold(0.1, -0.3),
    nn.Softmax(1),
    nn.LogSoftmax(1),
    nn.Softmin(1),
]
for _index, _activation in enumerate(ACTIVATIONS):

    def _build(activation=_activation):
        activation = copy.deepcopy(activation)
        return nn.Sequential(dense(), activation, nn.Linear(8, 8), activation, out())

    ZOO[f"activation_{_index:02}_{type(_activation).__name__}"] = (_build, ROW)
ZOO["activation_GLU"] = (lambda: nn.Sequential(dense(), nn.GLU(), nn.Linear(4, 3)), ROW)

# Pools, norms and other layers, between two convolutions

LAYERS = {
    "maxpool_2_2": lambda: nn.MaxPool2d(2),
    "maxpool_3_2_1": lambda: nn.MaxPool2d(3, 2, 1),
    "maxpool_3_1_dilated": lambda: nn.MaxPool2d(3, 1, 1, dilation=2),
    "maxpool_ceil": lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
    "maxpool_adaptive": lambda: nn.AdaptiveMaxPool2d((5, 3)),
    "maxpool_global": lambda: nn.AdaptiveMaxPool2d(1),
    "avgpool": lambda: nn.AvgPool2d(3, 2, 1),
    "avgpool_adaptive": lambda: nn.AdaptiveAvgPool2d(5),
    "avgpool_global": lambda: nn.AdaptiveAvgPool2d(1),
    "transposed": lambda: nn.ConvTranspose2d(8, 8, 3, 2, 1, 1),
    "grouped": lambda: nn.Conv2d(8, 8, 3, groups=4),
    "depthwise": lambda: nn.Conv2d(8, 8, 3, groups=8),
    "dilated": lambda: nn.Conv2d(8, 8, 3, dilation=2, padding="same"),
    "circular": lambda: nn.Conv2d(8, 8, 3, padding=1, padding_mode="circular"),
    "reflect": lambda: nn.ReflectionPad2d(2),
    "padded_with_ones": lambda: nn.ConstantPad2d(1, 1.0),
    "upsample_nearest": lambda: nn.Upsample(scale_factor=2),
    "upsample_bilinear": lambda: nn.Upsample(scale_factor=1.5, mode="bilinear"),
    "upsample_bicubic": lambda: nn.Upsample(size=9, mode="bicubic", align_corners=True),
    "shuffle": lambda: nn.PixelShuffle(2),
    "unshuffle": lambda: nn.PixelUnshuffle(2),
    "batch_norm": lambda: nn.BatchNorm2d(8),
    "layer_norm": lambda: nn.LayerNorm([8, 12, 12]),
    "group_norm": lambda: nn.GroupNorm(2, 8),
    "group_norm_one": lambda: nn.GroupNorm(1, 8),
    "instance_norm": lambda: nn.InstanceNorm2d(8),
    "instance_norm_affine": lambda: nn.InstanceNorm2d(8, affine=True),
    "instance_norm_tracked": lambda: nn.InstanceNorm2d(8, track_running_stats=True),
    "response_norm": lambda: nn.LocalResponseNorm(3),
    "lp_pool": lambda: nn.LPPool2d(2, 2),
    "dropout": lambda: nn.Dropout2d(0.5),
    "softmax_channels": lambda: nn.Softmax2d(),
    "unfolded": lambda: nn.Sequential(nn.Unfold(3, stride=3), nn.Unflatten(1, (8, 9))),
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 3)),
    "spectral_norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(8, 8, 3)),
    "weight_norm_old": lambda: nn.utils.weight_norm(nn.Conv2d(8, 8, 3)),
}
for _name, _make in LAYERS.items():

    def _build(make=_make):
        layer = make()
        width = layer(torch.zeros(1, 8, 12, 12)).shape[1]
        return nn.Sequential(conv(), nn.ReLU(), layer, nn.ReLU(), head(width))

    ZOO[f"layer_{_name}"] = (_build, PICTURE)


@net((3, 20))
def one_dimension():
    return nn.Sequential(
        nn.Conv1d(3, 8, 5),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.MaxPool1d(3, 2, 1),
        nn.Conv1d(8, 8, 3),
        nn.AdaptiveMaxPool1d(3),
        nn.Flatten(),
        nn.Linear(24, 4),
    )


@net((2, 6, 6, 6))
def three_dimensions():
    return nn.Sequential(
        nn.Conv3d(2, 4, 3, padding=1),
        nn.BatchNorm3d(4),
        nn.ReLU(),
        nn.MaxPool3d(3, 2, 1),
        nn.ConvTranspose3d(4, 4, 2),
        nn.AdaptiveMaxPool3d(2),
        nn.Flatten(),
        nn.Linear(32, 3),
    )


@net(PICTURE)
def conv_maxpool_relu():
    """ReLU next to max-pool, in both orders."""
    return nn.Sequential(conv(), nn.MaxPool2d(2), nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2), head(8))


@net(ROW)
def rms_norm():
    return nn.Sequential(dense(), nn.RMSNorm(8), nn.Tanh(), nn.LayerNorm(8), out())


@net(ROW)
def softmax_at_the_end():
    return nn.Sequential(dense(), nn.ReLU(), out(), nn.Softmax(1))


@net(ROW)
def sigmoid_at_the_end():
    return nn.Sequential(dense(), nn.Tanh(), out(), nn.Sigmoid())


@net(PICTURE)
def stochastic_depth():
    from torchvision.ops import StochasticDepth

    return nn.Sequential(conv(), nn.GELU(), StochasticDepth(0.5, "row"), nn.Dropout(), head(8))


@net(ROW)
def scripted():
    return torch.jit.trace(nn.Sequential(dense(), nn.ReLU(), out(), nn.Tanh()), torch.zeros(2, 7))


class Subclassed(nn.Linear):
    """A layer that does more than its parent."""

    def forward(self, x):
        return super().forward(x).relu() * 0.5


ZOO["subclassed"] = (lambda: nn.Sequential(Subclassed(7, 8), Subclassed(8, 8), out()), ROW)


@net(ROW)
def one_output():
    return nn.Sequential(dense(), nn.SELU(), nn.Linear(8, 1), nn.Flatten(0))
