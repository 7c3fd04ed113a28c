"""An operation's short name, the form of it that writes nowhere, and the views that it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from explainers.dispatch.torch_private import OpOverload, argument_types, is_mutable

aten = torch.ops.aten


class View(NamedTuple):
    """The operation that made a view: operation(value, *args, **kwargs), or one of its outputs."""

    operation: OpOverload
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: int | None = None


def name_of(operation: Callable[..., Any]) -> str:
    """The operation's short name, for messages.

    Examples
    --------
    >>> name_of(torch.ops.aten.add_.Tensor)
    'add_'
    """
    if isinstance(operation, OpOverload):
        return operation.name().split("::")[-1].split(".")[0]
    return operation.__name__


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
    name = name_of(operation)
    packet = getattr(aten, name[:-1], None) if name.endswith("_") else None
    if packet is None:
        return None
    types = argument_types(operation)
    overloads = (getattr(packet, overload) for overload in packet.overloads())
    return next((o for o in overloads if argument_types(o) == types and not is_mutable(o)), None)
