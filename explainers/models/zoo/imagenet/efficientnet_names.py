"""EfficientNet-PyTorch's names of tensors, as timm calls the same ones.

lukemelas/EfficientNet-PyTorch, and the many files of weights that come from it, number the blocks
of a network through and call its parts otherwise than timm, which numbers them stage by stage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar("Value")

_OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_SQUEEZE = {"_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand"}
_EXPANDED = _SQUEEZE | {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_PLAIN = _SQUEEZE | {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
"""Of a block without an expansion, which are those of the first stage."""
_BLOCK = re.compile(r"_blocks\.(\d+)\.(\w+)\.(\w+)")
_NUMBERED = re.compile(r"blocks\.(\d+)\.(\d+)\.")
FAMILY = "tf_efficientnet_"
"""How timm's names of the networks start whose paddings and constants are those of these files."""


def is_efficientnet_pytorch(names: Iterable[str]) -> bool:
    """Whether tensors are called as EfficientNet-PyTorch calls them.

    Examples
    --------
    >>> is_efficientnet_pytorch(["_conv_stem.weight", "_fc.bias"]), is_efficientnet_pytorch(["fc"])
    (True, False)
    """
    return "_conv_stem.weight" in set(names)


def renamed(state: Mapping[str, Value], pattern: Iterable[str]) -> dict[str, Value]:
    """The tensors under the names of timm's network; those that it knows no name for keep theirs.

    Parameters
    ----------
    state : Mapping[str, Tensor]
        By EfficientNet-PyTorch's names.
    pattern : iterable of str
        The names of timm's network, which tell how many blocks each of its stages has.

    Returns
    -------
    dict[str, Tensor]

    Examples
    --------
    >>> renamed({"_blocks.1._bn2.bias": 0}, ["blocks.0.0.bn1.bias", "blocks.1.0.bn3.bias"])
    {'blocks.1.0.bn2.bias': 0}
    """
    found = {(int(match[1]), int(match[2])) for name in pattern if (match := _NUMBERED.match(name))}
    places = sorted(found)
    expanded = {_BLOCK.match(name)[1] for name in state if "._expand_conv." in name}  # type: ignore[index]

    def name_of(name: str) -> str:
        if block := _BLOCK.fullmatch(name):
            number, parts = int(block[1]), _EXPANDED if block[1] in expanded else _PLAIN
            if number < len(places) and block[2] in parts:
                stage, place = places[number]
                return f"blocks.{stage}.{place}.{parts[block[2]]}.{block[3]}"
        outside, _, rest = name.partition(".")
        return f"{_OUTSIDE[outside]}.{rest}" if outside in _OUTSIDE else name

    return {name_of(name): value for name, value in state.items()}
