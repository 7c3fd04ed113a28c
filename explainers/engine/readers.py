"""What can be read from uploads, one entry a kind: how, under which limits, and what must come."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers.engine.frame import LONGEST_NAME, MOST_ARRAYS
from explainers.models.class_names import MOST_CLASSES, read_class_names
from explainers.problems import Problem

Found = tuple[dict[str, Any], dict[str, np.ndarray]]
"""Facts that JSON can hold, and arrays by name."""

_OPAQUE = {"bfloat16": "int16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8",
           "float8_e4m3fnuz": "uint8", "float8_e5m2fnuz": "uint8"}  # fmt: skip
"""Types that numpy does not know, and those that carry their bytes."""


@dataclass(frozen=True)
class Reader:
    """How one kind of upload is read.

    parse       from the bytes (and options) to facts and arrays; runs behind the wall only.
    check       ValueError where facts and arrays are not what `parse` would give; runs outside.
    what        the upload in words.
    limit       the name of the setting that bounds the upload, in megabytes.
    modules     imported before the wall goes up, for nothing can be imported behind it.
    rehearsal   calls `parse` with good files, so that it has imported what it needs.
    group       readers of a group share a process that forks them; "torch" has torch imported.
    seconds     of time; memory, per_byte: bytes it may take, and more for each byte of the upload;
    most_bytes  of the answer.
    walled      whether it is refused where the wall is not complete.
    """

    parse: Callable[..., Found]
    check: Callable[[dict, dict], None]
    what: str
    limit: str
    modules: tuple[str, ...]
    rehearsal: Callable[[], Iterable[tuple[bytes, dict[str, Any]]]]
    group: str = "light"
    seconds: int = 20
    memory: int = 1_000_000_000
    per_byte: int = 4
    most_bytes: int = 64_000_000
    walled: bool = False

    def prepare(self) -> None:
        """Import everything that `parse` may need, by name and by trying it."""
        for module in self.modules:
            importlib.import_module(module)
        for data, options in (
            *self.rehearsal(),
            *((b"\x00not this", o) for _, o in self.rehearsal()),
        ):
            for part in (data, data[: len(data) // 2]):
                try:
                    self.parse(part, **options)
                except Problem:
                    continue


def _read_picture(data: bytes) -> Found:
    from explainers.kinds import picture

    return {}, {"pixels": np.asarray(picture.read(data))}


def _check_picture(facts: dict, arrays: dict) -> None:
    pixels = arrays.get("pixels")
    if list(arrays) != ["pixels"] or pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise ValueError("no pixels")
    if pixels.shape[2] != 3 or not 1 <= pixels.shape[0] * pixels.shape[1] <= 16_000_000:
        raise ValueError("no picture has this shape")


def _pictures() -> Iterable[tuple[bytes, dict]]:
    from PIL import Image

    for mode in ("RGB", "L", "P", "RGBA", "I;16", "CMYK", "1"):
        for name in ("PNG", "JPEG", "WEBP"):
            buffer, exif = io.BytesIO(), Image.Exif()
            exif[0x0112] = 6
            try:
                Image.new(mode, (8, 6)).save(buffer, name, exif=exif)
            except OSError:
                continue
            yield buffer.getvalue(), {}


def _read_names(data: bytes) -> Found:
    names = (name.replace("\0", "") for name in read_class_names(data))
    text = "\0".join(names).encode(errors="replace")
    return {}, {"names": np.frombuffer(text, np.uint8)}


def _check_names(facts: dict, arrays: dict) -> None:
    names = arrays.get("names")
    if list(arrays) != ["names"] or names.dtype != np.uint8 or names.ndim != 1:
        raise ValueError("no names")
    if (names == 0).sum() >= MOST_CLASSES:
        raise ValueError("too many names")


def class_names(found: Found) -> tuple[str, ...]:
    """The names in what the reader of names found."""
    return tuple(found[1]["names"].tobytes().decode(errors="replace").split("\0"))


def _read_weights(data: bytes, suffix: str) -> Found:
    import torch

    from explainers.models.state_dicts import read_state_dict

    torch.set_num_threads(1)
    state = read_state_dict(data, suffix)
    whole = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    if whole > WEIGHTS.most_bytes:
        raise Problem(
            f"The tensors in this file take {whole / 1e9:.1f} GB; up to "
            f"{WEIGHTS.most_bytes / 1e9:.0f} GB are accepted. Save the model's weights alone."
        )
    if len(state) > MOST_ARRAYS or any(len(name) > LONGEST_NAME for name in state):
        raise Problem(
            f"This file holds {len(state)} tensors; up to {MOST_ARRAYS} are accepted, with names "
            f"of up to {LONGEST_NAME} letters. Save model.state_dict() and upload that."
        )
    types, arrays = {}, {}
    for name, tensor in state.items():
        kind = str(tensor.dtype).removeprefix("torch.")
        if tensor.layout != torch.strided or tensor.is_quantized:
            raise Problem(
                f"The tensor {name[:100]!r} is sparse or quantised; dense tensors are accepted. "
                "Convert the model to floating point before you save its state dict."
            )
        tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
        if kind in _OPAQUE:
            types[name] = kind
            tensor = tensor.view(getattr(torch, _OPAQUE[kind]))
        arrays[name] = tensor.numpy()
    return {"types": types}, arrays


def _check_weights(facts: dict, arrays: dict) -> None:
    types = facts.get("types")
    if not isinstance(types, dict) or not arrays:
        raise ValueError("no weights")
    for name, kind in types.items():
        if name not in arrays or not isinstance(kind, str) or kind not in _OPAQUE:
            raise ValueError("a type without a tensor")
        if arrays[name].dtype != _OPAQUE[kind]:
            raise ValueError("a tensor of another size than its type")


def state_dict(found: Found) -> dict:
    """The named tensors in what the reader of weights found; they share its memory."""
    import torch

    facts, arrays = found
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    for name, kind in facts["types"].items():
        tensors[name] = tensors[name].view(getattr(torch, kind))
    return tensors


def _weights() -> Iterable[tuple[bytes, dict]]:
    import safetensors.torch
    import torch

    state = {"a": torch.zeros(2, 3), "b": torch.zeros(2, dtype=torch.bfloat16),
             "n": torch.zeros((), dtype=torch.int64)}  # fmt: skip
    yield safetensors.torch.save(state), {"suffix": ".safetensors"}
    for new in (True, False):
        buffer = io.BytesIO()
        torch.save({"state_dict": {**state, "p": torch.nn.Parameter(torch.zeros(1))}}, buffer,
                   _use_new_zipfile_serialization=new)  # fmt: skip
        yield buffer.getvalue(), {"suffix": ".pt"}


def _read_onnx(data: bytes) -> Found:
    from explainers.models.onnx import read_graph

    return read_graph(data).to_facts()


def _check_onnx(facts: dict, arrays: dict) -> None:
    graph((facts, arrays))


def graph(found: Found):
    """The network's graph in what the reader of ONNX files found; ValueError where it is none."""
    from explainers.models.onnx.graph import Graph

    try:
        return Graph.from_facts(*found)
    except Problem as problem:
        raise ValueError(str(problem)) from problem


