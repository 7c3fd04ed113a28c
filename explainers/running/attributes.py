"""What Python's own objects hold at a moment, and the way back: attributes, cells, containers.

Only tensors, numbers and words are put back, and what contains nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, MutableMapping
from types import CellType
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from explainers.running.held import OWN_NAMES

CONTAINERS = (list, dict, set, deque)


class Restorable(Protocol):
    """What can be put back as it was."""

    def restore(self) -> bool:
        """Put it back; whether it had changed."""


def kept(thing: Any) -> Restorable:
    """The state of an object with attributes, of a class, of a closure's cell, or of a container.

    Examples
    --------
    >>> numbers = {"seen": [1, 2], "n": 2}
    >>> before = kept(numbers)
    >>> numbers["n"] = 3
    >>> numbers["seen"].append(3)
    >>> before.restore(), numbers, before.restore()
    (True, {'seen': [1, 2], 'n': 2}, False)
    """
    if isinstance(thing, CellType):
        return KeptNames(_OfCell(thing))
    if isinstance(thing, CONTAINERS):
        return KeptContainer(thing)
    return KeptNames(_OfClass(thing) if isinstance(thing, type) else vars(thing))


class KeptNames:
    """Names and what they are bound to, as the attributes of an object.

    Parameters
    ----------
    names : mutable mapping
        Such as `vars(object)`; those that every module has are left alone.
    """

    def __init__(self, names: MutableMapping[str, Any]) -> None:
        self._names = names
        self._before = {name: part for name, part in names.items() if name not in OWN_NAMES}
        parts = self._before.values()
        self._inside = [KeptContainer(part) for part in parts if isinstance(part, CONTAINERS)]

    def restore(self) -> bool:
        """Bind the names to what they were bound to; what is no tensor or number stays."""
        changed = False
        for name in [name for name in self._names if name not in self._before]:
            if name not in OWN_NAMES and is_plain(self._names[name]):
                del self._names[name]
                changed = True
        for name, value in self._before.items():
            now = self._names.get(name, _MISSING)
            if now is not value and is_plain(value) and (now is _MISSING or is_plain(now)):
                changed |= not _same(now, value)
                self._names[name] = value
        return any([changed, *(container.restore() for container in self._inside)])


class KeptContainer:
    """What a list, dictionary, set or deque contains, with what is inside those in it.

    Parameters
    ----------
    container : list, dict, set or deque
    """

    def __init__(self, container: Any) -> None:
        self._container, self._inside = container, list[KeptContainer]()
        self._before: Any = container.copy() if is_plain(container) else None
        if self._before is not None:
            parts = container.values() if isinstance(container, dict) else container
            self._inside = [KeptContainer(part) for part in parts if isinstance(part, CONTAINERS)]

    def restore(self) -> bool:
        """Fill it as it was, where it contains nothing but tensors and numbers, then and now."""
        now, before = self._container, self._before
        if before is None or not is_plain(now):
            return False
        pairs = zip(_flat(now), _flat(before), strict=False)
        changed = len(now) != len(before) or not all(_same(a, b) for a, b in pairs)
        if changed:
            now.clear()
            now.extend(before) if isinstance(now, (list, deque)) else now.update(before)
        return any([changed, *(container.restore() for container in self._inside)])


class _OfClass(MutableMapping[str, Any]):
    """The attributes of a class, which can only be written one by one."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def __getitem__(self, name: str) -> Any:
        return vars(self._kind)[name]

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self._kind, name, value)

    def __delitem__(self, name: str) -> None:
        delattr(self._kind, name)

    def __iter__(self) -> Iterator[str]:
        return iter(list(vars(self._kind)))

    def __len__(self) -> int:
        return len(vars(self._kind))


class _OfCell(MutableMapping[str, Any]):
    """The one value that a closure's cell holds, if any was put in yet."""

    def __init__(self, cell: CellType) -> None:
        self._cell = cell

    def __getitem__(self, name: str) -> Any:
        try:
            return self._cell.cell_contents
        except ValueError as error:
            raise KeyError(name) from error

    def __setitem__(self, name: str, value: Any) -> None:
        self._cell.cell_contents = value

    def __delitem__(self, name: str) -> None:
        del self._cell.cell_contents

    def __iter__(self) -> Iterator[str]:
        return iter(["value"] if "value" in self else [])

    def __len__(self) -> int:
        return len(list(self))


def is_plain(value: Any) -> bool:
    """Whether a value, and what it contains, is a tensor, a number or a word."""
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    if isinstance(value, (tuple, *CONTAINERS)):
        return all(map(is_plain, value))
    return isinstance(value, (Tensor, np.ndarray, bool, int, float, complex, str, type(None)))


def _same(now: Any, before: Any) -> bool:
    """Whether they are one object, or two numbers or words that are equal."""
    if now is before:
        return True
    alike = type(now) is type(before) and not isinstance(now, (Tensor, np.ndarray, *CONTAINERS))
    try:
        return alike and bool(now == before)
    except (RuntimeError, ValueError, TypeError):  # tensors and arrays inside
        return False


def _flat(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return [part for pair in container.items() for part in pair]
    return list(container)


_MISSING = object()
