"""Elementwise functions of one value: every activation, each by its secant (f(a + d) − f(a)) / d.

`nonlinearity` makes Rescale and RevealCancel of it (sections 3.5.2 and 3.5.3 of arXiv:1704.02685)
and is complete for any secant: secant·d = f(a + d) − f(a). Here `a` is where the step starts, `d`
its width, and the result has their shape (…). `torch.nn` writes the others (softsign, tanhshrink,
…) with these.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.methods.deeplift import secants
from explainers.methods.deeplift.rule_kinds.secant import nonlinearity
from explainers.methods.deeplift.rule_registry import Number, decomposition
from explainers.methods.deeplift.secants import ratio, smooth, step_up

aten = torch.ops.aten

# Piecewise linear: put together from relu's secant, so that no digits are lost


@nonlinearity(aten.relu.default)
def relu(a: Tensor, d: Tensor) -> Tensor:
    """max(0, x): the share of the step above zero.

    Examples
    --------
    >>> relu(torch.tensor([-1.0, 2.0]), torch.tensor([4.0, 0.0]))
    tensor([0.7500, 1.0000])
    """
    return step_up(a, d)


@nonlinearity(aten.leaky_relu.default)
def leaky_relu(a: Tensor, d: Tensor, slope: Tensor | float = 0.01) -> Tensor:
    """slope·x + (1 − slope)·relu(x)."""
    return slope + (1 - slope) * step_up(a, d)


@nonlinearity(aten.rrelu_with_noise.default, aten.rrelu_with_noise_functional.default)
def rrelu(
    a: Tensor,
    d: Tensor,
    noise: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """In evaluation mode a leaky relu with the mean slope."""
    return leaky_relu(a, d, (lower + upper) / 2)


@nonlinearity(aten._prelu_kernel.default)
def prelu(a: Tensor, d: Tensor, slope: Tensor) -> Tensor:
    """A leaky relu with a slope a channel, which broadcasts to x."""
    return leaky_relu(a, d, slope)


@nonlinearity(aten.hardtanh.default)
def hardtanh(a: Tensor, d: Tensor, low: float = -1.0, high: float = 1.0) -> Tensor:
    """relu(x − low) − relu(x − high) + low."""
    return step_up(a - low, d) - step_up(a - high, d)


@nonlinearity(aten.clamp.default)
def clamp(a: Tensor, d: Tensor, low: Number | None = None, high: Number | None = None) -> Tensor:
    """As hardtanh, on one side or both; the upper bound wins where they cross."""
    if low is not None and high is not None and low >= high:
        return torch.zeros_like(a)
    if high is None:
        return torch.ones_like(a) if low is None else step_up(a - low, d)
    return (1 if low is None else step_up(a - low, d)) - step_up(a - high, d)


@nonlinearity(aten.clamp_min.default)
def clamp_min(a: Tensor, d: Tensor, low: Number) -> Tensor:
    """relu(x − low) + low."""
    return step_up(a - low, d)


@nonlinearity(aten.clamp_max.default)
def clamp_max(a: Tensor, d: Tensor, high: Number) -> Tensor:
    """x − relu(x − high)."""
    return 1 - step_up(a - high, d)


@nonlinearity(aten.hardsigmoid.default)
def hardsigmoid(a: Tensor, d: Tensor) -> Tensor:
    """hardtanh(x, −3, 3)/6 + ½."""
    return hardtanh(a, d, -3.0, 3.0) / 6


@nonlinearity(aten.hardswish.default)
def hardswish(a: Tensor, d: Tensor) -> Tensor:
    """x·h with h = hardsigmoid(x), as a product: h̄ + x̄ · (the secant of h)."""
    middle = (F.hardsigmoid(a) + F.hardsigmoid(a + d)) / 2
    return middle + (a + d / 2) * hardsigmoid(a, d)


@nonlinearity(aten.softshrink.default)
def softshrink(a: Tensor, d: Tensor, width: float = 0.5) -> Tensor:
    """x − hardtanh(x, −width, width)."""
    return 1 - hardtanh(a, d, -width, width)


@nonlinearity(aten.abs.default)
def absolute(a: Tensor, d: Tensor) -> Tensor:
    """(|b| − |a|)/(b − a) = (a + b)/(|a| + |b|) with b = a + d; 0 at zero."""
    b = a + d
    return ratio(a + b, a.abs() + b.abs())


# Smooth


def _sigmoid_slope(x: Tensor) -> Tensor:
    y = x.sigmoid()
    return y * (1 - y)


def _softplus_slope(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    return torch.where(x * beta > threshold, 1.0, (x * beta).sigmoid()).to(x.dtype)


def _mish_slope(x: Tensor) -> Tensor:
    y = F.softplus(x).tanh()
    return y + x * x.sigmoid() * (1 - y * y)


def _erf_slope(x: Tensor) -> Tensor:
    return 2 / math.sqrt(math.pi) * (-x * x).exp()


def _sinc_slope(x: Tensor) -> Tensor:
    near = x.abs() < 1e-3
    wide = torch.where(near, 1, x)
    return torch.where(near, -(math.pi**2) / 3 * x, ((math.pi * x).cos() - wide.sinc()) / wide)


def _gelu(x: Tensor, approximate: str = "none") -> Tensor:
    return F.gelu(x, approximate=approximate)


def _gelu_slope(x: Tensor, approximate: str = "none") -> Tensor:
    if approximate == "none":
        normal = (-x * x / 2).exp() / math.sqrt(2 * math.pi)
        return (1 + torch.erf(x / math.sqrt(2))) / 2 + x * normal
    scale = math.sqrt(2 / math.pi)
    y = (scale * (x + 0.044715 * x**3)).tanh()
    return (1 + y) / 2 + x / 2 * (1 - y * y) * scale * (1 + 3 * 0.044715 * x * x)


nonlinearity(aten.sigmoid.default)(smooth(torch.sigmoid, _sigmoid_slope))
nonlinearity(aten.tanh.default)(smooth(torch.tanh, lambda x: 1 - x.tanh() ** 2))
nonlinearity(aten.silu.default)(smooth(F.silu, lambda x: x.sigmoid() + x * _sigmoid_slope(x)))
nonlinearity(aten.mish.default)(smooth(F.mish, _mish_slope))
nonlinearity(aten.softplus.default)(smooth(F.softplus, _softplus_slope))
nonlinearity(aten.gelu.default)(smooth(_gelu, _gelu_slope))
nonlinearity(aten.sin.default)(smooth(torch.sin, torch.cos))
nonlinearity(aten.cos.default)(smooth(torch.cos, lambda x: -x.sin()))
nonlinearity(aten.sinh.default)(smooth(torch.sinh, torch.cosh))
nonlinearity(aten.cosh.default)(smooth(torch.cosh, torch.sinh))
nonlinearity(aten.atan.default)(smooth(torch.atan, lambda x: 1 / (1 + x * x)))
nonlinearity(aten.asinh.default)(smooth(torch.asinh, lambda x: (1 + x * x).rsqrt()))
nonlinearity(aten.erf.default)(smooth(torch.erf, lambda x: 2 / math.sqrt(math.pi) * (-x * x).exp()))
nonlinearity(aten.erfc.default)(
    smooth(torch.erfc, lambda x: -2 / math.sqrt(math.pi) * (-x * x).exp())
)


@nonlinearity(aten.elu.default)
def elu(
    a: Tensor, d: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0
) -> Tensor:
    """scale·relu(x) + scale·alpha·(e^min(x·input_scale, 0) − 1)."""
    up = step_up(a, d)
    below = a.clamp(max=0) * input_scale
    return scale * up + scale * alpha * input_scale * (1 - up) * secants.exp(
        below, (1 - up) * d * input_scale
    )


@nonlinearity(aten.square.default)
def square(a: Tensor, d: Tensor) -> Tensor:
    """b² − a² = (a + b)(b − a) with b = a + d."""
    return 2 * a + d


# Not on the whole line, or quickly out of range: Rescale's multiplier for both parts

nonlinearity(aten.exp.default, whole_line=False)(secants.exp)
nonlinearity(aten.expm1.default, whole_line=False)(secants.exp)
nonlinearity(aten.exp2.default, whole_line=False)(
    lambda a, d: math.log(2) * secants.exp(a * math.log(2), d * math.log(2))
)
nonlinearity(aten.log.default, whole_line=False)(secants.log)
nonlinearity(aten.log1p.default, whole_line=False)(lambda a, d: secants.log(a + 1, d))
nonlinearity(aten.log2.default, whole_line=False)(lambda a, d: secants.log(a, d) / math.log(2))
nonlinearity(aten.log10.default, whole_line=False)(lambda a, d: secants.log(a, d) / math.log(10))
nonlinearity(aten.sqrt.default, whole_line=False)(secants.sqrt)
nonlinearity(aten.rsqrt.default, whole_line=False)(secants.rsqrt)
nonlinearity(aten.reciprocal.default, whole_line=False)(lambda a, d: -1 / (a * (a + d)))
nonlinearity(aten.pow.Tensor_Scalar, whole_line=False)(secants.power)


def _bounded(slope: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """0 where the slope has no bound, at the end of the domain: there nothing moved."""

    def kept(x: Tensor) -> Tensor:
        there = slope(x)
        return torch.where(torch.isinf(there), 0, there)

    return kept


_asin_slope = _bounded(lambda x: (1 - x * x).rsqrt())
nonlinearity(aten.asin.default, whole_line=False)(smooth(torch.asin, _asin_slope))
nonlinearity(aten.acos.default, whole_line=False)(smooth(torch.acos, lambda x: -_asin_slope(x)))
nonlinearity(aten.acosh.default, whole_line=False)(
    smooth(torch.acosh, _bounded(lambda x: (x * x - 1).rsqrt()))
)
nonlinearity(aten.atanh.default, whole_line=False)(
    smooth(torch.atanh, _bounded(lambda x: 1 / (1 - x * x)))
)
nonlinearity(aten.sinc.default)(smooth(torch.sinc, _sinc_slope))


@nonlinearity(aten.nan_to_num.default, whole_line=False)
def nan_to_num(a: Tensor, d: Tensor, *replaced: float | None, **named: float | None) -> Tensor:
    """1 where both ends are finite; from an end that is not, nothing can be shared out."""
    return torch.where(torch.isfinite(a) & torch.isfinite(a + d), 1.0, 0.0).to(d.dtype)


@decomposition(aten.logit.default)
def logit(x: Tensor, eps: float | None = None) -> Tensor:
    """log x − log(1 − x)."""
    x = x if eps is None else x.clamp(eps, 1 - eps)
    return x.log() - (-x).log1p()


@decomposition(aten.deg2rad.default)
def deg2rad(x: Tensor) -> Tensor:
    """π/180 times."""
    return x * (math.pi / 180)


@decomposition(aten.rad2deg.default)
def rad2deg(x: Tensor) -> Tensor:
    """180/π times."""
    return x * (180 / math.pi)


@decomposition(aten._prelu_kernel.default)
def prelu_with_varying_slope(x: Tensor, slope: Tensor) -> Tensor:
    """relu(x) − slope·relu(−x), where the slope too depends on the input."""
    return x.relu() - slope * (-x).relu()


@decomposition(aten.log_sigmoid_forward.default)
def log_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    """−softplus(−x), and an empty buffer as the operation returns."""
    return -F.softplus(-x), torch.empty(0, dtype=x.dtype, device=x.device)


@decomposition(aten.tan.default)
def tan(x: Tensor) -> Tensor:
    """sin / cos."""
    return x.sin() / x.cos()


@decomposition(aten.celu.default)
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """An elu of another slope below zero."""
    return aten.elu(x, alpha, 1.0, 1.0 / alpha)
