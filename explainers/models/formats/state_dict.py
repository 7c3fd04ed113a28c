"""Reading weights: state dicts as .safetensors, or as .pt and .pth without running their code."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import PurePosixPath

import torch
from torch import Tensor

from explainers.errors import Problem, first_line
from explainers.models.formats.checkpoint import network_tensors
from explainers.models.formats.refusals import HOW_TO_EXPORT, WEIGHTS

_COMPUTED = (
    *("float64", "float32", "float16", "bfloat16", "complex128", "complex64", "bool"),
    *("int64", "int32", "int16", "int8", "uint8"),
)
"""Types that operations exist for; others, of a byte or less, are widened."""


def read_state_dict(data: bytes, suffix: str) -> dict[str, Tensor]:
    """The named tensors in the bytes of a file of weights; no code in the file is run.

    Parameters
    ----------
    data : bytes
        The file: safetensors, or what `torch.save(model.state_dict(), …)` wrote.
    suffix : str
        ".safetensors", ".pt" or ".pth", in lower case.

    Returns
    -------
    dict[str, Tensor]
        Tensors by name, on the CPU: those of the network, wherever in a checkpoint they lie, and
        without prefixes ("module.", …).

    Raises
    ------
    Problem
        Where the file is not a plain state dict, or a tensor holds NaN or infinite values.

    Examples
    --------
    >>> import torch
    >>> from safetensors.torch import save
    >>> data = save({"module.weight": torch.ones(2, 3)})
    >>> {name: tuple(t.shape) for name, t in read_state_dict(data, ".safetensors").items()}
    {'weight': (2, 3)}
    """
    if suffix == ".safetensors":
        import safetensors.torch

        try:
            # They come in an order of chance.
            state: object = dict(sorted(safetensors.torch.load(data).items()))
        except Exception as error:
            raise Problem(
                f"This is not a .safetensors file: {str(error)[:120]}. Save the weights with "
                "safetensors.torch.save_file and upload that file."
            ) from error
    elif suffix in (".pt", ".pth"):
        state = _unpickle(data)
    else:
        raise Problem(f"{suffix or 'This'} is not accepted; weights are {', '.join(WEIGHTS)}.")
    return _checked(network_tensors(state))


def _unpickle(data: bytes) -> object:
    """What torch.save wrote, with tensors and plain containers only."""
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise Problem(
            "This file holds more than weights: loading it would run a program that is inside, "
            "so it was not opened. Save the weights alone, best as .safetensors (three lines):"
            f"\n\n```python\n{HOW_TO_EXPORT}\n```"
        ) from error
    except Exception as error:
        if hint := _wrong_suffix(data):
            raise Problem(hint) from error
        raise Problem(
            f"This file cannot be read as weights: {first_line(error)}. Accepted are state dicts "
            "saved with torch.save(model.state_dict(), …) or safetensors."
        ) from error


def _wrong_suffix(data: bytes) -> str:
    """What to do with a file that is no weights but a network under their name; else ""."""
    try:
        members = {
            PurePosixPath(name).name for name in zipfile.ZipFile(io.BytesIO(data)).namelist()
        }
    except (zipfile.BadZipFile, ValueError, OSError):
        return ""
    if "archive_format" in members:
        return "This is a network from torch.export, not weights. Give its name the end .pt2."
    if "constants.pkl" in members:
        return (
            "This is TorchScript, which is a program, and not weights. Save the weights alone "
            f"(three lines):\n\n```python\n{HOW_TO_EXPORT}\n```\n\nWhere whoever started this "
            "server lets TorchScript in, give its name the end .torchscript."
        )
    return ""


def _checked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as they are, those of a byte as float32; Problem where some hold no numbers."""
    tensors = {key: _plain(key, value) for key, value in tensors.items()}
    broken = [key for key, value in tensors.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise Problem(
            f"{len(broken)} of the tensors hold NaN or infinite values ({_some(broken)}). "
            "The training seems to have diverged; upload an earlier checkpoint."
        )
    return tensors


def _plain(name: str, tensor: Tensor) -> Tensor:
    """A tensor that can be computed with, with the same numbers; Problem where it has none."""
    called = f"The tensor {name[:100]!r}"
    if tensor.is_meta:
        raise Problem(
            f"{called} has a shape and no numbers: the model was on the meta device when it was "
            "saved. Load its weights first, then save its state dict."
        )
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_quantized:
        raise Problem(
            f"{called} is sparse, nested or quantised; dense tensors are accepted. Convert the "
            "model to dense floating point (tensor.to_dense(), tensor.dequantize()) before you "
            "save its state dict."
        )
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind in _COMPUTED:
        return tensor
    try:
        wide = tensor.to(torch.float32 if tensor.is_floating_point() else torch.int64)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise Problem(
            f"{called} holds numbers of the type {kind}, which cannot be computed with here. "
            "Convert the model to float32 (model.float()) before you save its state dict."
        ) from error
    return wide


def _some(names: list[str]) -> str:
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")
