"""Variances and vector norms, written with squares, sums and roots, which have rules."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_registry import decomposition

aten = torch.ops.aten

_Dims: TypeAlias = int | list[int] | tuple[int, ...]


@decomposition(aten.std_mean.correction)
def deviation_and_mean(x: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Both along the dims."""
    spread, mean = variance_and_mean(x, *args, **kwargs)
    return spread.sqrt(), mean


@decomposition(aten.var.correction)
def variance(
    x: Tensor, dim: _Dims | None = None, *, correction: float | None = 1, keepdim: bool = False
) -> Tensor:
    """Σ(x − mean)² / (count − correction) along the dims."""
    dim = list(range(x.ndim)) if dim is None else dim
    dim = [dim] if isinstance(dim, int) else dim
    count = math.prod(x.shape[d] for d in dim) - (1 if correction is None else correction)
    return (x - x.mean(dim, keepdim=True)).square().sum(dim, keepdim=keepdim) / max(count, 0)


@decomposition(aten.std.correction)
def deviation(
    x: Tensor, dim: _Dims | None = None, *, correction: float | None = 1, keepdim: bool = False
) -> Tensor:
    """√variance."""
    return variance(x, dim, correction=correction, keepdim=keepdim).sqrt()


@decomposition(aten.var_mean.correction)
def variance_and_mean(
    x: Tensor, dim: _Dims | None = None, *, correction: float | None = 1, keepdim: bool = False
) -> tuple[Tensor, Tensor]:
    """Both along the dims."""
    spread = variance(x, dim, correction=correction, keepdim=keepdim)
    return spread, x.mean(list(range(x.ndim)) if dim is None else dim, keepdim=keepdim)


@decomposition(aten.linalg_vector_norm.default)
def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: _Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """(Σ|x|^ord)^(1/ord) along the dims; for ∞ the largest magnitude."""
    dim = list(range(x.ndim)) if dim is None else dim
    if ord == 0:
        return (x != 0).sum(dim, keepdim=keepdim).to(x.dtype)
    if ord == 2:
        return x.square().sum(dim, keepdim=keepdim).sqrt()
    if ord == 1:
        return x.abs().sum(dim, keepdim=keepdim)
    if math.isinf(ord):
        return (x.abs().amax if ord > 0 else x.abs().amin)(dim, keepdim)
    return x.abs().pow(ord).sum(dim, keepdim=keepdim).pow(1 / ord)


@decomposition(aten.norm.ScalarOpt_dim)
def norm(x: Tensor, p: float | None, dim: _Dims, keepdim: bool = False) -> Tensor:
    """As vector_norm."""
    return vector_norm(x, 2 if p is None else p, dim, keepdim)


@decomposition(aten.norm.Scalar)
def norm_of_all(x: Tensor, p: float = 2) -> Tensor:
    """As vector_norm, of all."""
    return vector_norm(x, p)
