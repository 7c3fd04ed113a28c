"""What tells that a model is not what it was: its modules, weights and numbers, in short."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explainers.running.held import Held
from explainers.running.state import version_of

_SAMPLE = 1024


def fingerprint(model: Callable[..., Any], held: Held) -> tuple[object, ...]:
    """A model's identity and the state of its weights, as torch counts it: cheap.

    Writes through `.data` are not counted; `digest` sees them.
    """
    weights = tuple(
        (tuple(tensor.shape), tensor.dtype, str(tensor.device), _place(tensor), version_of(tensor))
        for tensor in held.weights()
    )
    kinds = tuple((id(module), type(module)) for module in held.modules)
    codes = id(getattr(model, "__code__", model)), tuple(map(id, held.codes))
    return codes, kinds, weights, tuple(map(repr, held.numbers))


def digest(model: Callable[..., Any], held: Held) -> str:
    """The fingerprint with what stands in the weights: every value has a part in it.

    Parameters
    ----------
    model : callable
    held : Held
        What it holds.

    Examples
    --------
    >>> from explainers.running.held import held_by
    >>> net = torch.nn.Linear(2, 1)
    >>> before = digest(net, held_by(net))
    >>> net.weight.data[0, 0] += 1e-3
    >>> digest(net, held_by(net)) == before
    False
    """
    whole = hashlib.sha256(repr(fingerprint(model, held)).encode())
    sums: list[Tensor] = []
    for tensor in held.weights():
        try:
            sums += _sums(tensor.detach())
        except Exception:  # a kind of tensor whose memory cannot be read
            continue
    for device in sorted({str(part.device) for part in sums}):
        parts = torch.cat([part.flatten() for part in sums if str(part.device) == device])
        whole.update(parts.cpu().numpy().tobytes())
    for array in held.arrays:
        whole.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return whole.hexdigest()


def _sums(tensor: Tensor) -> list[Tensor]:
    """Sums of the bytes as whole numbers, exact, and a sample of values in their order."""
    flat = tensor.contiguous().flatten().view(torch.uint8)
    whole = flat[: len(flat) // 8 * 8].view(torch.int64)
    rest = flat[len(whole) * 8 :].to(torch.int64)
    sample = whole[:: max(1, len(whole) // _SAMPLE)]
    return [whole.sum()[None], whole[::2].sum()[None], rest, sample]


def _place(tensor: Tensor) -> int:
    try:
        return tensor.data_ptr()
    except RuntimeError:  # a kind of tensor without memory of its own
        return id(tensor)
