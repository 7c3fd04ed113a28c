"""Reading weights: state dicts as .safetensors, or as .pt and .pth without running their code."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath

import torch
from torch import Tensor, nn

from explainers.errors import Problem
from explainers.models.formats.refusals import HOW_TO_EXPORT, WEIGHTS
from explainers.options import lookup

_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "weights", "params")
_PREFIXES = ("module.", "model.", "_orig_mod.", "net.")


def read_state_dict(data: bytes, suffix: str) -> dict[str, Tensor]:
    """The named tensors in a file's bytes; Problem where the file is not a plain state dict."""
    if suffix == ".safetensors":
        import safetensors.torch

        try:
            # They come in an order of chance.
            state = dict(sorted(safetensors.torch.load(data).items()))
        except Exception as error:
            raise Problem(
                f"This is not a .safetensors file: {str(error)[:120]}. Save the weights with "
                "safetensors.torch.save_file and upload that file."
            ) from error
    elif suffix in (".pt", ".pth"):
        state = _unpickled(data)
    else:
        raise Problem(f"{suffix or 'This'} is not accepted; weights are {', '.join(WEIGHTS)}.")
    return _plain(state)


def _unpickled(data: bytes):
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise Problem(
            "This file holds more than weights: loading it would run a program that is inside, "
            "so it was not opened. Save the weights alone, best as .safetensors (three lines):"
            f"\n\n```python\n{HOW_TO_EXPORT}\n```"
        ) from error
    except Exception as error:
        if said := _of_another_name(data):
            raise Problem(said) from error
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise Problem(
            f"This file cannot be read as weights: {first}. Accepted are state dicts saved with "
            "torch.save(model.state_dict(), …) or safetensors."
        ) from error


def _of_another_name(data: bytes) -> str:
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


def _plain(state) -> dict[str, Tensor]:
    """The tensors inside the usual wrappers, with the usual prefixes taken off."""
    while isinstance(state, Mapping) and not any(isinstance(v, Tensor) for v in state.values()):
        inner = [state[key] for key in _WRAPPERS if isinstance(state.get(key), Mapping)]
        if not inner:
            break
        state = inner[0]
    if not isinstance(state, Mapping):
        raise Problem(
            f"The file holds a {type(state).__name__}, not a state dict. Save "
            "model.state_dict(), not the model."
        )
    tensors = {str(key): value for key, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise Problem("The file holds no tensors. Save model.state_dict() and upload that.")
    for prefix in _PREFIXES:
        if all(key.startswith(prefix) for key in tensors):
            tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    broken = [key for key, value in tensors.items() if not bool(torch.isfinite(value).all())]
    if broken:
        raise Problem(
            f"{len(broken)} of the tensors hold NaN or infinite values ({_some(broken)}). "
            "The training seems to have diverged; upload an earlier checkpoint."
        )
    return tensors


def fitted(
    architecture: str, state: Mapping[str, Tensor], choices: Mapping[str, str] | None = None
) -> nn.Module:
    """The classifier `architecture` with these weights, in eval mode.

    One of torchvision's, or "timm/NAME", or PLAIN_CHAIN, which `choices` answer questions about.
    The number of classes is read from the weights. Problem says what differs where they do not fit.
    """
    from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN, TIMM

    if architecture == PLAIN_CHAIN:
        from explainers.models.formats import inferred

        return inferred.built(inferred.describe(state), state, choices)
    if architecture.startswith(TIMM):
        from explainers.models.zoo import timm_models

        return timm_models.fitted(architecture, state)
    from torchvision import models

    lookup(dict.fromkeys(ARCHITECTURES), architecture, "architecture")
    with weightless():
        pattern = built(models, architecture, 1000, aux=True).state_dict()
    given = shapes(state)
    heads = [key for key, value in pattern.items() if value.ndim and value.shape[0] == 1000]
    classes = {given[key][0] for key in heads if given.get(key)}
    if not classes:
        raise Problem(_difference(architecture, shapes(pattern), given))
    aux = any(key.lower().startswith("aux") for key in state)
    model = built(models, architecture, min(classes), aux)
    demand_fit(architecture, shapes(model.state_dict()), given)
    model.load_state_dict(state)
    return model.eval()


def shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor."""
    return {key: tuple(value.shape) for key, value in state.items()}


def demand_fit(architecture: str, wanted: Mapping[str, tuple], given: Mapping[str, tuple]) -> None:
    """Problem with what differs between the shapes of an architecture and those of a file."""
    if dict(wanted) != dict(given):
        raise Problem(_difference(architecture, wanted, given))


@contextmanager
def weightless() -> Iterator[None]:
    """Modules built meanwhile have parameters without data: names and shapes, no memory, no time.

    torch.device("meta") would do as much, but some constructors (RegNet) compute with tensors.
    """
    register = nn.Module.register_parameter

    def without_data(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        register(module, name, parameter)
        if parameter is not None:
            module._parameters[name] = nn.Parameter(parameter.to("meta"))

    nn.Module.register_parameter = without_data
    try:
        yield
    finally:
        nn.Module.register_parameter = register


def built(models, architecture: str, classes: int, aux: bool) -> nn.Module:
    """The untrained architecture for so many classes, with auxiliary heads where it has them."""
    extra = {}
    if architecture in ("googlenet", "inception_v3"):
        extra = {"aux_logits": aux, "init_weights": False, "transform_input": False}
    return models.get_model(architecture, weights=None, num_classes=classes, **extra)


def _difference(architecture: str, wanted: Mapping, given: Mapping) -> str:
    missing = [key for key in wanted if key not in given]
    unknown = [key for key in given if key not in wanted]
    differ = [
        f"{key}: file {given[key]}, model {wanted[key]}"
        for key in wanted
        if key in given and given[key] != wanted[key]
    ]
    parts = []
    if missing:
        parts.append(f"{len(missing)} of its names are missing in the file ({_some(missing)})")
    if unknown:
        parts.append(f"{len(unknown)} names of the file are unknown to it ({_some(unknown)})")
    if differ:
        parts.append(f"{len(differ)} shapes differ ({_some(differ)})")
    return (
        f"These weights do not fit {architecture}: {'; '.join(parts)}. "
        "Choose the architecture that they were trained with."
    )


def _some(names: list[str], count: int = 2) -> str:
    return ", ".join(names[:count]) + (", …" if len(names) > count else "")
