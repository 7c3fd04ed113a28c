"""What a callable holds: the torch modules, tensors and numbers that it reaches when it is called.

Python keeps them in closures, defaults, globals that a function names, partials, bound methods,
attributes and containers; all of these are followed.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explainers.running.draws import is_generator

Plain = bool | int | float | complex | str | None
"""What is compared by its value."""

MOST_OBJECTS, MOST_MEMBERS = 20_000, 1000
"""How many objects are followed in all, and how many members of one container."""
OWN_NAMES = frozenset(vars(nn.Module()))
"""Attributes that every module has; they are read through its methods."""
_LIBRARIES = {"torch", "torchvision", "timm", "transformers", "numpy", "explainers"}
_LIBRARIES |= {"scipy", "sklearn", "pandas", "matplotlib", "PIL", "tqdm", "IPython", "ipykernel"}
_LIBRARIES |= {"pytest", "_pytest", "pluggy"}  # what a rewritten `assert` names
_CODE = (types.FunctionType, types.MethodType, type, types.ModuleType, staticmethod, classmethod)
_LEAVES = (str, bytes, int, float, complex, type(None), np.generic, torch.dtype, torch.device)


@dataclass
class Held:
    """What a callable reaches, each once, in the order that it was found.

    Attributes
    ----------
    modules : list of nn.Module
        With all their children.
    tensors : list of Tensor
        Those that are no parameters and buffers of the modules.
    arrays : list of ndarray
    numbers : list of (str, number, str or None)
        Names and values of attributes, of variables in closures and of globals that are named.
    generators : list
        Of random numbers: torch's, NumPy's and Python's.
    codes : list
        Of the functions.
    objects : list
        Of the caller's own classes, that keep what they know in attributes: those that modules
        hold.
    memory : list
        Whatever else can be written on: other such objects, classes, cells of closures, lists,
        dictionaries and sets.
    """

    modules: list[nn.Module] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    numbers: list[tuple[str, Plain]] = field(default_factory=list)
    generators: list[Any] = field(default_factory=list)
    codes: list[types.CodeType] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    memory: list[Any] = field(default_factory=list)

    def weights(self) -> Iterator[Tensor]:
        """All tensors: parameters, buffers, and others, each once."""
        seen: set[int] = set()
        for tensor in (*self._registered(), *self.tensors):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield tensor

    def _registered(self) -> Iterator[Tensor]:
        for module in self.modules:
            yield from module.parameters(recurse=False)
            yield from module.buffers(recurse=False)


def held_by(model: Callable[..., Any]) -> Held:
    """Everything that a callable reaches.

    Parameters
    ----------
    model : callable

    Examples
    --------
    >>> def doubled(net, factor=2.0):
    ...     return lambda x: factor * net(x)
    >>> found = held_by(doubled(nn.Sequential(nn.Dropout())))
    >>> [type(module).__name__ for module in found.modules], found.numbers
    (['Sequential', 'Dropout'], [('factor', 2.0), ('p', 0.5), ('inplace', False)])
    """
    found, seen = Held(), dict[int, Any]()
    # With whether a module, or an object of one, holds it.
    queue: deque[tuple[str, Any, bool, bool]] = deque([("", model, True, False)])
    while queue and len(seen) < MOST_OBJECTS:
        name, value, direct, of_module = queue.popleft()
        if isinstance(value, _LEAVES):
            if (direct or of_module) and isinstance(
                value, (bool, int, float, complex, str, type(None))
            ):
                found.numbers.append((name, value))
            continue
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, Tensor):
            found.tensors.append(value)
        elif isinstance(value, np.ndarray):
            found.arrays.append(value)
        elif is_generator(value):
            found.generators.append(value)
        else:
            of_module &= not isinstance(value, _CODE)
            if isinstance(value, types.FunctionType):
                found.codes.append(value.__code__)
            if isinstance(value, nn.Module):
                found.modules.append(value)
                of_module = True
            elif of_module and keeps_attributes(value):
                found.objects.append(value)
            elif _remembers(value):
                found.memory.append(value)
            queue.extend((*part, of_module) for part in _parts(value))
    return found


def _remembers(value: Any) -> bool:
    """Whether a function may have kept something in it from one call to the next."""
    if isinstance(value, (list, dict, set, deque)):
        return len(value) <= MOST_MEMBERS
    if isinstance(value, type):
        return not _is_of_library(value)
    return isinstance(value, types.CellType) or keeps_attributes(value)


def keeps_attributes(value: object) -> bool:
    """Whether an object is one of the caller's own classes, with attributes to be written on."""
    code = isinstance(value, (*_CODE, functools.partial, nn.Module))
    return (
        not code and not _is_of_library(type(value)) and _attribute(value, "__dict__") is not None
    )


