"""The operations of an exported program and their arguments as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

TYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64")
KINDS = {
    "dtype": TYPES,
    "device": ("",),
    "memory_format": ("contiguous_format", "channels_last", "channels_last_3d", "preserve_format"),
}


@dataclass(frozen=True)
class Ref:
    """An earlier value, by its number."""

    index: int


@dataclass(frozen=True)
class Kind:
    """A word of torch's among the arguments: `what` is a key of KINDS, `name` one of its values."""

    what: str
    name: str


Argument: TypeAlias = None | bool | int | float | str | Ref | Kind | tuple["Argument", ...]
"""An argument of an operation."""


@dataclass(frozen=True)
class Node:
    """One operation.

    Parameters
    ----------
    op : str
        As "aten.relu.default".
    args, kwargs
        Its arguments.
    makes : tuple
        What it returns: per result None for one value, or how many values a list has.
    """

    op: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    makes: tuple[int | None, ...] = (None,)

    @property
    def count(self) -> int:
        """How many values it makes."""
        return sum(1 if made is None else made for made in self.makes)

    def __deepcopy__(self, memo: dict[int, object]) -> Node:
        return self  # nothing in it changes

    def needs(self) -> Iterator[int]:
        """Numbers of the values that it uses."""
        for value in (*self.args, *self.kwargs.values()):
            yield from refs(value)


def refs(value: Argument) -> Iterator[int]:
    """Numbers of the values in an argument."""
    return (item.index for item in flat((value,)) if isinstance(item, Ref))


def flat(values: tuple[Any, ...]) -> Iterator[Any]:
    """What is in tuples of tuples, in order.

    Examples
    --------
    >>> list(flat((1, (2, (3,)))))
    [1, 2, 3]
    """
    for value in values:
        if isinstance(value, tuple):
            yield from flat(value)
        else:
            yield value
