"""ONNX tensors as numpy arrays, only where the numbers are in the file and fit their shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.onnx.plain import texts

if TYPE_CHECKING:
    import onnx

# ONNX's number for a type → (numpy's name, the field that holds it where it is not raw bytes)
TYPES = {
    1: ("float32", "float_data"),
    2: ("uint8", "int32_data"),
    3: ("int8", "int32_data"),
    4: ("uint16", "int32_data"),
    5: ("int16", "int32_data"),
    6: ("int32", "int32_data"),
    7: ("int64", "int64_data"),
    8: ("string", "string_data"),
    9: ("bool", "int32_data"),
    10: ("float16", "int32_data"),
    11: ("float64", "double_data"),
    12: ("uint32", "uint64_data"),
    13: ("uint64", "uint64_data"),
    16: ("bfloat16", "int32_data"),
}
_FIELDS = ("float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data")
LONGEST_TEXT = 4096

EXTERNAL = (
    "The model keeps numbers in another file (external data: {name}). Only files that hold "
    "everything themselves are accepted. Export in one file: torch.onnx.export(model, (x,), "
    "'model.onnx', external_data=False), or onnx.save_model(onnx.load('model.onnx'), 'one.onnx', "
    "save_as_external_data=False)."
)


def type_name(number: int) -> str:
    """numpy's name of an ONNX element type; "other" where there is none.

    Examples
    --------
    >>> type_name(1), type_name(16), type_name(99)
    ('float32', 'bfloat16', 'other')
    """
    return TYPES.get(number, ("other", ""))[0]


def text(data: bytes | str, what: str) -> str:
    """A name or string of the file; Problem where it is too long or no text."""
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Problem(f"A {what} in the file is not readable text.") from error
    if len(data) > LONGEST_TEXT:
        raise Problem(
            f"A {what} in the file has {len(data):,} letters; up to {LONGEST_TEXT:,} are accepted."
        )
    return data


def array(proto: onnx.TensorProto) -> np.ndarray:
    """The numbers of a tensor in the file; bfloat16 as float32, strings as numpy strings.

    Nothing is allocated before the shape is checked.

    Parameters
    ----------
    proto : onnx.TensorProto

    Raises
    ------
    Problem
        For external data, for element types we do not know, and where the declared shape is not
        that of the numbers which are there.

    Examples
    --------
    >>> from onnx import numpy_helper
    >>> array(numpy_helper.from_array(np.array([[1, 2]], np.int64), "shape"))
    array([[1, 2]])
    """
    name = text(proto.name, "name")[:80] or "a tensor without name"
    if proto.data_location != 0 or proto.external_data:
        raise Problem(EXTERNAL.format(name=name))
    if proto.data_type not in TYPES or proto.HasField("segment"):
        raise Problem(
            f"The tensor {name!r} has an element type (number {proto.data_type}) that is not "
            "accepted. Export the model with float32 weights."
        )
    kind, holder = TYPES[proto.data_type]
    shape = tuple(proto.dims)
    if any(side < 0 for side in shape) or len(shape) > 32:
        raise Problem(f"The tensor {name!r} declares the impossible shape {shape[:32]}.")
    count = math.prod(shape)
    dtype = np.dtype("uint16" if kind in ("bfloat16", "float16") else kind.replace("string", "O"))
    given: float = len(getattr(proto, holder))
    if any(len(getattr(proto, other)) for other in _FIELDS if other != holder):
        raise Problem(f"The tensor {name!r} holds numbers of another type than it declares.")
    if proto.HasField("raw_data"):
        given = len(proto.raw_data) / dtype.itemsize if not given and kind != "string" else -1
    if given != count:
        raise Problem(
            f"The tensor {name!r} declares the shape {shape}, but the file does not hold "
            f"{count:,} numbers for it. The file is damaged; export the model again."
        )
    if kind == "string":
        return texts([text(item, "string") for item in proto.string_data], shape)
    if proto.HasField("raw_data"):
        flat = np.frombuffer(proto.raw_data, dtype.newbyteorder("<"))
    else:
        flat = np.array(getattr(proto, holder))
    return _typed(flat, kind, dtype).reshape(shape)


def _typed(flat: np.ndarray, kind: str, dtype: np.dtype) -> np.ndarray:
    if kind == "bool":
        return flat.astype(np.uint8) != 0
    flat = flat.astype(dtype)
    if kind == "float16":
        return flat.view(np.float16)
    if kind == "bfloat16":
        return (flat.astype(np.uint32) << 16).view(np.float32)
    return flat
