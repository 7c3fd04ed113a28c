"""Normalisations: of batches with stored statistics, of layers, groups, instances, and norms."""

from __future__ import annotations

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    Ints,
    NotCovered,
    Surroundings,
    operation,
)


@operation("BatchNormalization")
def batch_normalization(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
    is_test: int = 1,
    consumed_inputs: Ints = (),
) -> Tensor:
    """scale · (x − mean) / √(variance + epsilon) + bias, channel by channel, as stored.

    Also in training mode, in which a row's answer would depend on the others: `training` says so.
    """
    if not spatial:
        raise NotCovered("spatial=0; export the model after model.eval()")
    return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)


@operation("LayerNormalization")
def layer_normalization(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
    surroundings: Surroundings,
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """scale · (x − mean) / √(variance + epsilon) + bias over the axes from `axis` on."""
    shape = x.shape[axis:] if axis < 0 else x.shape[axis - x.ndim :]
    if surroundings.outputs == 1:
        fits = scale.shape == shape and (bias is None or bias.shape == shape)
        if fits:
            return F.layer_norm(x, shape, scale, bias, epsilon)
        made = F.layer_norm(x, shape, None, None, epsilon) * scale
        return made if bias is None else made + bias
    axes = tuple(range(-len(shape), 0))
    mean = x.mean(axes, keepdim=True)
    rate = ((x - mean) ** 2).mean(axes, keepdim=True).add(epsilon).rsqrt()
    made = (x - mean) * rate * scale
    return made if bias is None else made + bias, mean, rate


@operation("GroupNormalization", since=18)
def group_normalization(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:
    """scale · (x − mean) / √(variance + epsilon) + bias over groups of channels."""
    if len(scale) != x.shape[1]:  # before operator set 21: one scale a group
        repeats = x.shape[1] // num_groups
        scale, bias = scale.repeat_interleave(repeats), bias.repeat_interleave(repeats)
    return F.group_norm(x, num_groups, scale, bias, epsilon)


@operation("InstanceNormalization")
def instance_normalization(
    x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5, consumed_inputs: Ints = ()
) -> Tensor:
    """scale · (x − mean) / √(variance + epsilon) + bias over each channel of each input."""
    return F.group_norm(x, x.shape[1], scale, bias, epsilon)


@operation("RMSNormalization")
def rms_normalization(
    x: Tensor, scale: Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    """scale · x / √(mean x² + epsilon) over the axes from `axis` on."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    return x * (x * x).mean(axes, keepdim=True).add(epsilon).rsqrt() * scale


@operation("LpNormalization")
def lp_normalization(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    """x / ‖x‖ along the axis, zero where that is zero."""
    norm = x.abs().sum(axis, keepdim=True) if p == 1 else (x * x).sum(axis, keepdim=True).sqrt()
    return x / torch.where(norm == 0, 1.0, norm)


@operation("LRN")
def local_response(
    x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Tensor:
    """x / (bias + alpha / size · Σ x² over neighbouring channels)^beta."""
    before = (size - 1) // 2
    square = F.pad((x * x).flatten(2), (0, 0, before, size - 1 - before))
    near = reduce(torch.add, (square[:, i : i + x.shape[1]] for i in range(size)))
    return x / (bias + alpha / size * near.reshape(x.shape)) ** beta
