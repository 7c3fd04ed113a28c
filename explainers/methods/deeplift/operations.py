"""What kind of operation PyTorch has called: what it depends on, and what it is made of."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from explainers.dispatch.torch_private import (
    OpOverload,
    is_composite,
    tree_leaves,
)
from explainers.errors import ModelProblem
from explainers.methods.deeplift.rule_registry import (
    COMPLEX_DECOMPOSITIONS,
    COMPLEX_RULES,
    DECOMPOSITIONS,
    RULES,
    Arguments,
    Keywords,
    Operation,
    Rule,
    at_actual,
    values_in,
)
from explainers.methods.deeplift.tape import Value

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
    aten.is_same_size.default,
}

# They only raise where a computation failed, or where the model says that it must not go on.
CHECKS = {
    aten._linalg_check_errors.default,
    aten._assert_async.default,
    aten._assert_async.msg,
}

# By them the model reads a number, chooses what to do next, or the shape of what comes next.
READ = {
    aten._local_scalar_dense.default,
    aten.is_nonzero.default,
    aten.equal.default,
    aten.item.default,
    aten.allclose.default,
}
DATA_DEPENDENT = {
    aten.nonzero.default,
    aten.masked_select.default,
    aten._unique2.default,
    aten.unique_dim.default,
    aten.unique_consecutive.default,
    aten.nonzero_static.default,
}

# Operation → which argument holds places; if they depend on the input, that is a choice and not a
# number.
INDEXED: dict[Operation, int] = {
    aten.index.Tensor: 1,
    aten.gather.default: 2,
    aten.index_select.default: 2,
    aten.take.default: 1,
    aten.put.default: 1,
    aten.scatter.src: 2,
    aten.scatter.value: 2,
    aten.scatter.reduce: 2,
    aten.scatter.value_reduce: 2,
    aten.scatter_reduce.two: 2,
    aten.index_put.default: 1,
    aten.index_copy.default: 2,
    aten.index_add.default: 2,
    aten.index_fill.int_Scalar: 2,
    aten.index_fill.int_Tensor: 2,
    aten.index_reduce.default: 2,
    aten.scatter_add.default: 2,
    aten.embedding.default: 1,
    aten._embedding_bag.default: 1,
    aten._embedding_bag_forward_only.default: 1,
    aten.masked_scatter.default: 1,
    aten.max_unpool2d.default: 1,
    aten.max_unpool3d.default: 1,
}


def is_real(value: Value) -> bool:
    """Whether it holds real numbers, not whole ones or truth values."""
    return value.actual.is_floating_point()


def has_slope(value: Value) -> bool:
    """Whether PyTorch has derivatives by it."""
    return value.actual.is_floating_point() or value.actual.is_complex()


def has_difference(value: Value) -> bool:
    """Whether it holds numbers or truth values, which rules are about, and not places."""
    return not value.is_index


def has_complex(leaves: Sequence[object]) -> bool:
    """Whether a number or tensor among them is complex."""
    tensors = [leaf.actual if isinstance(leaf, Value) else leaf for leaf in leaves]
    return any(t.is_complex() if isinstance(t, Tensor) else isinstance(t, complex) for t in tensors)


def is_masked_put(operation: Operation, args: Arguments) -> bool:
    """Whether one number is written wherever a mask says so: x[mask] = 0, which moves no places."""
    if operation is not aten.index_put.default or not isinstance(args[1][0], Value):
        return False
    mask, new, adds = args[1][0], args[2], len(args) > 3 and args[3]
    one = (new.actual if isinstance(new, Value) else new).numel() == 1
    return len(args[1]) == 1 and mask.actual.dtype == torch.bool and one and not adds


def chooses_by_value(operation: Operation, args: Arguments) -> bool:
    """Whether what the model computes decides which way it goes on, or which entries it takes."""
    if operation in DATA_DEPENDENT or operation in READ:
        return True
    place = INDEXED.get(operation)
    if place is None or not values_in(args[place : place + 1]):
        return False
    return not is_masked_put(operation, args)


def rule_of(operation: Operation, in_complex: bool = False) -> Rule | None:
    """The operation's rule, for real or for complex numbers; None where there is none."""
    return (COMPLEX_RULES if in_complex else RULES).get(operation)


def decomposition_of(operation: Operation, in_complex: bool = False) -> Operation | None:
    """Find the operation written with others: in our registry, or as PyTorch composes it.

    Parameters
    ----------
    operation : OpOverload or callable
    in_complex : bool
        Whether it is called with complex numbers.

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
    if in_complex and operation in COMPLEX_DECOMPOSITIONS:
        return COMPLEX_DECOMPOSITIONS[operation]
    if operation in DECOMPOSITIONS:
        return DECOMPOSITIONS[operation]
    if not isinstance(operation, OpOverload):
        return None
    if is_composite(operation):
        return operation.decompose
    return _PYTORCH_DECOMPOSITIONS.get(operation)


def refusal(
    operation: Operation, args: Arguments, kwargs: Keywords, location: str, may_integrate: bool
) -> ModelProblem | None:
    """Say why an operation without a rule cannot be followed either.

    Parameters
    ----------
    operation : OpOverload or callable
    args, kwargs
        Its arguments, with Values.
    location : str
        Its name, and where it stands in the user's model.
    may_integrate : bool
        Whether a local integral is allowed for it.

    Returns
    -------
    ModelProblem or None
        None where a local integral serves.
    """
    values = values_in((args, kwargs))
    if not all(map(has_difference, values)):
        return ModelProblem(
            "The model computes with places that depend on its input (an index, such as argmax "
            f"gives): {location}. They jump from one to another, and DeepLIFT cannot say which "
            "value made them jump. Use another method, such as occlusion."
        )
    if isinstance(operation, OpOverload) and torch.Tag.nondeterministic_seeded in operation.tags:
        return ModelProblem(
            f"The model draws random numbers from what it computes ({location}), so that the input "
            "and its baseline cannot be compared. Use its deterministic form."
        )
    no_rule = f"DeepLIFT has no rule for an operation of this model: {location}."
    if not may_integrate:
        return ModelProblem(
            f"{no_rule} Use fallback='integral', or another method such as Integrated Gradients."
        )
    outputs = [t for t in tree_leaves(at_actual(operation, args, kwargs)) if isinstance(t, Tensor)]
    if all(map(has_slope, values)) and any(has_slope(Value(t, t)) for t in outputs):
        return None
    return ModelProblem(
        f"{no_rule} It takes or gives whole numbers or truth values, along which there is no "
        "integral. Use another method, such as occlusion."
    )


def choice_refused(location: str) -> ModelProblem:
    """The problem that what the model computes decides how it goes on."""
    return ModelProblem(
        f"What the model does depends on the values it computes ({location}): the input and its "
        "baseline could take different ways. DeepLIFT needs one way for both; use torch.where "
        "there, or another method."
    )


def write_refused(location: str) -> ModelProblem:
    """The problem that an operation writes on tensors, in a way that cannot be followed."""
    return ModelProblem(
        f"DeepLIFT cannot follow {location}: it writes on given tensors. Use the form that returns "
        "a new one."
    )
