"""Normalisations: of batches with stored statistics, of layers, groups, instances, and norms."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from explainers.models.formats.onnx.operations.registry import NotCovered, operation


@operation("BatchNormalization")
def batch_normalization(
    x,
    scale,
    bias,
    mean,
    variance,
    *,
    epsilon=1e-5,
    momentum=0.9,
    spatial=1,
    training_mode=0,
    is_test=1,
    consumed_inputs=(),
):
    """scale · (x − mean) / √(variance + epsilon) + bias, channel by channel, as stored."""
    if training_mode or not spatial:
        raise NotCovered("training mode or spatial=0; export the model after model.eval()")
    return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)


@operation("LayerNormalization")
def layer_normalization(x, scale, bias=None, *, axis=-1, epsilon=1e-5, stash_type=1, place):
    """scale · (x − mean) / √(variance + epsilon) + bias over the axes from `axis` on."""
    shape = x.shape[axis:] if axis < 0 else x.shape[axis - x.ndim :]
    if place.outputs == 1:
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
def group_normalization(x, scale, bias, *, num_groups, epsilon=1e-5, stash_type=1):
    """scale · (x − mean) / √(variance + epsilon) + bias over groups of channels."""
    if len(scale) != x.shape[1]:  # before operator set 21: one scale a group
        repeats = x.shape[1] // num_groups
        scale, bias = scale.repeat_interleave(repeats), bias.repeat_interleave(repeats)
    return F.group_norm(x, num_groups, scale, bias, epsilon)


@operation("InstanceNormalization")
def instance_normalization(x, scale, bias, *, epsilon=1e-5, consumed_inputs=()):
    """scale · (x − mean) / √(variance + epsilon) + bias over each channel of each input."""
    return F.group_norm(x, x.shape[1], scale, bias, epsilon)


@operation("RMSNormalization")
def rms_normalization(x, scale, *, axis=-1, epsilon=1e-5, stash_type=1):
    """scale · x / √(mean x² + epsilon) over the axes from `axis` on."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    return x * (x * x).mean(axes, keepdim=True).add(epsilon).rsqrt() * scale


@operation("LpNormalization")
def lp_normalization(x, *, axis=-1, p=2):
    """x / ‖x‖ along the axis, zero where that is zero."""
    norm = x.abs().sum(axis, keepdim=True) if p == 1 else (x * x).sum(axis, keepdim=True).sqrt()
    return x / torch.where(norm == 0, 1.0, norm)


@operation("LRN")
def local_response(x, *, size, alpha=1e-4, beta=0.75, bias=1.0):
    """x / (bias + alpha / size · Σ x² over neighbouring channels)^beta."""
    before = (size - 1) // 2
    square = F.pad((x * x).flatten(2), (0, 0, before, size - 1 - before))
    near = sum(square[:, i : i + x.shape[1]] for i in range(size)).reshape(x.shape)
    return x / (bias + alpha / size * near) ** beta
