"""timm's classifiers by name and by their weights, where timm is installed; it need not be."""

from __future__ import annotations

import functools
import importlib.util
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.models.zoo.architectures import TIMM
from explainers.options import lookup

if TYPE_CHECKING:
    from torch import Tensor, nn

Shapes = dict[str, tuple[int, ...]]
SECONDS = 40
"""How long networks may be built to compare their names and shapes."""
_FEWEST_TENSORS, _MOST_STRANGE = 20, 8
_USUAL_CLASSES = 1000


def timm_names() -> tuple[str, ...]:
    """All names, as "timm/resnet50d", read from its files without importing it; () without timm."""
    return tuple(sorted(f"{TIMM}{name}" for source in _sources() for name in source if name))


def recognised(state: Mapping[str, Tensor], seconds: float = SECONDS) -> str | None:
    """The name of timm's network with just these names and shapes, whatever its number of classes.

    Of timm's files with architectures those are tried in which all words of the names stand; first
    one network of each, then all of the file whose one was most alike, and so on until one fits,
    for so many `seconds`. None where none was found, or timm is not installed. Problem where
    several networks have these names and shapes but compute different things.
    """
    given = {key: tuple(value.shape) for key, value in state.items()}
    if len(given) < _FEWEST_TENSORS:
        return None
    ends = time.monotonic() + seconds
    nearest = {}
    for names in _likely(given):
        if time.monotonic() < ends:
            nearest[names] = _nearness(given, _pattern(names[0]))
    for names in sorted(nearest, key=nearest.get, reverse=True):
        found: dict[str, list[str]] = {}
        tried = 0
        for name in names:
            if time.monotonic() > ends:
                break
            tried += 1
            with _given_up_unless(given):
                pattern = _pattern.__wrapped__(name)
            if pattern is not None and _alike(given, *pattern[:2]):
                found.setdefault(pattern[2], []).append(name)
        firsts = [min(alike, key=lambda name: (len(name), name)) for alike in found.values()]
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


@contextmanager
def _given_up_unless(given: Shapes) -> Iterator[None]:
    """Building a network meanwhile fails once it has many parameters of no tensor's shape.

    Some are made for trial only and thrown away.
    """
    from torch import nn

    register, allowed, strange = nn.Module.register_parameter, set(given.values()), []

    def checked(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if parameter is not None:
            shape = tuple(parameter.shape)
            if shape not in allowed and shape[:1] != (_USUAL_CLASSES,):
                strange.append(shape)
            if len(strange) > _MOST_STRANGE:
                raise ValueError("another network")
        register(module, name, parameter)

    nn.Module.register_parameter = checked
    try:
        yield
    finally:
        nn.Module.register_parameter = register


def fitted(architecture: str, state: Mapping[str, Tensor]) -> nn.Module:
    """timm's classifier "timm/NAME" with these weights, in eval mode.

    The number of classes is read from the weights. Problem says what differs where they do not fit,
    or that timm is not installed.
    """
    from explainers.models.formats.state_dict import demand_fit

    demand_timm()
    lookup(dict.fromkeys(timm_names()), architecture, "architecture")
    import timm

    name = architecture.removeprefix(TIMM)
    pattern = _pattern(name)
    if pattern is None:
        raise Problem(f"timm cannot build {name} here; upload the network as ONNX instead.")
    given = {key: tuple(value.shape) for key, value in state.items()}
    heads = [key for key in pattern[0] if key.startswith(pattern[1])]
    classes = {given[key][0] for key in heads if given.get(key)}
    own = {
        key: (min(classes), *shape[1:]) if classes and key in heads else shape
        for key, shape in pattern[0].items()
    }
    demand_fit(architecture, own, given)
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
    found = []
    for path in _files("models"):
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^@register_model\s*\ndef (\w+)", text, flags=re.MULTILINE)
        if len(parts) > 1:
            found.append({"": text, **dict(zip(parts[1::2], parts[2::2], strict=True))})
    return tuple(found)


@functools.cache
def _shared() -> str:
    """The text of what timm's files share: layers, and builders of blocks."""
    paths = [*_files("layers"), *(path for path in _files("models") if path.name[0] == "_")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def _files(folder: str) -> list[Path]:
    spec = importlib.util.find_spec("timm")
    return sorted((Path(spec.origin).parent / folder).glob("*.py")) if spec else []


def _likely(given: Shapes) -> list[tuple[str, ...]]:
    """Names by file, of files in which all words of the tensors' names stand.

    In a file those come first whose own numbers are sides or counts of the tensors.
    """
    paths = [key.rpartition(".")[0] or key for key in given]
    words = {re.sub(r"\d+$", "", part) for path in paths for part in path.split(".")} - {""}
    first = {re.sub(r"\d+$", "", path.split(".")[0]) for path in paths} - {""}
    numbers = {str(side) for shape in given.values() for side in shape}
    numbers |= {str(int(n) + 1) for path in paths for n in re.findall(r"\d+", path)}

    def strange(text: str) -> float:
        own = set(re.findall(r"\b\d+\b", text)) - {"0", "1"}
        return len(own - numbers) / (len(own) + 1)

    found = []
    for source in _sources():
        named = {w for w in words if re.search(rf"""[.'"]{re.escape(w)}""", source[""])}
        missing = words - named
        if not missing & first and all(
            re.search(rf"""[.'"]{re.escape(w)}""", _shared()) for w in missing
        ):
            found.append(tuple(sorted(set(source) - {""}, key=lambda n: (strange(source[n]), n))))
    return found


def _nearness(given: Shapes, pattern: tuple | None) -> float:
    """The share of names, numbers left out, that the tensors and an architecture have in common."""
    if pattern is None:
        return 0.0
    ours, theirs = ({re.sub(r"\d+", "#", key) for key in keys} for keys in (given, pattern[0]))
    return len(ours & theirs) / len(ours | theirs)


@functools.lru_cache(maxsize=512)
def _pattern(name: str) -> tuple[Shapes, tuple[str, ...], str] | None:
    """Names and shapes of a network, how its head's names start, and all its layers in words.

    None where timm cannot build it without data.
    """
    import timm
    import torch

    try:
        with torch.device("meta"):
            model = timm.create_model(name, pretrained=False, num_classes=_USUAL_CLASSES)
    except Exception:
        return None
    heads = getattr(model, "pretrained_cfg", {}).get("classifier") or "head"
    heads = (heads,) if isinstance(heads, str) else tuple(heads)
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    # How much is dropped at random while training does not matter.
    words = re.sub(r"drop_prob=[\d.]+|Dropout\(p=[\d.]+[^)]*\)", "", str(model))
    return shapes, tuple(f"{head}." for head in heads), words


def _alike(given: Shapes, own: Shapes, heads: tuple[str, ...]) -> bool:
    return given.keys() == own.keys() and all(
        given[key] == shape
        or (key.startswith(heads) and given[key][1:] == shape[1:] and bool(given[key]))
        for key, shape in own.items()
    )
