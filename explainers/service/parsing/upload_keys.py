"""How an upload is named: its kind, the digest of its bytes, and how it is to be parsed."""

from __future__ import annotations

from typing import Any, NamedTuple

VARIABLES_FIRST = "turned."
"""In the name of a file of series: its arrays have their variables before their time steps."""
WHITE = "white"
"""In the name of a picture's file: the number behind it is the white that was chosen."""
_NETWORKS = {"onnx": "onnx", "pt2": "pt2", "torchscript": "torchscript", "ptl": "torchscript"}


class UploadKey(NamedTuple):
    """One upload: its kind, a key of PARSERS; the digest of its bytes; the parser's options."""

    kind: str
    digest: str
    options: dict[str, Any]


def file_key(kind: str, name: str) -> UploadKey:
    """The key of an input's file, named by digest, what was chosen, and suffix.

    Examples
    --------
    >>> file_key("series", "0a1b.turned.npy")
    UploadKey(kind='series', digest='0a1b', options={'layout': 'variables first', 'suffix': '.npy'})
    >>> file_key("picture", "0a1b.white4095")
    UploadKey(kind='picture', digest='0a1b', options={'white': 4095.0})
    """
    digest, _, suffix = name.partition(".")
    if suffix.startswith(WHITE):
        return UploadKey(kind, digest, {"white": float(suffix.removeprefix(WHITE))})
    options = {"layout": "variables first"} if suffix.startswith(VARIABLES_FIRST) else {}
    suffix = suffix.removeprefix(VARIABLES_FIRST)
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
