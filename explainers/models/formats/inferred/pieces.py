"""The single modules of a chain: each layer with its sizes, and what stands between layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explainers.models.formats.inferred import questions
from explainers.models.formats.inferred.description import Description, Layer
from explainers.models.formats.inferred.plans import padded, pooled, strided

_ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "leaky relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
}
_RECURRENT = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Swapped(nn.Module):
    """Exchanges the last two dimensions: steps × variables and channels × steps."""

    def forward(self, values: Tensor) -> Tensor:
        return values.transpose(1, 2)


class Steps(nn.Module):
    """A recurrent layer (N, T, V), and which of its steps go on: (N, H), or (N, T, H) for all."""

    def __init__(self, layer: nn.RNNBase, which: str) -> None:
        super().__init__()
        self.layer, self.which = layer, which

    def forward(self, values: Tensor) -> Tensor:
        steps, last = self.layer(values)
        if self.which == questions.LAST:
            return steps[:, -1]
        if self.which == questions.ENDS:
            states = last[0] if isinstance(last, tuple) else last
            return torch.cat((states[-2], states[-1]), 1)
        if self.which == questions.MEAN:
            return steps.mean(1)
        return steps.amax(1) if self.which == questions.MOST else steps


class EachStep(nn.Module):
    """A normalisation of features (N, H) that takes (N, T, H), each step by itself."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, values: Tensor) -> Tensor:
        return self.norm(values.flatten(0, -2)).view_as(values)


def layer_with_weights(
    layer: Layer, description: Description, answers: Mapping[str, str], index: int = 0
) -> nn.Module:
    """A linear layer, or the convolution number `index`, or a recurrent layer, untrained."""
    if layer.op == "linear":
        return nn.Linear(layer.inputs, layer.outputs, layer.affine)
    if layer.op in _RECURRENT:
        extra: dict[str, Any] = {}
        if layer.op == "rnn":
            extra = {"nonlinearity": description.answer(answers, "recurrence")}
        return _RECURRENT[layer.op](
            layer.inputs,
            layer.outputs,
            layer.depth,
            bias=layer.affine,
            batch_first=True,
            bidirectional=layer.both,
            **extra,
        )
    inputs, groups = layer.inputs, layer.groups
    if index == 0 and any(question.name == "channels" for question in description.questions):
        inputs = groups = int(description.answer(answers, "channels"))
    count = len(questions.convolutions(description.layers))
    stride = description.each(answers, "stride", count)[index]
    padding = description.each(answers, "padding", count)[index]
    convolution: type[nn.Module] = nn.Conv1d if layer.op == "conv1d" else nn.Conv2d
    return convolution(
        inputs,
        layer.outputs,
        layer.kernel,
        groups=groups,
        bias=layer.affine,
        stride=tuple(strided(stride, kernel) for kernel in layer.kernel),
        padding=tuple(padded(padding, kernel) for kernel in layer.kernel),
    )


def normalisation(
    layer: Layer, flat: bool, pictures: bool, description: Description, answers: Mapping[str, str]
) -> nn.Module:
    """A normalisation or PReLU; `flat` where it takes features, not channels of a map."""
    if layer.op == "prelu":
        return nn.PReLU(1)
    if layer.op == "layer_norm":
        return nn.LayerNorm(layer.inputs)
    if layer.op == "group_norm":
        groups = description.answer(answers, "groups")
        count = layer.inputs if groups == questions.EACH_CHANNEL else int(groups)
        return nn.GroupNorm(count, layer.inputs)
    kind = nn.BatchNorm2d if pictures and not flat else nn.BatchNorm1d
    return kind(layer.inputs, affine=layer.affine)


def activation(name: str) -> Iterator[nn.Module]:
    """The activation of this name, or nothing for "none"."""
    if name != "none":
        yield _ACTIVATIONS[name]()


def pooling(name: str, pictures: bool) -> Iterator[nn.Module]:
    """The pooling of this name, or nothing for "none"."""
    if name != "none":
        kind, size, step = pooled(name)
        if kind == "max":
            yield (nn.MaxPool2d if pictures else nn.MaxPool1d)(size, step)
        else:
            yield (nn.AvgPool2d if pictures else nn.AvgPool1d)(size, step)
