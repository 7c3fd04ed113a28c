"""Whether a value is of the type that a dataclass or protocol declares."""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Kinds = inspect.Parameter


def declared_fields(cls: type, **names: Any) -> dict[str, Any]:
    """Field → its type; `names` are those that the module knows only while types are checked."""
    return get_type_hints(cls, localns=names)


def is_of_type(value: Any, declared: Any) -> bool:
    """Whether the value is what the annotation says, as far as it can be told without a call.

    Callables must take the declared number of arguments; those of a protocol its parameters.
    """
    origin, parts = get_origin(declared), get_args(declared)
    if declared is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(is_of_type(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is Callable:
        return callable(value) and takes(value, ["?"] * len(parts[0]))
    if origin is tuple and parts[1:] == (...,):
        return isinstance(value, tuple) and all(is_of_type(part, parts[0]) for part in value)
    if origin in (dict, Mapping):
        key, each = parts
        return isinstance(value, origin) and all(
            is_of_type(name, key) and is_of_type(part, each) for name, part in value.items()
        )
    if getattr(declared, "_is_protocol", False):
        return follows(value, declared)
    if declared in (int, float):
        return isinstance(value, declared) and not isinstance(value, bool)
    return isinstance(value, origin or declared)


def takes(function: Callable[..., Any], arguments: list[Any], **options: Any) -> bool:
    """Whether the function can be called with so many positional arguments, and those options."""
    try:
        inspect.signature(function).bind(*arguments, **options)
    except TypeError:
        return False
    return True


def follows(function: Any, protocol: type) -> bool:
    """Whether the function takes the parameters of the protocol's call, in their order.

    Parameters that are not positional only must have the protocol's names as well.
    """
    if not callable(function):
        return False
    declared = list(inspect.signature(protocol.__call__).parameters.values())[1:]
    fixed = [p for p in declared if p.kind not in (Kinds.VAR_POSITIONAL, Kinds.VAR_KEYWORD)]
    own = [p.name for p in inspect.signature(function).parameters.values()]
    named = all(
        own[place : place + 1] == [p.name]
        for place, p in enumerate(fixed)
        if p.kind is not Kinds.POSITIONAL_ONLY
    )
    more = list(inspect.signature(function).parameters.values())[len(fixed) :]
    # Where the protocol leaves options open, a member may require some by name.
    open_ended = len(fixed) < len(declared)
    required = {p.name: None for p in more if open_ended and p.default is p.empty}
    return named and takes(function, fixed, **required)
