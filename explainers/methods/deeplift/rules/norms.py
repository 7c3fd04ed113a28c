"""Normalisation by statistics of the input itself, and by fixed ones; spreads and vector norms.

y = d/σ with d = x − mean and σ² = mean(d²) + ε. From d = yσ follows, at the middle,
Δy = (Δd − ȳΔσ)/σ̄, and Δσ = mean(d̄Δd)/σ̄. Exact, so complete. The product form d·(1/σ) would be
exact too, but with a flat reference (a black picture) 1/σ⁰ = 1/√ε enters: mean relative distance
to exact Shapley values 50–70 there, against 0.4–0.5 for this one, and 0.15–0.33 against 0.15–0.30
between random points (`tests/deeplift/test_shapley.py`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from explainers.methods.deeplift.rulebook import (
    RULES,
    blended,
    both,
    composed,
    local,
    rule,
    values_in,
)
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten


def normalised(x: Value, dims: tuple[int, ...], eps: float, centred: bool = True):
    """(now, before, back) of x brought to mean 0 (if centred) and spread 1 along the dims."""

    def off(t: Tensor) -> Tensor:
        return t - t.mean(dims, keepdim=True) if centred else t

    d1, d0 = off(x.now), off(x.before)
    s1, s0 = ((d.square().mean(dims, keepdim=True) + eps).sqrt() for d in (d1, d0))
    now, before = d1 / s1, d0 / s0
    spread, way = (s1 + s0) / 2, (d1 + d0) / 2

    def back(m: Tensor) -> Tensor:
        m = m / spread
        for_spread = -(m * (now + before) / 2).mean(dims, keepdim=True)
        return off(m + for_spread * way / spread)

    return now, before, back


def _shaped(weight: Tensor | None, like: Tensor) -> Tensor | None:
    """A weight a channel, to be multiplied with (N, channels, …)."""
    return None if weight is None else weight.reshape(1, -1, *[1] * (like.ndim - 2))


def _scaled(now, before, back, weight, bias):
    """Then times weight, plus bias."""
    if weight is None:
        return now, before, lambda m: (back(m),)
    shift = 0 if bias is None else bias
    return now * weight + shift, before * weight + shift, lambda m: (back(m * weight),)


def _first(operation):
    """The rule of an operation that returns statistics after its result."""
    found = RULES[operation]

    def run(tape, function, args, kwargs):
        made = found(tape, function, args, kwargs)
        nothing = made.now.new_empty(0)
        return made, nothing, nothing

    RULES[operation] = run


@local(aten.native_layer_norm.default)
def layer_norm(x, shape, weight, bias, eps):
    """Over the last dimensions."""
    dims = tuple(range(-len(shape), 0))
    return _scaled(*normalised(x, dims, eps), weight, bias)


@local(aten._fused_rms_norm.default)
def rms_norm(x, shape, weight, eps):
    """Over the last dimensions, not centred."""
    eps = torch.finfo(x.now.dtype).eps if eps is None else eps
    dims = tuple(range(-len(shape), 0))
    return _scaled(*normalised(x, dims, eps, centred=False), weight, None)


@local(aten.native_group_norm.default)
def group_norm(x, weight, bias, n, channels, size, groups, eps):
    """Over the channels of a group and all places."""
    shape = x.now.shape
    grouped = Value(*(t.reshape(n, groups, -1) for t in (x.now, x.before)))
    now, before, back = normalised(grouped, (2,), eps)

    def whole(m):
        return back(m.reshape(n, groups, -1)).reshape(shape)

    weight, bias = _shaped(weight, x.now), _shaped(bias, x.now)
    return _scaled(now.reshape(shape), before.reshape(shape), whole, weight, bias)


@local(aten.native_batch_norm.default)
def _own_statistics(x, weight, bias, *rest):
    """Over the batch and all places, as instance norm asks for after folding the batch away."""
    dims = (0, *range(2, x.now.ndim))
    found = normalised(x, dims, rest[-1])
    return _scaled(*found, _shaped(weight, x.now), _shaped(bias, x.now))


for _operation in (
    aten.native_layer_norm.default,
    aten.native_group_norm.default,
    aten.native_batch_norm.default,
):
    _first(_operation)
_live = RULES[aten.native_batch_norm.default]


@rule(
    aten.native_batch_norm.default,
    aten._native_batch_norm_legit_no_training.default,
    aten.cudnn_batch_norm.default,
    aten.miopen_batch_norm.default,
    aten._native_batch_norm_legit.default,
    aten._native_batch_norm_legit.no_stats,
)
def batch_norm(tape, function, args, kwargs):
    """With stored statistics: x times a fixed scale, whose negative sign swaps the parts."""
    x, weight, bias, mean, variance, training, _, eps = _statistics(function, args)
    if values_in((weight, bias, mean, variance)) or not isinstance(x, Value):
        raise NotImplementedError
    if training:
        return _live(tape, function, (x, weight, bias, eps), {})
    scale = _shaped((variance + eps).rsqrt() * (1 if weight is None else weight), x.now)
    now, before = both(function, args, kwargs)
    return (blended(tape, now[0], before[0], ((x, scale),)), *now[1:])


def _statistics(function, args):
    if function is aten._native_batch_norm_legit_no_training.default:
        x, weight, bias, mean, variance, momentum, eps = args
        return x, weight, bias, mean, variance, False, momentum, eps
    if function is aten._native_batch_norm_legit.no_stats:
        x, weight, bias, training, momentum, eps = args
        return x, weight, bias, None, None, True, momentum, eps
    return args


@composed(aten.var.correction)
def variance(x, dim=None, *, correction=1, keepdim=False):
    """mean((x − mean)²), corrected for the sample's size."""
    dim = list(range(x.ndim)) if dim is None else dim
    dim = [dim] if isinstance(dim, int) else dim
    count = math.prod(x.shape[d] for d in dim) - (1 if correction is None else correction)
    return (x - x.mean(dim, keepdim=True)).square().sum(dim, keepdim=keepdim) / max(count, 0)


@composed(aten.std.correction)
def deviation(x, dim=None, *, correction=1, keepdim=False):
    """√variance."""
    return variance(x, dim, correction=correction, keepdim=keepdim).sqrt()


@composed(aten.var_mean.correction)
def variance_and_mean(x, dim=None, *, correction=1, keepdim=False):
    """Both."""
    found = variance(x, dim, correction=correction, keepdim=keepdim)
    return found, x.mean(list(range(x.ndim)) if dim is None else dim, keepdim=keepdim)


@composed(aten.linalg_vector_norm.default)
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(Σ|x|^ord)^(1/ord); ∞ is the largest magnitude."""
    dim = list(range(x.ndim)) if dim is None else dim
    if ord == 2:
        return x.square().sum(dim, keepdim=keepdim).sqrt()
    if ord == 1:
        return x.abs().sum(dim, keepdim=keepdim)
    if math.isinf(ord):
        return (x.abs().amax if ord > 0 else x.abs().amin)(dim, keepdim)
    return x.abs().pow(ord).sum(dim, keepdim=keepdim).pow(1 / ord)


@composed(aten.norm.ScalarOpt_dim)
def norm(x, p, dim, keepdim=False):
    """As vector_norm."""
    return vector_norm(x, 2 if p is None else p, dim, keepdim)


@composed(aten.norm.Scalar)
def norm_of_all(x, p=2):
    """As vector_norm, of all."""
    return vector_norm(x, p)
