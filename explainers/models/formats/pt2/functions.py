"""Which function of torch's performs each operation of an exported program, without training."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.errors import ModelProblem
from explainers.models.formats.pt2.operations import ATEN, NUMBERS

Function: TypeAlias = Callable[..., Any]
"""An operation of torch's: tensors, numbers and lists of them in, tensors or numbers out."""
Results: TypeAlias = tuple[Tensor | None, ...]
_LARGEST = 1 << 62


def function_of(op: str) -> Function:
    """The function for an operation on the list; KeyError for any other."""
    if op in _REPLACED:
        return _REPLACED[op]
    if op in NUMBERS:
        return _bounded(_ARITHMETIC[op])
    if op not in ATEN:
        raise KeyError(op)
    _, name, overload = op.split(".")
    return getattr(getattr(torch.ops.aten, name), overload)


def _bounded(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        if isinstance(made, (int, float)) and not abs(made) < _LARGEST:
            raise ModelProblem("A size in the model grows beyond all bounds.")
        return made

    return run


_ARITHMETIC: dict[str, Function] = {
    **{name: getattr(operator, name.split(".")[1]) for name in NUMBERS if "_operator" in name},
    **{name: getattr(torch, name.split(".")[1]) for name in NUMBERS if name.startswith("torch.")},
    **{name: getattr(math, name.split(".")[1]) for name in NUMBERS if name.startswith("math.")},
}

# Operations for which another call is right: without training, for strides that differ, seen by
# those who look for a softmax, or because they have no derivative.


def _same(x: Tensor, *_: object, **__: object) -> Tensor:
    return x


def _normalised(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    *_: object,
) -> Tensor:
    train = mean is None or var is None
    return torch.batch_norm(x, weight, bias, mean, var, train, momentum, eps, False)


def _normalised_first(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Results:
    out = _normalised(x, weight, bias, mean, var, training, momentum, eps)
    return out, None, None, mean, var


def _not_training(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    var: Tensor | None,
    momentum: float,
    eps: float,
) -> Results:
    return _normalised_first(x, weight, bias, mean, var, False, momentum, eps)


def _recurrent(function: Function, train: int) -> Function:
    """The function with its argument number `train` false."""

    def run(*args: Any, **kwargs: Any) -> Results:
        return function(*args[:train], False, *args[train + 1 :], **kwargs)

    return run


def _instance_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    var: Tensor | None,
    by_input: bool,
    momentum: float,
    eps: float,
    *_: object,
) -> Tensor:
    if by_input:
        mean = var = None  # which would be written on
    return F.instance_norm(x, mean, var, weight, bias, by_input, momentum, eps)


def _softmax(x: Tensor, dim: int, half: bool = False) -> Tensor:
    return torch.softmax(x, dim)


def _log_softmax(x: Tensor, dim: int, half: bool = False) -> Tensor:
    return torch.log_softmax(x, dim)


def _attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **rest: Any,
) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, attn_mask, 0.0, is_causal, **rest)


def _flash(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: Tensor | None = None,
    scale: float | None = None,
) -> Results:
    return _attention(q, k, v, attn_mask, is_causal=is_causal, scale=scale), None


def _efficient(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor | None,
    sums: bool,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
) -> Results:
    return _attention(q, k, v, bias, is_causal=is_causal, scale=scale), None, None, None


_REPLACED: dict[str, Function] = {
    **dict.fromkeys(
        (
            "aten.dropout.default",
            "aten.dropout_.default",
            "aten.feature_dropout.default",
            "aten.alpha_dropout.default",
            "aten.feature_alpha_dropout.default",
        ),
        _same,
    ),
    "aten.native_dropout.default": lambda x, *_: (x, None),
    "aten.batch_norm.default": _normalised,
    "aten._native_batch_norm_legit_functional.default": _normalised_first,
    "aten._native_batch_norm_legit.default": _normalised_first,
    "aten.native_batch_norm.default": _normalised_first,
    "aten._native_batch_norm_legit.no_stats": lambda x, weight, bias, training, momentum, eps: (
        _normalised_first(x, weight, bias, None, None, training, momentum, eps)
    ),
    "aten._native_batch_norm_legit_no_training.default": _not_training,
    "aten._batch_norm_no_update.default": _not_training,
    "aten._batch_norm_with_update.default": _not_training,
    "aten._batch_norm_with_update_functional.default": (
        lambda *args: (*_not_training(*args)[:3], None, *args[3:5])
    ),
    "aten.instance_norm.default": _instance_norm,
    "aten.native_layer_norm.default": lambda x, shape, weight, bias, eps: (
        F.layer_norm(x, shape, weight, bias, eps),
        None,
        None,
    ),
    "aten.native_group_norm.default": lambda x, weight, bias, n, c, size, groups, eps: (
        F.group_norm(x, groups, weight, bias, eps),
        None,
        None,
    ),
    "aten.lstm.input": _recurrent(torch.ops.aten.lstm.input, 6),
    "aten.gru.input": _recurrent(torch.ops.aten.gru.input, 6),
    "aten.rnn_tanh.input": _recurrent(torch.ops.aten.rnn_tanh.input, 6),
    "aten.rnn_relu.input": _recurrent(torch.ops.aten.rnn_relu.input, 6),
    "aten.scaled_dot_product_attention.default": _attention,
    "aten._scaled_dot_product_flash_attention_for_cpu.default": _flash,
    "aten._scaled_dot_product_efficient_attention.default": _efficient,
    "aten._adaptive_avg_pool2d.default": torch.ops.aten.adaptive_avg_pool2d.default,
    "aten._adaptive_avg_pool3d.default": torch.ops.aten.adaptive_avg_pool3d.default,
    "aten._softmax.default": _softmax,
    "aten._log_softmax.default": _log_softmax,
    "aten.softmax.int": torch.softmax,
    "aten.log_softmax.int": torch.log_softmax,
    "aten.sigmoid.default": torch.sigmoid,
    "aten.special_expit.default": torch.special.expit,
    "aten.view.default": torch.reshape,
    "aten._unsafe_view.default": torch.reshape,
    "aten.view_copy.default": torch.reshape,
    "aten.reshape.default": torch.reshape,
    "aten.squeeze.default": torch.squeeze,
    "aten.squeeze.dim": torch.squeeze,
    "aten.unsqueeze.default": torch.unsqueeze,
    "aten.flatten.using_ints": torch.flatten,
    "aten.clone.default": torch.clone,
}
