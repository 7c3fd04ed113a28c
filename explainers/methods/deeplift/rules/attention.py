"""Softmax, log-softmax and logsumexp in closed form.

With h(t) = sinh(t)/t and ℓ = log softmax, the logarithmic mean of two exponentials gives
Δ logsumexp = Σ w_j Δx_j, w_j = √(p_j p_j⁰) h(Δx_j/2) / h(Δ'/2), where p = softmax and Δ' is
Δ logsumexp; then Δℓ_i = Δx_i − Σ_j w_j Δx_j and Δp_i = √(p_i p_i⁰) h(Δℓ_i/2) Δℓ_i. Exact, so
complete; all of it in logarithms, so that no exponential overflows.

Mean relative distance to exact Shapley values on random 2- to 4-way softmax of standard deviation
0.5, 1, 3: this rule 0.02, 0.06, 0.33; exp, sum and product by product 0.06, 0.14, 2.5; the
integral 0.02, 0.04, 0.23 (`tests/deeplift/test_shapley.py`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.methods.deeplift.rulebook import composed, local
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten


def _log_h(t: Tensor) -> Tensor:
    """log(sinh(t)/t), of any size."""
    size = t.abs()
    small = size < 1e-4
    wide = torch.where(small, 1, size)
    log_sinh = size + torch.log(-torch.expm1(-2 * wide) / 2)
    return torch.where(small, size * size / 6, log_sinh - torch.log(wide))


class _Softmax:
    """The pair of a softmax along one dimension, with its secants."""

    def __init__(self, x: Value, dim) -> None:
        self.dim = dim
        self.sums = [torch.logsumexp(t, dim, keepdim=True) for t in (x.now, x.before)]
        closed = [~torch.isfinite(s) for s in self.sums]
        self.sums = [torch.where(c, 0, s) for c, s in zip(closed, self.sums, strict=True)]
        self.logs = [t - s for t, s in zip((x.now, x.before), self.sums, strict=True)]
        delta = x.now - x.before
        self.delta = torch.where(torch.isnan(delta), 0, delta)
        self.rise = self.sums[0] - self.sums[1]

    def weights(self) -> Tensor:
        """w_j."""
        mean = (self.logs[0] + self.logs[1]) / 2
        return (mean + _log_h(self.delta / 2) - _log_h(self.rise / 2)).exp()

    def steepness(self) -> Tensor:
        """The secant of exp from ℓ⁰ to ℓ."""
        mean = (self.logs[0] + self.logs[1]) / 2
        return (mean + _log_h((self.delta - self.rise) / 2)).exp()

    def back(self, m: Tensor) -> Tensor:
        """From multipliers of log softmax to those of x."""
        return m - self.weights() * m.sum(self.dim, keepdim=True)


@local(aten._softmax.default, aten._safe_softmax.default)
def softmax(x, dim, *_, **__):
    """m_x = s·m − w Σ s·m, s the secant of exp at each log-probability."""
    pair = _Softmax(x, dim)
    now, before = (torch.nan_to_num(t.softmax(dim)) for t in (x.now, x.before))
    return now, before, lambda m: (pair.back(pair.steepness() * m),)


@local(aten._log_softmax.default)
def log_softmax(x, dim, *_):
    """m_x = m − w Σ m."""
    pair = _Softmax(x, dim)
    return x.now.log_softmax(dim), x.before.log_softmax(dim), lambda m: (pair.back(m),)


@local(aten.logsumexp.default)
def logsumexp(x, dim, keepdim=False):
    """m_x = w m."""
    pair = _Softmax(x, dim)
    now, before = (torch.logsumexp(t, dim, keepdim) for t in (x.now, x.before))

    def back(m):
        return (pair.weights() * m.reshape(pair.rise.shape),)

    return now, before, back


@composed(aten.logaddexp.default)
def logaddexp(a, b):
    """logsumexp of two."""
    return torch.stack(torch.broadcast_tensors(a, b)).logsumexp(0)
