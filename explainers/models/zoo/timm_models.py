"""timm's classifiers by name and by their weights, where timm is installed; it need not be."""

from __future__ import annotations

import functools
import importlib.util
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from explainers.errors import Problem
from explainers.models.formats.tensor_shapes import Shapes, demand_fit, tensor_shapes
from explainers.models.zoo.architectures import TIMM
from explainers.models.zoo.imagenet.efficientnet_names import (
    FAMILY,
    is_efficientnet_pytorch,
    renamed,
)
from explainers.options import lookup

if TYPE_CHECKING:
    from torch import Tensor, nn

SECONDS = 40
"""How long networks may be built to compare their names and shapes."""
_FEWEST_TENSORS, _MOST_STRANGE = 20, 8
_USUAL_CLASSES = 1000


class _Pattern(NamedTuple):
    """Names and shapes of a network, how its head's names start, and all its layers in words."""

    shapes: Shapes
    heads: tuple[str, ...]
    layers: str


def timm_names() -> tuple[str, ...]:
    """The names of all of timm's classifiers, read from its files without importing it.

    Returns
    -------
    tuple of str
        As "timm/resnet50d"; () where timm is not installed.
    """
    return tuple(sorted(f"{TIMM}{name}" for source in _sources() for name in source if name))


def recognise_timm(state: Mapping[str, Tensor], seconds: float = SECONDS) -> str | None:
    """The name of timm's network with just these names and shapes, whatever its number of classes.

    Of timm's files with architectures those are tried in which all words of the names stand; first
    one network of each, then all of the file whose one was most alike, and so on until one fits.

    Parameters
    ----------
    state : Mapping[str, Tensor]
        The state dict of a classifier.
    seconds : float
        How long networks may be built to compare them.

    Returns
    -------
    str or None
        "timm/NAME"; None where none was found, or timm is not installed.

    Raises
    ------
    Problem
        Where several networks have these names and shapes but compute different things.
    """
    given = tensor_shapes(state)
    if len(given) < _FEWEST_TENSORS:
        return None
    if is_efficientnet_pytorch(given):
        return _recognise_efficientnet_pytorch(given)
    ends = time.monotonic() + seconds
    nearest: dict[tuple[str, ...], float] = {}
    for names in _likely(given):
        if time.monotonic() < ends:
            nearest[names] = _nearness(given, _pattern(names[0]))
    for names in sorted(nearest, key=lambda names: nearest[names], reverse=True):
        matches: dict[str, list[str]] = {}
        tried = 0
        for name in names:
            if time.monotonic() > ends:
                break
            tried += 1
            with _abandoned_unless(given):
                pattern = _build_pattern(name)
            if pattern is not None and _same_network(given, pattern):
                matches.setdefault(pattern.layers, []).append(name)
        firsts = [min(alike, key=lambda name: (len(name), name)) for alike in matches.values()]
        if len(firsts) > 1 or (firsts and tried < len(names)):
            untried = "" if len(firsts) > 1 else ", and there was no time to try them all"
            raise Problem(
                "These weights have the names and shapes of timm's "
                f"{', '.join(TIMM + name for name in sorted(firsts))}; architectures with the same "
                f"weights can compute different things{untried}. Choose the one that they were "
                "trained with."
            )
        if firsts:
            return TIMM + firsts[0]
    return None


def _recognise_efficientnet_pytorch(given: Shapes) -> str | None:
    """timm's name of a network whose tensors EfficientNet-PyTorch has named; None for none."""
    for name in sorted(timm_names(), key=lambda name: (len(name), name)):
        if name.startswith(TIMM + FAMILY):
            pattern = _pattern(name.removeprefix(TIMM))
            if pattern and _same_network(renamed(given, pattern.shapes), pattern):
                return name
    return None


