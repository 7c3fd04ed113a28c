"""The tensors of a .pt2 file: raw numbers, read only where they fit what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.pt2.program import MOST_BYTES
from explainers.models.formats.pt2.sizes import size

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


def read_tensors(
    config: Mapping, members: Mapping[str, memoryview], folder: str
) -> dict[str, np.ndarray]:
    """The tensors of one payload config (weights or constants) by name; tied ones are one array.

    Problem for pickled tensors, unknown types, and shapes, strides or offsets that reach outside
    the bytes which are there. float16 and bfloat16 become float32.
    """
    entries = config.get("config")
    if not isinstance(entries, dict):
        raise Problem("The .pt2 file does not say what its tensors are. Export the model again.")
    found: dict[str, np.ndarray] = {}
    known: dict[tuple, np.ndarray] = {}
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
        found[name] = known[path, form]
    return found


def type_name(number) -> str:
    """The type that the schema's number stands for, as it is computed in; "other" if unknown."""
    return SCALARS[number][1] if type(number) is int and number in SCALARS else "other"


def _form(name: str, entry: Mapping) -> tuple[int, tuple[int, ...], tuple[int, ...], int]:
    """(type's number, sizes, strides, offset), plain."""
    if entry["use_pickle"] is not False or entry["tensor_meta"] is None:
        raise Problem(
            f"The tensor {name[:80]!r} is kept as a pickle, which is not opened. Export a network "
            "whose weights are plain tensors (no subclasses, not quantised)."
        )
    meta = entry["tensor_meta"]
    shape, strides = (tuple(map(size, meta[key])) for key in ("sizes", "strides"))
    offset, number = size(meta["storage_offset"]), meta["dtype"]
    plain = None not in (*shape, *strides, offset) and len(shape) == len(strides) <= 16
    if type(number) is not int or number not in SCALARS or meta["layout"] != _STRIDED or not plain:
        raise Problem(
            f"The tensor {name[:80]!r} has a type or layout that is not accepted (quantised, "
            "sparse, complex, 8-bit). Export the model in float32."
        )
    return number, shape, strides, offset


def _length(form: tuple) -> int:
    number, shape, _, _ = form
    length = np.dtype(SCALARS[number][1]).itemsize
    for side in shape:
        length *= side
    return length


def _array(name: str, data: memoryview, form: tuple) -> np.ndarray:
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
