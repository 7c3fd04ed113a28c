"""Parsing weights: state dicts."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.kinds.files.formats import declare
from explainers.service.codec import LONGEST_NAME, MOST_ARRAYS
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)

if TYPE_CHECKING:
    from torch import Tensor

_CARRIERS = {"bfloat16": "int16"}
"""Types that numpy does not know, and those whose arrays carry their bytes."""


def _parse(untrusted_data: bytes, suffix: str) -> ParsedFile:
    import torch

    from explainers.models.formats.state_dict import read_state_dict

    torch.set_num_threads(1)
    state = read_state_dict(untrusted_data, suffix)
    size = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    most = PARSERS["state_dict"].most_bytes
    if size > most:
        raise Problem(
            f"The tensors in this file take {size / 1e9:.1f} GB; up to "
            f"{most / 1e9:.0f} GB are accepted. Save the model's weights alone."
        )
    if len(state) > MOST_ARRAYS or any(len(name) > LONGEST_NAME for name in state):
        raise Problem(
            f"This file holds {len(state)} tensors; up to {MOST_ARRAYS} are accepted, with names "
            f"of up to {LONGEST_NAME} letters. Save model.state_dict() and upload that."
        )
    types, arrays = {}, {}
    for name, tensor in state.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
        if dtype in _CARRIERS:
            types[name] = dtype
            tensor = tensor.view(getattr(torch, _CARRIERS[dtype]))
        arrays[name] = tensor.numpy()
    return {"types": types}, arrays


def _check(facts: Facts, arrays: Arrays) -> None:
    types = facts.get("types")
    if not isinstance(types, dict) or not arrays:
        raise ValueError("no weights")
    for name, dtype in types.items():
        if name not in arrays or not isinstance(dtype, str) or dtype not in _CARRIERS:
            raise ValueError("a type without a tensor")
        if arrays[name].dtype != _CARRIERS[dtype]:
            raise ValueError("a tensor of another size than its type")


def state_dict(parsed: ParsedFile) -> dict[str, Tensor]:
    """The named tensors in the parsed form of a file of weights; they share its memory.

    Examples
    --------
    >>> import numpy as np
    >>> state_dict(({"types": {}}, {"bias": np.zeros(2, np.float32)}))
    {'bias': tensor([0., 0.])}
    """
    import torch

    facts, arrays = parsed
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    for name, dtype in facts["types"].items():
        tensors[name] = tensors[name].view(getattr(torch, dtype))
    return tensors


def _warm_up_files() -> Iterable[WarmUpFile]:
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
    parse=_parse,
    check=_check,
    description="a file of weights",
    limit="weights_megabytes",
    modules=(
        "torch._weights_only_unpickler",
        "safetensors.torch",
        "explainers.models.formats.state_dict",
        "encodings.cp437",
    ),
    warm_up_files=_warm_up_files,
    group="torch",
    seconds=120,
    memory=1_000_000_000,
    most_bytes=2_000_000_000,
    needs_sandbox=True,
)

declare("weights", "safetensors", ".safetensors")
declare("weights", "PyTorch", ".pt", ".pth", says="read with `weights_only`, never as programs")
