"""Elementwise functions of one value: every activation, each by its secant (f(a + d) − f(a)) / d.

`torch.nn` writes the others (softsign, tanhshrink, …) with these.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.methods.deeplift import secants
from explainers.methods.deeplift.rulebook import composed, curve
from explainers.methods.deeplift.secants import ratio, smooth, step_up

aten = torch.ops.aten

# Piecewise linear: put together from relu's secant, so that no digits are lost


@curve(aten.relu.default)
def relu(a, d):
    """The share of the step above zero."""
    return step_up(a, d)


@curve(aten.leaky_relu.default)
def leaky_relu(a, d, slope=0.01):
    """slope + (1 − slope) relu's."""
    return slope + (1 - slope) * step_up(a, d)


@curve(aten.rrelu_with_noise.default, aten.rrelu_with_noise_functional.default)
def rrelu(a, d, noise, lower=1 / 8, upper=1 / 3, training=False, generator=None):
    """In eval mode a leaky relu with the mean slope."""
    return leaky_relu(a, d, (lower + upper) / 2)


@curve(aten._prelu_kernel.default)
def prelu(a, d, slope):
    """A leaky relu with a slope a channel."""
    return leaky_relu(a, d, slope)


@curve(aten.hardtanh.default)
def hardtanh(a, d, low=-1.0, high=1.0):
    """relu(x − low) − relu(x − high), moved."""
    return step_up(a - low, d) - step_up(a - high, d)


@curve(aten.clamp.default)
def clamp(a, d, low=None, high=None):
    """As hardtanh, on one side or both; the upper bound wins where they cross."""
    if low is not None and high is not None and low >= high:
        return torch.zeros_like(a)
    lower = 1 if low is None else step_up(a - low, d)
    return lower - (0 if high is None else step_up(a - high, d))


@curve(aten.clamp_min.default)
def clamp_min(a, d, low):
    """relu(x − low), moved."""
    return step_up(a - low, d)


@curve(aten.clamp_max.default)
def clamp_max(a, d, high):
    """x − relu(x − high)."""
    return 1 - step_up(a - high, d)


@curve(aten.hardsigmoid.default)
def hardsigmoid(a, d):
    """A sixth of hardtanh between −3 and 3."""
    return hardtanh(a, d, -3.0, 3.0) / 6


@curve(aten.hardswish.default)
def hardswish(a, d):
    """x·hardsigmoid(x), as a product at the middle."""
    middle = (F.hardsigmoid(a) + F.hardsigmoid(a + d)) / 2
    return middle + (a + d / 2) * hardsigmoid(a, d)


@curve(aten.softshrink.default)
def softshrink(a, d, width=0.5):
    """x less what hardtanh keeps."""
    return 1 - hardtanh(a, d, -width, width)


@curve(aten.abs.default)
def absolute(a, d):
    """(|b| − |a|)/(b − a) = (a + b)/(|a| + |b|); 0 at zero."""
    b = a + d
    return ratio(a + b, a.abs() + b.abs())


# Smooth


def _sigmoid_slope(x):
    y = x.sigmoid()
    return y * (1 - y)


def _softplus_slope(x, beta=1.0, threshold=20.0):
    return torch.where(x * beta > threshold, 1.0, (x * beta).sigmoid()).to(x.dtype)


def _mish_slope(x):
    y = F.softplus(x).tanh()
    return y + x * x.sigmoid() * (1 - y * y)


def _gelu(x, approximate="none"):
    return F.gelu(x, approximate=approximate)


def _gelu_slope(x, approximate="none"):
    if approximate == "none":
        normal = (-x * x / 2).exp() / math.sqrt(2 * math.pi)
        return (1 + torch.erf(x / math.sqrt(2))) / 2 + x * normal
    scale = math.sqrt(2 / math.pi)
    y = (scale * (x + 0.044715 * x**3)).tanh()
    return (1 + y) / 2 + x / 2 * (1 - y * y) * scale * (1 + 3 * 0.044715 * x * x)


curve(aten.sigmoid.default)(smooth(torch.sigmoid, _sigmoid_slope))
curve(aten.tanh.default)(smooth(torch.tanh, lambda x: 1 - x.tanh() ** 2))
curve(aten.silu.default)(smooth(F.silu, lambda x: x.sigmoid() + x * _sigmoid_slope(x)))
curve(aten.mish.default)(smooth(F.mish, _mish_slope))
curve(aten.softplus.default)(smooth(F.softplus, _softplus_slope))
curve(aten.gelu.default)(smooth(_gelu, _gelu_slope))
curve(aten.sin.default)(smooth(torch.sin, torch.cos))
curve(aten.cos.default)(smooth(torch.cos, lambda x: -x.sin()))
curve(aten.sinh.default)(smooth(torch.sinh, torch.cosh))
curve(aten.cosh.default)(smooth(torch.cosh, torch.sinh))
curve(aten.atan.default)(smooth(torch.atan, lambda x: 1 / (1 + x * x)))
curve(aten.asinh.default)(smooth(torch.asinh, lambda x: (1 + x * x).rsqrt()))
curve(aten.erf.default)(smooth(torch.erf, lambda x: 2 / math.sqrt(math.pi) * (-x * x).exp()))
curve(aten.erfc.default)(smooth(torch.erfc, lambda x: -2 / math.sqrt(math.pi) * (-x * x).exp()))


@curve(aten.elu.default)
def elu(a, d, alpha=1.0, scale=1.0, input_scale=1.0):
    """scale·relu(x) + scale·alpha·(e^min(x·input_scale, 0) − 1)."""
    up = step_up(a, d)
    below = a.clamp(max=0) * input_scale
    return scale * up + scale * alpha * input_scale * (1 - up) * secants.exp(
        below, (1 - up) * d * input_scale
    )


@curve(aten.square.default)
def square(a, d):
    """b² − a² = (a + b)(b − a)."""
    return 2 * a + d


# Not on the whole line, or quickly out of range: Rescale's multiplier for both parts

curve(aten.exp.default, whole_line=False)(secants.exp)
curve(aten.expm1.default, whole_line=False)(secants.exp)
curve(aten.exp2.default, whole_line=False)(
    lambda a, d: math.log(2) * secants.exp(a * math.log(2), d * math.log(2))
)
curve(aten.log.default, whole_line=False)(secants.log)
curve(aten.log1p.default, whole_line=False)(lambda a, d: secants.log(a + 1, d))
curve(aten.log2.default, whole_line=False)(lambda a, d: secants.log(a, d) / math.log(2))
curve(aten.log10.default, whole_line=False)(lambda a, d: secants.log(a, d) / math.log(10))
curve(aten.sqrt.default, whole_line=False)(secants.sqrt)
curve(aten.rsqrt.default, whole_line=False)(secants.rsqrt)
curve(aten.reciprocal.default, whole_line=False)(lambda a, d: -1 / (a * (a + d)))
curve(aten.pow.Tensor_Scalar, whole_line=False)(secants.power)


@composed(aten.log_sigmoid_forward.default)
def log_sigmoid(x: Tensor):
    """−softplus(−x), and an empty buffer as the operation returns."""
    return -F.softplus(-x), torch.empty(0, dtype=x.dtype, device=x.device)


@composed(aten.tan.default)
def tan(x: Tensor):
    """sin / cos."""
    return x.sin() / x.cos()


@composed(aten.celu.default)
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """An elu of another slope below zero."""
    return aten.elu(x, alpha, 1.0, 1.0 / alpha)
