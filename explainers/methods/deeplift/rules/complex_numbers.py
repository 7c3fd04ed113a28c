"""Complex numbers, as two real ones: spectra, filters, phases.

A multiplier m of z stands for those of its real and imaginary part, and contributes
Re(conj(m) Δz), as PyTorch writes derivatives (`tape.worth`). What is linear or a product has the
rule of its kind, a Fourier transform among them: filters that are fixed are exact, and two spectra
that both depend on the input are multiplied at the mid-point. Others are written with real
functions of |z|, the phase, and the parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.closed import ClosedForm, closed_form
from explainers.methods.deeplift.rule_kinds.linear import linear_map, multilinear
from explainers.methods.deeplift.rule_registry import (
    COMPLEX_DECOMPOSITIONS,
    COMPLEX_RULES,
    RULES,
    Arguments,
    Keywords,
    Number,
    Operation,
    decomposition,
    rule,
)
from explainers.methods.deeplift.rules import linear as rearranging
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Tape, Value

aten = torch.ops.aten

# From real to complex numbers
rule(aten._fft_r2c.default, aten.complex.default)(multilinear)


@rule(aten.view_as_complex.default)
def view_as_complex(tape: Tape, _: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Linear; the reference may lie in memory in another order."""
    return multilinear(tape, lambda x: torch.view_as_complex(x.contiguous()), args, {})


