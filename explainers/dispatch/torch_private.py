"""Every private name of PyTorch that following a model stands on, with what would replace it.

All were seen with torch 2.14.1 and 2.15; `tests/dispatch/test_torch_private.py` tells when one has
changed and when a public name has come. Nothing else in this room, in DeepLIFT and in perturbation
reaches below PyTorch's public names, but for the operators themselves: those whose names begin with
an underscore (`aten._softmax`, …) are what public functions call, and stand beside their rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import torch
from torch import Tensor

# One overload of one ATen operator, such as aten.add.Tensor: what a dispatch handler is given.
# For annotations, and to tell it from a function of Python. Public replacement: none; `torch.ops`
# hands out its instances, and `torch.library` has the name without listing it as its own.
from torch._ops import OpOverload

# A context in which every operation, by whatever code it is called, is handed to Python. Public
# replacement: none; "Extending PyTorch" in the manual documents it under this private path.
from torch.utils._python_dispatch import TorchDispatchMode

# Nested arguments of an operation as a flat list of leaves, and back. Public replacement:
# `torch.utils.pytree`, once it is there.
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

__all__ = [
    "OpOverload",
    "OperationMode",
    "WrapperTensor",
    "argument_types",
    "is_composite",
    "is_mutable",
    "mkldnn_enabled",
    "no_dispatch",
    "nothing_fused",
    "returns_view_of_first",
    "set_mkldnn_enabled",
    "storage_key",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_unflatten",
    "written_arguments",
]

# Within it operations run as if no dispatch handler were there: resizing a wrapper in place must
# reach its own shape, not the handler again. Public replacement: none.
no_dispatch = torch._C._DisableTorchDispatch

# Whether oneDNN's fused kernels, which would hide what they compute, are used. Reading is public
# (`torch.backends.mkldnn.enabled`). So is writing, but that raises after
# `torch.backends.disable_global_flags()`, which a model's module may call; and the public context
# manager `flags` sets three more switches. Public replacement: a context manager for this one.
mkldnn_enabled = torch._C._get_mkldnn_enabled
set_mkldnn_enabled = torch._C._set_mkldnn_enabled


@contextmanager
def nothing_fused() -> Iterator[None]:
    """Within it no fused kernel hides what it computes: those of oneDNN, of attention."""
    mkldnn, fast = mkldnn_enabled(), torch.backends.mha.get_fastpath_enabled()
    set_mkldnn_enabled(False)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        set_mkldnn_enabled(mkldnn)


class OperationMode(TorchDispatchMode):
    """While active, `run` is called instead of every operation on any tensor."""

    def __torch_dispatch__(
        self,
        operation: OpOverload,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        return self.run(operation, args, kwargs or {})

    def run(self, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the operation returns to who called it."""
        raise NotImplementedError


class WrapperTensor(Tensor):
    """A tensor without memory of its own: shape, type and device only; `run` answers for it.

    The handler of a subclass serves where no mode is active, for example inside a composition. A
    class with a handler has `__torch_function__` switched off by PyTorch: results stay as `run`
    returned them.
    """

    @classmethod
    def like(cls, tensor: Tensor) -> Self:
        """An instance with the shape, strides, type and device of the tensor."""
        return cls.shaped(tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor.device)

    @classmethod
    def shaped(
        cls,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        dtype: torch.dtype,
        device: torch.device,
    ) -> Self:
        """An instance with these.

        `_make_wrapper_subclass` is the only way to a tensor that has these and no memory. Public
        replacement: none; `Tensor.as_subclass` keeps the memory, a meta tensor has no device.
        """
        return Tensor._make_wrapper_subclass(
            cls, torch.Size(shape), strides=strides, dtype=dtype, device=device
        )

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]  # the stub takes it for a function of four
        cls,
        operation: OpOverload,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        leaves = tree_leaves((args, kwargs))
        first = next(leaf for leaf in leaves if isinstance(leaf, WrapperTensor))
        return first.run(operation, args, kwargs or {})

    def run(self, operation: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the operation returns to who called it."""
        raise NotImplementedError


# What an operation writes and what it returns views of, from its schema. Public replacement: none;
# tags say neither which argument is viewed, nor that running statistics are written.


def is_mutable(operation: OpOverload) -> bool:
    """Whether it writes on any of its arguments."""
    return operation._schema.is_mutable


def argument_types(operation: OpOverload) -> list[str]:
    """What types of arguments it takes, in order: by them its forms are told apart."""
    return [str(argument.type) for argument in operation._schema.arguments]


def written_arguments(operation: OpOverload) -> list[int]:
    """The places of the arguments that it writes on."""
    aliases = [argument.alias_info for argument in operation._schema.arguments]
    return [place for place, alias in enumerate(aliases) if alias is not None and alias.is_write]


def returns_view_of_first(operation: OpOverload) -> bool:
    """Whether what it returns shares the memory of its first argument, which it does not write."""
    arguments = operation._schema.arguments
    alias = arguments[0].alias_info if arguments else None
    return alias is not None and not alias.is_write


def is_composite(operation: OpOverload) -> bool:
    """Whether PyTorch itself defines it by other operations, for every device and for autograd.

    Then `operation.decompose` runs those. Public replacement: none; without asking first,
    `decompose` returns NotImplemented only after the fact.
    """
    return torch._C._dispatch_has_kernel_for_dispatch_key(
        operation.name(), "CompositeImplicitAutograd"
    )


def storage_key(storage: torch.UntypedStorage) -> int:
    """A number that two tensors share if and only if they share memory, while `storage` is kept.

    Public replacement: none; `data_ptr()` is 0 for every storage of no bytes.
    """
    return storage._cdata
