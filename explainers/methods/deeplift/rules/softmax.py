"""Softmax, log-softmax and logsumexp in closed form.

With h(t) = sinh(t)/t and ℓ = log softmax, the logarithmic mean of two exponentials gives
Δ logsumexp = Σ w_j Δx_j, w_j = √(p_j p_j⁰) h(Δx_j/2) / h(Δ'/2), where p = softmax and Δ' is
Δ logsumexp; then Δℓ_i = Δx_i − Σ_j w_j Δx_j and Δp_i = √(p_i p_i⁰) h(Δℓ_i/2) Δℓ_i. Exact, so
complete; all of it in logarithms, so that no exponential overflows.

Mean relative distance to exact Shapley values on random 2- to 4-way softmax of standard deviation
0.5, 1, 3: this rule 0.02, 0.06, 0.33; exp, sum and product by product 0.06, 0.14, 2.5; the
integral 0.02, 0.04, 0.23 (`tests/deeplift/operations/test_shapley.py`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.closed import ClosedForm, closed_form
from explainers.methods.deeplift.rule_registry import decomposition
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
    """A softmax along one dimension at input and reference, with its secants; p is (…), as x."""

    def __init__(self, x: Value, dim: int | list[int]) -> None:
        self.dim = dim
        sums = [torch.logsumexp(t, dim, keepdim=True) for t in (x.actual, x.reference)]
        closed = [~torch.isfinite(s) for s in sums]
        self.sums = [torch.where(c, 0, s) for c, s in zip(closed, sums, strict=True)]
        self.logs = [t - s for t, s in zip((x.actual, x.reference), self.sums, strict=True)]
        delta = x.actual - x.reference
        self.delta = torch.where(torch.isnan(delta), 0, delta)
        self.rise = self.sums[0] - self.sums[1]

    def weights(self) -> Tensor:
        """w_j = √(p_j p_j⁰) h(Δx_j/2) / h(Δ'/2)."""
        mean = (self.logs[0] + self.logs[1]) / 2
        return (mean + _log_h(self.delta / 2) - _log_h(self.rise / 2)).exp()

    def steepness(self) -> Tensor:
        """The secant of exp from ℓ⁰ to ℓ."""
        mean = (self.logs[0] + self.logs[1]) / 2
        return (mean + _log_h((self.delta - self.rise) / 2)).exp()

    def backward(self, m: Tensor) -> Tensor:
        """From multipliers of log softmax to those of x."""
        return m - self.weights() * m.sum(self.dim, keepdim=True)


@closed_form(aten._softmax.default, aten._safe_softmax.default)
def softmax(x: Value, dim: int, *_: object, **__: object) -> ClosedForm:
    """m_x = s·m − w Σ s·m, s = Δp/Δℓ the secant of exp at each log-probability.

    Complete because Δp_i = s_i Δℓ_i and Δℓ_i = Δx_i − Σ_j w_j Δx_j, both exact.
    """
    both = _Softmax(x, dim)
    actual, reference = (torch.nan_to_num(t.softmax(dim)) for t in (x.actual, x.reference))
    return actual, reference, lambda m: (both.backward(both.steepness() * m),)


@closed_form(aten._log_softmax.default)
def log_softmax(x: Value, dim: int, *_: object) -> ClosedForm:
    """m_x = m − w Σ m. Complete because Δℓ_i = Δx_i − Σ_j w_j Δx_j is exact."""
    both = _Softmax(x, dim)
    actual, reference = x.actual.log_softmax(dim), x.reference.log_softmax(dim)
    return actual, reference, lambda m: (both.backward(m),)


@closed_form(aten.logsumexp.default)
def logsumexp(x: Value, dim: int | list[int], keepdim: bool = False) -> ClosedForm:
    """m_x = w m. Complete because Δ logsumexp = Σ w_j Δx_j is exact.

    Examples
    --------
    >>> x = Value(torch.tensor([2.0, 1.0]), torch.tensor([0.0, 1.0]))
    >>> actual, reference, backward = logsumexp(x, 0)
    >>> (m,) = backward(torch.ones(1))
    >>> torch.allclose((m * x.delta).sum(), actual - reference)
    True
    """
    both = _Softmax(x, dim)
    actual, reference = (torch.logsumexp(t, dim, keepdim) for t in (x.actual, x.reference))

    def backward(m: Tensor) -> tuple[Tensor]:
        return (both.weights() * m.reshape(both.rise.shape),)

    return actual, reference, backward


@decomposition(aten.logaddexp.default)
def logaddexp(a: Tensor, b: Tensor) -> Tensor:
    """The logsumexp of two."""
    return torch.stack(torch.broadcast_tensors(a, b)).logsumexp(0)