@contextmanager
def _abandoned_unless(given: Shapes) -> Iterator[None]:
    """Building a network meanwhile fails once it has many parameters of no tensor's shape.

    Some are made for trial only and thrown away.
    """
    from torch.nn.modules.module import register_module_parameter_registration_hook

    known, strange = set(given.values()), []

    def demand_known(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        shape = tuple(parameter.shape)
        if shape not in known and shape[:1] != (_USUAL_CLASSES,):
            strange.append(shape)
        if len(strange) > _MOST_STRANGE:
            raise ValueError("another network")

    hook = register_module_parameter_registration_hook(demand_known)
    try:
        yield
    finally:
        hook.remove()


def load_timm(architecture: str, state: Mapping[str, Tensor]) -> nn.Module:
    """timm's classifier "timm/NAME" with these weights, in evaluation mode.

    Parameters
    ----------
    architecture : str
        "timm/" and a name that timm knows.
    state : Mapping[str, Tensor]
        Its state dict; the number of classes is read from it.

    Returns
    -------
    nn.Module
        From pictures (N, 3, height, width) to logits (N, classes).

    Raises
    ------
    Problem
        With what differs where the weights do not fit, or where timm is not installed.
    """
    demand_timm()
    lookup(dict.fromkeys(timm_names()), architecture, "architecture")
    import timm

    name = architecture.removeprefix(TIMM)
    pattern = _pattern(name)
    if pattern is None:
        raise Problem(f"timm cannot build {name} here; upload the network as ONNX instead.")
    if is_efficientnet_pytorch(state):
        state = renamed(state, pattern.shapes)
    given = tensor_shapes(state)
    heads = [key for key in pattern.shapes if key.startswith(pattern.heads)]
    classes = {given[key][0] for key in heads if given.get(key)}
    wanted = {
        key: (min(classes), *shape[1:]) if classes and key in heads else shape
        for key, shape in pattern.shapes.items()
    }
    demand_fit(architecture, wanted, given)
    model = timm.create_model(name, pretrained=False, num_classes=min(classes))
    model.load_state_dict(state)
    return model.eval()


def demand_timm() -> None:
    """Problem where timm is not installed, with the line that does."""
    if importlib.util.find_spec("timm") is None:
        raise Problem(
            "timm is not installed on this server. Whoever runs it can `pip install timm`; or "
            "upload the network as ONNX, which needs no architecture."
        )


@functools.cache
def _sources() -> tuple[dict[str, str], ...]:
    """For each of timm's files with architectures, the text of each by name, and of all as ""."""
    sources = []
    for path in _files("models"):
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^@register_model\s*\ndef (\w+)", text, flags=re.MULTILINE)
        if len(parts) > 1:
            sources.append({"": text, **dict(zip(parts[1::2], parts[2::2], strict=True))})
    return tuple(sources)


@functools.cache
def _shared() -> str:
    """The text of what timm's files share: layers, and builders of blocks."""
    paths = [*_files("layers"), *(path for path in _files("models") if path.name[0] == "_")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def _files(folder: str) -> list[Path]:
    spec = importlib.util.find_spec("timm")
    if spec is None or spec.origin is None:
        return []
    return sorted((Path(spec.origin).parent / folder).glob("*.py"))


def _likely(given: Shapes) -> list[tuple[str, ...]]:
    """Names by file, of files in which all words of the tensors' names stand.

    In a file those come first whose numbers are sides or counts of the tensors.
    """
    paths = [key.rpartition(".")[0] or key for key in given]
    words = {re.sub(r"\d+$", "", part) for path in paths for part in path.split(".")} - {""}
    first = {re.sub(r"\d+$", "", path.split(".")[0]) for path in paths} - {""}
    numbers = {str(side) for shape in given.values() for side in shape}
    numbers |= {str(int(n) + 1) for path in paths for n in re.findall(r"\d+", path)}

    def strange(text: str) -> float:
        counts = set(re.findall(r"\b\d+\b", text)) - {"0", "1"}
        return len(counts - numbers) / (len(counts) + 1)

    likely = []
    for source in _sources():
        named = {w for w in words if re.search(rf"""[.'"]{re.escape(w)}""", source[""])}
        missing = words - named
        if not missing & first and all(
            re.search(rf"""[.'"]{re.escape(w)}""", _shared()) for w in missing
        ):
            likely.append(tuple(sorted(set(source) - {""}, key=lambda n: (strange(source[n]), n))))
    return likely


def _nearness(given: Shapes, pattern: _Pattern | None) -> float:
    """The share of names, numbers left out, that the tensors and an architecture have in common."""
    if pattern is None:
        return 0.0
    ours, theirs = (
        {re.sub(r"\d+", "#", key) for key in shapes} for shapes in (given, pattern.shapes)
    )
    return len(ours & theirs) / len(ours | theirs)


@functools.lru_cache(maxsize=512)
def _pattern(name: str) -> _Pattern | None:
    """As `_build_pattern`, built once."""
    return _build_pattern(name)


def _build_pattern(name: str) -> _Pattern | None:
    """What tells a network of timm's from others; None where timm cannot build it without data."""
    import timm
    import torch

    from explainers.models.zoo.torchvision_models import SkipInitialisation

    try:
        with torch.device("meta"), SkipInitialisation():
            model = timm.create_model(name, pretrained=False, num_classes=_USUAL_CLASSES)
    except Exception:
        return None
    heads = getattr(model, "pretrained_cfg", {}).get("classifier") or "head"
    heads = (heads,) if isinstance(heads, str) else tuple(heads)
    # How much is dropped at random while training does not matter.
    layers = re.sub(r"drop_prob=[\d.]+|Dropout\(p=[\d.]+[^)]*\)", "", str(model))
    return _Pattern(tensor_shapes(model.state_dict()), tuple(f"{head}." for head in heads), layers)


def _same_network(given: Shapes, pattern: _Pattern) -> bool:
    """Whether names and shapes agree, but for the number of classes."""
    return given.keys() == pattern.shapes.keys() and all(
        given[key] == shape
        or (key.startswith(pattern.heads) and given[key][1:] == shape[1:] and bool(given[key]))
        for key, shape in pattern.shapes.items()
    )