def view_as_real(tape: Tape, _: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Linear, of what may be marked as conjugate."""
    return multilinear(tape, lambda z: torch.view_as_real(z.resolve_conj()), args, {})


def conjugate(tape: Tape, _: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Linear; computed at once, while PyTorch only marks the tensor."""
    return multilinear(tape, lambda z: z.conj().resolve_conj(), args, {})


@rule(aten._neg_view.default)
def negative(tape: Tape, _: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """Linear; computed at once, while PyTorch only marks the tensor."""
    return multilinear(tape, lambda x: -x, args, {})


# The same numbers elsewhere, sums and averages: as for real numbers
_ALIKE = (
    linear_map,
    rearranging.view,
    rearranging.as_strided,
    rearranging.selection,
    rearranging.pad,
    rearranging.same,
    negative,
)
COMPLEX_RULES.update({operation: r for operation, r in RULES.items() if r in _ALIKE})
COMPLEX_RULES.update(
    dict.fromkeys(
        (
            aten._fft_r2c.default,
            aten._fft_c2r.default,
            aten._fft_c2c.default,
            aten.complex.default,
            aten.neg.default,
            aten.add.Tensor,
            aten.add.Scalar,
            aten.sub.Tensor,
            aten.sub.Scalar,
            aten.rsub.Tensor,
            aten.rsub.Scalar,
            aten.mul.Tensor,
            aten.mul.Scalar,
            aten.mm.default,
            aten.bmm.default,
            aten.addmm.default,
            aten.convolution.default,
            aten._to_copy.default,
            aten.cumsum.default,
        ),
        multilinear,
    )
)
COMPLEX_RULES[aten.view_as_real.default] = view_as_real
for _operation in (aten._conj, aten._conj_physical, aten.conj_physical):
    COMPLEX_RULES[_operation.default] = conjugate


# In closed form


@closed_form(aten.abs.default, registry=COMPLEX_RULES)
def magnitude(z: Value) -> ClosedForm:
    """Δ|z| = Re(conj(z + z⁰) Δz)/(|z| + |z⁰|), from |z|² − |z⁰|²; nothing at zero."""
    sizes = z.actual.abs(), z.reference.abs()
    steepness = ratio(z.actual + z.reference, sizes[0] + sizes[1])
    return *sizes, lambda m: (m * steepness,)


@closed_form(aten.reciprocal.default, registry=COMPLEX_RULES)
def reciprocal(z: Value) -> ClosedForm:
    """Δ(1/z) = −Δz/(z z⁰)."""
    steepness = -1 / (z.actual * z.reference)
    return 1 / z.actual, 1 / z.reference, lambda m: (m * steepness.conj(),)


@closed_form(aten.sqrt.default, registry=COMPLEX_RULES)
def square_root(z: Value) -> ClosedForm:
    """Δ√z = Δz/(√z + √z⁰)."""
    roots = z.actual.sqrt(), z.reference.sqrt()
    steepness = ratio(torch.ones_like(roots[0]), roots[0] + roots[1])
    return *roots, lambda m: (m * steepness.conj(),)


# By real functions

_Function = TypeVar("_Function", bound=Operation)


def _written(*operations: Operation) -> Callable[[_Function], _Function]:
    """Register what the operations do on complex numbers, in terms of others."""

    def register(function: _Function) -> _Function:
        COMPLEX_DECOMPOSITIONS.update(dict.fromkeys(operations, function))
        return function

    return register


@decomposition(aten.polar.default)
def polar(size: Tensor, phase: Tensor) -> Tensor:
    """size·e^(i·phase)."""
    return torch.complex(size * phase.cos(), size * phase.sin())


@_written(aten.angle.default)
def phase(z: Tensor) -> Tensor:
    """The angle of a complex number."""
    return torch.atan2(z.imag, z.real)


@decomposition(aten.angle.default)
def phase_of_real(x: Tensor) -> Tensor:
    """0, or π below zero."""
    return (x < 0).to(x.dtype) * torch.pi


@_written(aten.sgn.default)
def unit(z: Tensor) -> Tensor:
    """z/|z|, and 0 at zero."""
    size = z.abs()
    return z / torch.where(size == 0, 1.0, size)


@_written(aten.exp.default)
def exponential(z: Tensor) -> Tensor:
    """e^re·e^(i·im)."""
    return torch.polar(z.real.exp(), z.imag)


@_written(aten.log.default)
def logarithm(z: Tensor) -> Tensor:
    """log|z| + i·phase."""
    return torch.complex(z.abs().log(), z.angle())


@_written(aten.div.Tensor, aten.div.Scalar)
def quotient(a: Tensor | Number | complex, b: Tensor | Number | complex) -> Tensor:
    """a·(1/b); where b is real, both parts of a over b."""
    if isinstance(b, Tensor) and b.is_complex():
        return b.reciprocal() * a
    if isinstance(b, Tensor) and isinstance(a, Tensor):
        return torch.complex(a.real / b, a.imag / b)
    return a * (1 / b)  # type: ignore[return-value]  # one of them is a tensor


@_written(aten.square.default)
def squared(z: Tensor) -> Tensor:
    """z·z."""
    return z * z


@_written(aten.pow.Tensor_Scalar)
def power(z: Tensor, exponent: Number | complex) -> Tensor:
    """Whole and positive, by products; else by size and phase, or e^(exponent·log z)."""
    if not isinstance(exponent, complex) and float(exponent).is_integer() and 1 <= exponent <= 8:
        product = z
        for _ in range(int(exponent) - 1):
            product = product * z
        return product
    if isinstance(exponent, complex):
        return (z.log() * exponent).exp()
    return torch.polar(z.abs() ** exponent, z.angle() * exponent)


@_written(aten.sin.default)
def sine(z: Tensor) -> Tensor:
    """sin re·cosh im + i·cos re·sinh im."""
    return torch.complex(z.real.sin() * z.imag.cosh(), z.real.cos() * z.imag.sinh())


@_written(aten.cos.default)
def cosine(z: Tensor) -> Tensor:
    """cos re·cosh im − i·sin re·sinh im."""
    return torch.complex(z.real.cos() * z.imag.cosh(), -z.real.sin() * z.imag.sinh())


@_written(aten.tanh.default)
def hyperbolic_tangent(z: Tensor) -> Tensor:
    """(sinh 2re + i·sin 2im)/(cosh 2re + cos 2im)."""
    re, im = 2 * z.real, 2 * z.imag
    below = re.cosh() + im.cos()
    return torch.complex(re.sinh() / below, im.sin() / below)


@_written(aten.sigmoid.default)
def sigmoid(z: Tensor) -> Tensor:
    """(1 + tanh(z/2))/2."""
    return (torch.tanh(z / 2) + 1) / 2


@_written(aten.where.self)
def where(chosen: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Of both parts."""
    (re, im), (other_re, other_im) = _parts(a), _parts(b)
    return torch.complex(torch.where(chosen, re, other_re), torch.where(chosen, im, other_im))


def _parts(z: Tensor) -> tuple[Tensor, Tensor]:
    return (z.real, z.imag) if z.is_complex() else (z, torch.zeros_like(z))


@_written(aten.linalg_vector_norm.default)
def vector_norm(z: Tensor, *args: object, **kwargs: object) -> Tensor:
    """Of the magnitudes."""
    return aten.linalg_vector_norm(z.abs(), *args, **kwargs)


@_written(aten.var.correction)
def variance(z: Tensor, *args: object, **kwargs: object) -> Tensor:
    """Of both parts together."""
    return aten.var.correction(z.real, *args, **kwargs) + aten.var.correction(
        z.imag, *args, **kwargs
    )


@_written(aten.std.correction)
def deviation(z: Tensor, *args: object, **kwargs: object) -> Tensor:
    """√variance."""
    return variance(z, *args, **kwargs).sqrt()


@_written(aten.vdot.default)
def conjugate_dot(a: Tensor, b: Tensor) -> Tensor:
    """Σ conj(a_i) b_i."""
    return (a.conj() * b).sum()