def _parts(value: Any) -> Iterator[tuple[str, Any, bool]]:
    """Name and value of what an object holds, and whether a number there is its own."""
    if isinstance(value, types.FunctionType):
        yield from _of_function(value)
    elif isinstance(value, types.MethodType):
        yield "", value.__self__, False
        yield "", value.__func__, False
    elif isinstance(value, functools.partial):
        yield "", value.func, False
        yield from (("", part, True) for part in (*value.args, *value.keywords.values()))
    elif isinstance(value, types.CellType):
        return  # its function gives what is in it
    elif isinstance(value, (staticmethod, classmethod)):
        yield "", value.__func__, False
    elif isinstance(value, property):
        yield "", value.fget, False
    elif isinstance(value, weakref.ref):
        yield "", value(), False
    elif isinstance(value, type):
        for kind in value.__mro__:
            if not _is_of_library(kind):
                yield from ((name, part, False) for name, part in vars(kind).items())
    elif isinstance(value, (dict, types.MappingProxyType)):
        yield from _members(value.values())
    elif isinstance(value, (list, tuple, set, frozenset, deque)):
        yield from _members(value)
        yield from _attributes(value)
    elif not isinstance(value, types.ModuleType):
        yield from _attributes(value)


def _members(container: Collection[Any]) -> Iterator[tuple[str, Any, bool]]:
    if len(container) <= MOST_MEMBERS:
        yield from (("", value, False) for value in list(container))


def _attributes(value: Any) -> Iterator[tuple[str, Any, bool]]:
    own = _attribute(value, "__dict__") or {}
    if isinstance(value, nn.Module):
        children = _attribute(value, "_modules")
        named = children.items() if isinstance(children, dict) else value.named_children()
        yield from ((name, child, False) for name, child in list(named) if child is not None)
        for hooks in ("_forward_hooks", "_forward_pre_hooks"):
            yield from _members((_attribute(value, hooks) or {}).values())
        own = {name: part for name, part in own.items() if name not in OWN_NAMES}
    yield from ((name, part, True) for name, part in list(own.items()))
    for name in _slots(type(value)):  # type: ignore[arg-type]  # mypy: classes are no Hashable
        yield name, _attribute(value, name), True
    if callable(value):
        yield "", type(value), False


def _attribute(value: Any, name: str) -> Any:
    """An attribute as it is stored, or None; objects that compute theirs are not woken."""
    try:
        return object.__getattribute__(value, name)
    except Exception:
        return None


@functools.lru_cache(maxsize=4096)
def _slots(kind: type) -> tuple[str, ...]:
    """Names of what objects of a class keep outside of their dictionary."""
    found: list[str] = []
    for one in kind.__mro__[:-1]:
        names = vars(one).get("__slots__", ())
        found += (names,) if isinstance(names, str) else names
    return tuple(name for name in found if name not in ("__dict__", "__weakref__"))


def _of_function(function: types.FunctionType) -> Iterator[tuple[str, Any, bool]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        yield from ((name, value, True) for value in _contents(cell))
        yield name, cell, False
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield "", value, True
    yield from (("", value, False) for value in vars(function).values())
    if _is_of_library(function):
        return
    globals_, attributes = _names(function.__code__)
    for name in globals_:
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType):
            if not _is_of_library(value):
                for attribute in attributes & vars(value).keys():
                    yield attribute, vars(value)[attribute], True
        elif name in function.__globals__:
            yield name, value, True


def _contents(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # nothing was put in yet
        return ()


@functools.lru_cache(maxsize=4096)
def _names(code: types.CodeType) -> tuple[tuple[str, ...], frozenset[str]]:
    """The globals that a function's code names, in functions inside it too; and attributes."""
    named, attributes = dict[str, None](), set[str]()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            named[step.argval] = None
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner, more = _names(constant)
            named.update(dict.fromkeys(inner))
            attributes |= more
    return tuple(named), frozenset(attributes)


def _is_of_library(value: Any) -> bool:
    """Whether a function, class or module comes with a library, so that it holds no model."""
    name = value.__name__ if isinstance(value, types.ModuleType) else value.__module__
    root = str(name).partition(".")[0]
    return root in _LIBRARIES or (root in sys.stdlib_module_names and root != "__main__")
