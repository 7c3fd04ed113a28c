"""What kind of operation PyTorch has called: its name, its parts, and what rules may say of it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch._decomp import core_aten_decompositions

from explainers.methods.deeplift.rulebook import COMPOSED
from explainers.methods.deeplift.tape import Value

aten = torch.ops.aten

_DECOMPOSITIONS = core_aten_decompositions()
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
CONTROL = {
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
BY_INDEX = {
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


def is_number(value: Value) -> bool:
    """Whether it holds numbers, not indices or truth values."""
    return value.now.is_floating_point()


def differs(value: Value) -> bool:
    """Whether the value is a number or a truth value, which rules are about, not an index."""
    return value.now.is_floating_point() or value.now.dtype == torch.bool or value.now.is_complex()


def name_of(function) -> str:
    """The operation's short name."""
    return function._schema.name.split("::")[-1]


def parts_of(function) -> Callable | None:
    """The operation in terms of others: by our rulebook, by PyTorch's composition or its table."""
    if function in COMPOSED:
        return COMPOSED[function]
    if torch._C._dispatch_has_kernel_for_dispatch_key(function.name(), "CompositeImplicitAutograd"):
        return function.decompose
    return _DECOMPOSITIONS.get(function)


def functional(function) -> Callable | None:
    """The operation that returns what this one writes: add for add_, the same arguments."""
    name = function._schema.name.split("::")[1]
    packet = getattr(aten, name[:-1], None) if name.endswith("_") else None
    return getattr(packet, {"transpose_": "int"}.get(name, function._overloadname), None)
