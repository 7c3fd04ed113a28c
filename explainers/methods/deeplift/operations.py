"""What kind of operation PyTorch has called: what it depends on, and what it is made of."""

from __future__ import annotations

import torch

from explainers.methods.deeplift.rule_registry import DECOMPOSITIONS, Operation
from explainers.methods.deeplift.tape import Value
from explainers.methods.deeplift.torch_private import (
    OpOverload,
    is_composite,
)

aten = torch.ops.aten

_PYTORCH_DECOMPOSITIONS = torch.export.default_decompositions()

# They read only the shape and type of what they are given.
SHAPE_ONLY = {
    aten.zeros_like.default,
    aten.ones_like.default,
    aten.empty_like.default,
    aten.full_like.default,
    aten.rand_like.default,
    aten.randn_like.default,
    aten.new_zeros.default,
    aten.new_ones.default,
    aten.new_empty.default,
    aten.new_full.default,
    aten.new_empty_strided.default,
    aten.sym_size.int,
    aten.bernoulli.p,
}

# By them the model chooses what to do next, or the shape of what comes next.
DATA_DEPENDENT = {
    aten._local_scalar_dense.default,
    aten.is_nonzero.default,
    aten.equal.default,
    aten.item.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten.allclose.default,
    aten._unique2.default,
    aten.unique_dim.default,
    aten.nonzero_static.default,
}

# Their places are given; if they depend on the input, that is a choice and not a number.
INDEXED = {
    aten.index.Tensor,
    aten.gather.default,
    aten.index_select.default,
    aten.take.default,
    aten.scatter.src,
    aten.index_put.default,
    aten.index_copy.default,
    aten.index_add.default,
    aten.scatter_add.default,
    aten.embedding.default,
    aten.masked_scatter.default,
}


def is_real(value: Value) -> bool:
    """Whether it holds real numbers, not indices or truth values."""
    return value.actual.is_floating_point()


def has_difference(value: Value) -> bool:
    """Whether it holds numbers or truth values, which rules are about, and not indices."""
    tensor = value.actual
    return tensor.is_floating_point() or tensor.dtype == torch.bool or tensor.is_complex()


def name_of(operation: Operation) -> str:
    """The operation's short name, for messages.

    Examples
    --------
    >>> name_of(torch.ops.aten.add_.Tensor)
    'add_'
    """
    if isinstance(operation, OpOverload):
        return operation.name().split("::")[-1].split(".")[0]
    return operation.__name__


def decomposition_of(operation: Operation) -> Operation | None:
    """Find the operation written with others: in our registry, or as PyTorch composes it.

    Parameters
    ----------
    operation : OpOverload or callable

    Returns
    -------
    callable or None
        A function of the same arguments; None where neither knows one.

    Examples
    --------
    >>> decomposition_of(torch.ops.aten.glu.default).__name__
    'glu'
    >>> decomposition_of(torch.ops.aten.lgamma.default) is None
    True
    """
    if operation in DECOMPOSITIONS:
        return DECOMPOSITIONS[operation]
    if not isinstance(operation, OpOverload):
        return None
    if is_composite(operation):
        return operation.decompose
    return _PYTORCH_DECOMPOSITIONS.get(operation)


def functional_form(operation: OpOverload) -> OpOverload | None:
    """Find the operation that returns what this one writes, for the same arguments.

    Parameters
    ----------
    operation : OpOverload
        One that writes on its first argument, by name with an underscore at the end.

    Returns
    -------
    OpOverload or None
        None where there is none.

    Examples
    --------
    >>> functional_form(torch.ops.aten.add_.Tensor)
    <OpOverload(op='aten.add', overload='Tensor')>
    """
    name, _, overload = operation.name().split("::")[-1].partition(".")
    packet = getattr(aten, name[:-1], None) if name.endswith("_") else None
    overload = "int" if name == "transpose_" else overload or "default"
    return getattr(packet, overload, None)
