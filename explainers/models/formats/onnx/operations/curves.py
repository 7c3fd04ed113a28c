"""Functions of one variable: activations, exponentials, rounding."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    Ints,
    Surroundings,
    number,
    operation,
)


def _unary(name: str, function: Callable[[Tensor], Tensor]) -> None:
    @operation(name)
    def compute(x: Tensor, *, consumed_inputs: Ints = ()) -> Tensor:
        return function(x)


_UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Exp": torch.exp,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Abs": torch.abs,
    "Neg": torch.neg,
    "Reciprocal": torch.reciprocal,
    "Erf": torch.erf,
    "Softsign": F.softsign,
    "Softplus": F.softplus,
    "Mish": F.mish,
    "HardSwish": F.hardswish,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Tan": torch.tan,
    "Asin": torch.asin,
    "Acos": torch.acos,
    "Atan": torch.atan,
    "Sinh": torch.sinh,
    "Cosh": torch.cosh,
    "Asinh": torch.asinh,
    "Acosh": torch.acosh,
    "Atanh": torch.atanh,
    "Sign": torch.sign,
    "Floor": torch.floor,
    "Ceil": torch.ceil,
    "Round": torch.round,
    "Not": torch.logical_not,
    "IsNaN": torch.isnan,
    "BitwiseNot": torch.bitwise_not,
}
for _name, _function in _UNARY.items():
    _unary(_name, _function)


@operation("LeakyRelu")
def leaky_relu(x: Tensor, *, alpha: float = 0.01, consumed_inputs: Ints = ()) -> Tensor:
    """x above zero, alpha·x below."""
    return F.leaky_relu(x, alpha)


@operation("PRelu")
def prelu(x: Tensor, slope: Tensor, *, consumed_inputs: Ints = ()) -> Tensor:
    """x above zero, slope·x below; the slope broadcasts from the right, channels being axis 1."""
    if slope.ndim == 1 and slope.numel() > 1 and slope.shape[0] != x.shape[-1]:
        slope = slope.reshape(-1, *[1] * (x.ndim - 2))  # before operator set 7
    aligned = (1,) * (x.ndim - slope.ndim) + slope.shape
    if all(side == 1 for axis, side in enumerate(aligned) if axis != 1):
        return F.prelu(x, slope.reshape(-1))
    return torch.relu(x) - slope * torch.relu(-x)


@operation("Elu")
def elu(x: Tensor, *, alpha: float = 1.0, consumed_inputs: Ints = ()) -> Tensor:
    """x above zero, alpha·(eˣ − 1) below."""
    return F.elu(x, alpha)


@operation("Selu")
def selu(
    x: Tensor,
    *,
    alpha: float = 1.6732632423543772,
    gamma: float = 1.0507009873554805,
    consumed_inputs: Ints = (),
) -> Tensor:
    """gamma·elu(x, alpha)."""
    return gamma * F.elu(x, alpha)


@operation("Celu")
def celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """max(0, x) + min(0, alpha·(e^(x/alpha) − 1))."""
    return F.celu(x, alpha)


@operation("ThresholdedRelu")
def thresholded_relu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """x above alpha, else 0."""
    return torch.where(x > alpha, x, torch.zeros_like(x))


@operation("Gelu")
def gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    """x·Φ(x), or its tanh approximation."""
    return F.gelu(x, approximate=approximate)


@operation("Swish")
def swish(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """x·sigmoid(alpha·x)."""
    return F.silu(x) if alpha == 1 else x * torch.sigmoid(alpha * x)


@operation("HardSigmoid")
def hard_sigmoid(
    x: Tensor, *, alpha: float = 0.2, beta: float = 0.5, consumed_inputs: Ints = ()
) -> Tensor:
    """alpha·x + beta, cut to 0 … 1."""
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return F.hardsigmoid(x)
    return torch.clamp(alpha * x + beta, 0.0, 1.0)


@operation("Shrink")
def shrink(x: Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> Tensor:
    """x + bias below −lambd, x − bias above lambd, else 0."""
    zero = torch.zeros_like(x)
    return torch.where(x < -lambd, x + bias, torch.where(x > lambd, x - bias, zero))


@operation("Clip")
def clip(
    x: Tensor, min: Tensor | None = None, max: Tensor | None = None, *, consumed_inputs: Ints = ()
) -> Tensor:  # noqa: A002
    """x cut to min … max."""
    low, high = (number(v) if isinstance(v, torch.Tensor) else v for v in (min, max))
    if (low is None) == (min is None) and (high is None) == (max is None):
        return x if low is None and high is None else torch.clamp(x, low, high)
    x = x if min is None else torch.maximum(x, min)
    return x if max is None else torch.minimum(x, max)


@operation("IsInf")
def is_inf(x: Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> Tensor:
    """Where x is infinite."""
    wrong = x > 0 if not detect_positive else x < 0
    infinite = torch.isinf(x)
    return infinite if detect_negative and detect_positive else infinite & ~wrong


def _softmax(name: str, function: Callable[..., Tensor]) -> None:
    @operation(name)
    def before_13(x: Tensor, *, axis: int = 1) -> Tensor:
        """Over all axes from `axis` on at once."""
        axis = axis % x.ndim
        if axis == x.ndim - 1:
            return function(x, dim=-1)
        return function(x.flatten(axis), dim=-1).reshape(x.shape)

    @operation(name, since=13)
    def from_13(x: Tensor, *, axis: int = -1) -> Tensor:
        """Over one axis."""
        return function(x, dim=axis)


_softmax("Softmax", torch.softmax)
_softmax("LogSoftmax", torch.log_softmax)


@operation("Dropout")
def dropout(
    x: Tensor,
    ratio: Tensor | None = None,
    training_mode: Tensor | None = None,
    *,
    seed: int = 0,
    is_test: int = 1,
    consumed_inputs: Ints = (),
    surroundings: Surroundings,
) -> Tensor | tuple[Tensor, Tensor]:
    """The input: nothing is dropped, also where the file would train; `training` says so."""
    if surroundings.outputs == 1:
        return x
    return x, torch.ones_like(x, dtype=torch.bool)