def _onnx() -> Iterable[tuple[bytes, dict]]:
    import onnx
    from onnx import TensorProto, helper

    weight = helper.make_tensor("w", TensorProto.FLOAT, [3, 2], [0.5] * 6)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="n")
    port = helper.make_tensor_value_info
    network = helper.make_graph(
        [node], "net", [port("x", TensorProto.FLOAT, ["n", 3])],
        [port("y", TensorProto.FLOAT, ["n", 2])], [weight],
    )  # fmt: skip
    yield onnx.helper.make_model(network).SerializeToString(), {}


WEIGHTS = Reader(
    _read_weights, _check_weights, "a file of weights", "weights_megabytes",
    ("torch._weights_only_unpickler", "safetensors.torch", "explainers.models.state_dicts"),
    _weights, group="torch", seconds=120, memory=1_000_000_000, most_bytes=2_000_000_000,
    walled=True,
)  # fmt: skip

READERS: dict[str, Reader] = {
    "picture": Reader(
        _read_picture, _check_picture, "a picture", "picture_megabytes",
        ("PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.WebPImagePlugin", "PIL.MpoImagePlugin",
         "PIL.TiffImagePlugin", "PIL.ImageOps", "explainers.kinds.picture"),
        _pictures,
    ),
    "names": Reader(
        _read_names, _check_names, "a file of class names", "names_megabytes",
        ("json", "encodings.utf_8_sig"),
        lambda: ((b"a\nb", {}), (b'{"0": ["n1", "b"]}', {}), (b'\xef\xbb\xbf["a"]', {})),
    ),
    "weights": WEIGHTS,
    "onnx": Reader(
        _read_onnx, _check_onnx, "a network", "weights_megabytes",
        ("onnx", "onnx.numpy_helper", "ml_dtypes", "explainers.models.onnx.reading"),
        _onnx, group="onnx", seconds=120, memory=1_000_000_000, most_bytes=2_000_000_000,
        walled=True,
    ),
}  # fmt: skip
"""Kinds of uploads. One more is one more entry."""
