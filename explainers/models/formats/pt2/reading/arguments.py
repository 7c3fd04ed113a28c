"""Arguments of the exported program's JSON as plain values, and names as numbers of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from explainers.errors import Problem
from explainers.models.formats.pt2.reading.tensors import type_name
from explainers.models.formats.pt2.values import KINDS, Argument, Kind, Ref

_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}
_STRIDED = 7
_SPELLED = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}


class Values:
    """Names of values in the order in which they come to be, each once."""

    def __init__(self, graph: Mapping[str, Any]) -> None:
        self._numbers: dict[str, int] = {}
        self.meta: Mapping[str, Any] = graph["tensor_values"]

    def add(self, name: str) -> None:
        """The next value has this name."""
        if not isinstance(name, str) or name in self._numbers:
            raise Problem(
                f"The name {str(name)[:80]!r} is given to two values of the model, so the file is "
                "ambiguous. Export the model again."
            )
        self._numbers[name] = len(self._numbers)

    def number(self, name: str) -> int:
        """The value's number; Problem where nothing has made it yet."""
        if not isinstance(name, str) or name not in self._numbers:
            raise Problem(
                f"The value {str(name)[:80]!r} is used before anything makes it: the graph has a "
                "circle, a gap, or the wrong order. Export the model again."
            )
        return self._numbers[name]


Reader: TypeAlias = Callable[[Any, Values], Any]
"""(a value of the file's JSON, the names so far) → the plain value."""


def argument(entry: Mapping[str, Any], values: Values) -> Argument:
    """The plain value of an Argument of the schema.

    Parameters
    ----------
    entry : mapping
        One kind and its value, as {"as_int": 3}.
    values : Values
        The names so far.

    Raises
    ------
    Problem
        For kinds that are not plain data.

    Examples
    --------
    >>> values = Values({"tensor_values": {}})
    >>> values.add("x")
    >>> argument({"as_ints": [2, 3]}, values), argument({"as_tensor": {"name": "x"}}, values)
    ((2, 3), Ref(index=0))
    """
    ((kind, value),) = entry.items()
    if kind not in _READERS:
        raise Problem(
            f"The exported program uses a value of the kind {kind[:40]!r} (a graph within the "
            "graph, an object or a function), which is not accepted. Export a network without "
            "torch.cond, custom classes, and torch.no_grad() inside forward()."
        )
    return _READERS[kind](value, values)


def _only(*types: type) -> Reader:
    def read(value: Any, values: Values) -> Any:
        if type(value) not in types:
            raise TypeError("an argument is not of the kind it says")
        return value

    return read


def _float(value: Any, values: Values) -> float:
    if isinstance(value, str):
        return _SPELLED[value]
    return float(_only(float, int)(value, values))


def _tensor(value: Any, values: Values) -> Ref:
    return Ref(values.number(value["name"]))


def _either(plain: str, read: Reader) -> Reader:
    """A number that is known or that is a value: SymIntArgument and its kin."""

    def chosen(value: Any, values: Values) -> Any:
        ((kind, held),) = value.items()
        if kind == "as_name":
            return Ref(values.number(held))
        if kind != plain:
            raise KeyError(kind)
        return read(held, values)

    return chosen


def _optional(value: Any, values: Values) -> Ref | None:
    ((kind, held),) = value.items()
    if kind not in ("as_tensor", "as_none"):
        raise KeyError(kind)
    return _tensor(held, values) if kind == "as_tensor" else None


def _many(read: Reader) -> Reader:
    return lambda value, values: tuple(read(item, values) for item in _only(list)(value, values))


def _dtype(value: Any, values: Values) -> Kind:
    name = type_name(value)
    if name not in KINDS["dtype"]:
        raise Problem(
            "The exported program computes with a type that is not accepted (complex, quantised, "
            "8-bit floats). Export the model in float32."
        )
    return Kind("dtype", name)


def _layout(value: Any, values: Values) -> None:
    if value != _STRIDED:
        raise Problem("The exported program uses sparse tensors. Export it with dense ones.")


_int, _bool, _str = _only(int), _only(bool), _only(str)
_sym_int, _sym_bool = _either("as_int", _int), _either("as_bool", _bool)
_sym_float = _either("as_float", _float)
_READERS: dict[str, Reader] = {
    "as_none": lambda value, values: None,
    "as_tensor": _tensor,
    "as_tensors": _many(_tensor),
    "as_optional_tensor": _optional,
    "as_optional_tensors": _many(_optional),
    "as_int": _int,
    "as_ints": _many(_int),
    "as_float": _float,
    "as_floats": _many(_float),
    "as_bool": _bool,
    "as_bools": _many(_bool),
    "as_string": _str,
    "as_sym_int": _sym_int,
    "as_sym_ints": _many(_sym_int),
    "as_sym_bool": _sym_bool,
    "as_sym_bools": _many(_sym_bool),
    "as_sym_float": _sym_float,
    "as_sym_floats": _many(_sym_float),
    "as_scalar_type": _dtype,
    "as_layout": _layout,
    "as_memory_format": lambda value, values: Kind("memory_format", _FORMATS[value]),
    "as_device": lambda value, values: Kind("device", ""),
}
