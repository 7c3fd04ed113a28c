"""What timm's networks are called by the names and shapes of their tensors, without timm.

`timm_signatures.txt` beside this file has a line for each set of names and shapes: its signature,
then the networks that have it. It holds those that are used most; where timm is installed,
`python -m tests.bench.timm_signatures` writes it for all.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

from explainers.models.formats.tensor_shapes import Shapes

_HEADS = {"head", "head_dist", "fc", "classifier", "last_linear", "classif", "logits", "output"}
"""Modules of which the first side may be the number of classes."""
_FAMILIES = {
    r"blocks\.\d+\.attn\.qkv\.weight": "a vision transformer",
    r"stages\.\d+\.blocks\.\d+\.conv_dw\.weight": "a ConvNeXt",
    r"layers\.\d+\.blocks\.\d+\.attn\.relative_position_bias_table": "a Swin transformer",
    r"blocks\.\d+\.\d+\.conv_pwl\.weight": "an EfficientNet or MobileNet",
    r"blocks\.\d+\.mlp_tokens\.fc1\.weight": "an MLP-Mixer",
    r"stages\.\d+\.\d+\.reparam_conv\.weight": "a RepVGG",
}
"""Names of tensors that only timm gives, for networks that are not in the file."""


def signature(shapes: Shapes) -> str:
    """What tells the names and shapes of a network from those of others, whatever its classes.

    Examples
    --------
    >>> signature({"conv.weight": (8, 3, 3, 3), "head.weight": (10, 8)}) == signature(
    ...     {"head.weight": (1000, 8), "conv.weight": (8, 3, 3, 3)}
    ... )
    True
    """
    lines = []
    for key, shape in sorted(shapes.items()):
        part_of_head = not _HEADS.isdisjoint(key.split("."))
        lines.append(f"{key} {tuple(shape[1:] if part_of_head else shape)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:10]


def timm_name(shapes: Shapes) -> str:
    """What timm calls the network of these names and shapes, in words; "" where it is none of its.

    Examples
    --------
    >>> timm_name({"0.weight": (3, 4)})
    ''
    """
    names = _known().get(signature(shapes), ())
    if names:
        more = ", …" if len(names) > 3 else ""
        alike = ", whose tensors are alike" if len(names) > 1 else ""
        return f"timm's {', '.join(names[:3])}{more}{alike}"
    for pattern, family in _FAMILIES.items():
        if any(re.fullmatch(pattern, key) for key in shapes):
            return f"{family} of timm's"
    return ""


@functools.cache
def _known() -> dict[str, tuple[str, ...]]:
    text = Path(__file__).with_suffix(".txt").read_text(encoding="ascii")
    lines = (line.split() for line in text.splitlines())
    return {line[0]: tuple(line[1:]) for line in lines if line}
