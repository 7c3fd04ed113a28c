"""The tensors of a .pt2 file: raw numbers, read only where they fit what is said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.pt2.program import MOST_BYTES
from explainers.models.formats.pt2.reading.sizes import read_size

# The schema's number of a type → (numpy's type of the bytes, the type that it is read as).
SCALARS = {
    1: ("uint8", "uint8"),
    2: ("int8", "int8"),
    3: ("int16", "int16"),
    4: ("int32", "int32"),
    5: ("int64", "int64"),
    6: ("float16", "float32"),
    7: ("float32", "float32"),
    8: ("float64", "float64"),
    12: ("uint8", "bool"),
    13: ("uint16", "float32"),
}
_BFLOAT16, _STRIDED = 13, 7


class _Form(NamedTuple):
    """How a tensor lies in its bytes: the schema's number of its type, sizes, strides, offset."""

    number: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


def read_tensors(
    config: Mapping[str, Any], members: Mapping[str, memoryview], folder: str
) -> dict[str, np.ndarray]:
    """The tensors of one payload config (weights or constants) by name; shared ones are one array.

    Parameters
    ----------
    config : mapping
        The payload config.
    members : Mapping[str, memoryview]
        Of the archive, as `read_members` gives them.
    folder : str
        Where in the archive the numbers are.

    Returns
    -------
    dict[str, np.ndarray]
        float16 and bfloat16 become float32.

    Raises
    ------
    Problem
        For pickled tensors, unknown types, and shapes, strides or offsets that reach outside the
        bytes which are there.
    """
    entries = config.get("config")
    if not isinstance(entries, dict):
        raise Problem("The .pt2 file does not say what its tensors are. Export the model again.")
    tensors: dict[str, np.ndarray] = {}
    known: dict[tuple[str, _Form], np.ndarray] = {}
    whole = 0
    for name, entry in entries.items():
        try:
            path, form = entry["path_name"], _form(name, entry)
        except (KeyError, TypeError, AttributeError) as error:
            raise Problem(f"The tensor {name[:80]!r} is not described. Export it again.") from error
        if (path, form) not in known:
            data = members.get(f"{folder}{path}")
            if data is None:
                raise Problem(f"The numbers of {name[:80]!r} are missing in the .pt2 file.")
            whole += _length(form)
            if whole > MOST_BYTES:
                raise Problem(
                    f"The tensors in this file take more than {MOST_BYTES / 1e9:g} GB, which is "
                    "not accepted. Export a smaller model."
                )
            known[path, form] = _array(name, data, form)
        tensors[name] = known[path, form]
    return tensors


def type_name(number: object) -> str:
    """The type that the schema's number stands for, as it is computed in; "other" if unknown."""
    return SCALARS[number][1] if type(number) is int and number in SCALARS else "other"


def _form(name: str, entry: Mapping[str, Any]) -> _Form:
    if entry["use_pickle"] is not False or entry["tensor_meta"] is None:
        raise Problem(
            f"The tensor {name[:80]!r} is kept as a pickle, which is not opened. Export a network "
            "whose weights are plain tensors (no subclasses, not quantised)."
        )
    meta = entry["tensor_meta"]
    shape, strides = _known(meta["sizes"]), _known(meta["strides"])
    offset, number = read_size(meta["storage_offset"]), meta["dtype"]
    plain = (
        type(number) is int
        and number in SCALARS
        and meta["layout"] == _STRIDED
        and len(meta["sizes"]) == len(meta["strides"]) <= 16
    )
    if not plain or shape is None or strides is None or offset is None:
        raise Problem(
            f"The tensor {name[:80]!r} has a type or layout that is not accepted (quantised, "
            "sparse, complex, 8-bit). Export the model in float32."
        )
    return _Form(number, shape, strides, offset)


def _known(entries: list[object]) -> tuple[int, ...] | None:
    """The sizes, or None where one of them is free."""
    sizes = tuple(map(read_size, entries))
    known = tuple(size for size in sizes if size is not None)
    return known if len(known) == len(sizes) else None


def _length(form: _Form) -> int:
    """Bytes of the tensor as it is read."""
    return np.dtype(SCALARS[form.number][1]).itemsize * math.prod(form.shape)


def _array(name: str, data: memoryview, form: _Form) -> np.ndarray:
    number, shape, strides, offset = form
    kind, becomes = map(np.dtype, SCALARS[number])
    if 0 in shape:
        return np.zeros(shape, becomes)
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    if len(data) % kind.itemsize or (last + 1) * kind.itemsize > len(data):
        raise Problem(
            f"The tensor {name[:80]!r} declares the shape {shape}, but the file does not hold the "
            "numbers for it. The file is damaged; export the model again."
        )
    flat = np.frombuffer(data, kind.newbyteorder("<"))[offset:]
    steps = tuple(stride * kind.itemsize for stride in strides)
    values = np.ascontiguousarray(np.lib.stride_tricks.as_strided(flat, shape, steps))
    values = values.reshape(shape)
    if number == _BFLOAT16:
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values != 0 if becomes.name == "bool" else values.astype(becomes, copy=False)
