"""Reading weights: state dicts."""

from __future__ import annotations

import io
from collections.abc import Iterable

from explainers.errors import Problem
from explainers.service.codec import LONGEST_NAME, MOST_ARRAYS
from explainers.service.parsing.parsers.registry import PARSERS, ParsedFile, Parser

_OPAQUE = {
    "bfloat16": "int16",
    "float8_e4m3fn": "uint8",
    "float8_e5m2": "uint8",
    "float8_e4m3fnuz": "uint8",
    "float8_e5m2fnuz": "uint8",
}
"""Types that numpy does not know, and those that carry their bytes."""


def _read_weights(data: bytes, suffix: str) -> ParsedFile:
    import torch

    from explainers.models.formats.state_dict import read_state_dict

    torch.set_num_threads(1)
    state = read_state_dict(data, suffix)
    whole = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    most = PARSERS["state_dict"].most_bytes
    if whole > most:
        raise Problem(
            f"The tensors in this file take {whole / 1e9:.1f} GB; up to "
            f"{most / 1e9:.0f} GB are accepted. Save the model's weights alone."
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


def state_dict(found: ParsedFile) -> dict:
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

    state = {
        "a": torch.zeros(2, 3),
        "b": torch.zeros(2, dtype=torch.bfloat16),
        "n": torch.zeros((), dtype=torch.int64),
    }
    yield safetensors.torch.save(state), {"suffix": ".safetensors"}
    for new in (True, False):
        buffer = io.BytesIO()
        torch.save(
            {"state_dict": {**state, "p": torch.nn.Parameter(torch.zeros(1))}},
            buffer,
            _use_new_zipfile_serialization=new,
        )
        yield buffer.getvalue(), {"suffix": ".pt"}


PARSERS["state_dict"] = Parser(
    _read_weights,
    _check_weights,
    "a file of weights",
    "weights_megabytes",
    (
        "torch._weights_only_unpickler",
        "safetensors.torch",
        "explainers.models.formats.state_dict",
        "encodings.cp437",
    ),
    _weights,
    group="torch",
    seconds=120,
    memory=1_000_000_000,
    most_bytes=2_000_000_000,
    needs_sandbox=True,
)
