"""How an upload is named: its kind, the digest of its bytes, and how it is to be parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from explainers.errors import Problem

VARIABLES_FIRST, TIME_FIRST, ROWS_ARE_SERIES = "turned.", "steps.", "rows."
"""In the name of a file of series: how they lie in it; without one of these, as what the network
takes (see `takes`) fits best."""
WHITE = "white"
"""In the name of a picture's file: the number behind it is the white that was chosen."""
_LAYOUTS = {
    VARIABLES_FIRST: "variables first",
    TIME_FIRST: "time first",
    ROWS_ARE_SERIES: "rows are series",
}
_COLLECTION = re.compile(r"many\.(\d{1,5})x(\d{1,5})\.(crop|stretch|pad)\Z")
_TAKES = re.compile(r"(\d{1,8})x(\d{1,8})\.")
_NETWORKS = {"onnx": "onnx", "pt2": "pt2", "torchscript": "torchscript", "ptl": "torchscript"}


def takes(shape: Sequence[int]) -> str:
    """What a network takes, as it stands in the name of a file of series; 0 is what is free.

    Examples
    --------
    >>> takes((150, 1)), takes(())
    ('150x1.', '')
    """
    return f"{shape[0]}x{shape[1]}." if len(shape) == 2 else ""


def collection(digest: str, sides: Sequence[int], fit: str) -> str:
    """The name of a .zip of pictures, of which each is kept as a network sees it.

    Examples
    --------
    >>> collection("0a1b", (96, 128), "crop")
    '0a1b.many.96x128.crop'
    """
    return f"{digest}.many.{sides[0]}x{sides[1]}.{fit}"


class UploadKey(NamedTuple):
    """One upload: its kind, a key of PARSERS; the digest of its bytes; the parser's options."""

    kind: str
    digest: str
    options: dict[str, Any]


def file_key(kind: str, name: str) -> UploadKey:
    """The key of an input's file: digest, a picture's white or how series lie, `takes`, suffix.

    Examples
    --------
    >>> file_key("series", "0a1b.turned.npy")
    UploadKey(kind='series', digest='0a1b', options={'layout': 'variables first', 'suffix': '.npy'})
    >>> file_key("series", "0a1b.150x1.tsv").options
    {'takes': (150, 1), 'suffix': '.tsv'}
    >>> file_key("picture", "0a1b.white4095")
    UploadKey(kind='picture', digest='0a1b', options={'white': 4095.0})
    >>> file_key("picture", "0a1b.many.96x128.crop").kind
    'picture_collection'
    """
    digest, _, suffix = name.partition(".")
    if fitted := _COLLECTION.match(suffix):
        shape = {"sides": (int(fitted[1]), int(fitted[2])), "fit": fitted[3]}
        return UploadKey("picture_collection", digest, shape)
    if suffix.startswith(WHITE):
        try:
            return UploadKey(kind, digest, {"white": float(suffix.removeprefix(WHITE))})
        except ValueError as error:
            raise Problem(f"{suffix!r} is the name of no picture.") from error
    options: dict[str, Any] = {}
    for prefix, layout in _LAYOUTS.items():
        if suffix.startswith(prefix):
            options["layout"], suffix = layout, suffix.removeprefix(prefix)
    if sides := _TAKES.match(suffix):
        options["takes"] = int(sides[1]), int(sides[2])
        suffix = suffix[sides.end() :]
    return UploadKey(kind, digest, options | ({"suffix": f".{suffix}"} if suffix else {}))


def network_key(name: str) -> UploadKey:
    """The key of an uploaded network or file of weights, named by digest and suffix.

    Examples
    --------
    >>> network_key("0a1b.safetensors")
    UploadKey(kind='state_dict', digest='0a1b', options={'suffix': '.safetensors'})
    """
    digest, _, suffix = name.partition(".")
    if suffix in _NETWORKS:
        return UploadKey(_NETWORKS[suffix], digest, {})
    return UploadKey("state_dict", digest, {"suffix": f".{suffix}"})
