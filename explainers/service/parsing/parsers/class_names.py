"""Reading lists of class names."""

from __future__ import annotations

import numpy as np

from explainers.models.class_names import MOST_CLASSES, read_class_names
from explainers.service.parsing.parsers.registry import PARSERS, ParsedFile, Parser


def _read_names(data: bytes) -> ParsedFile:
    names = (name.replace("\0", "") for name in read_class_names(data))
    text = "\0".join(names).encode(errors="replace")
    return {}, {"names": np.frombuffer(text, np.uint8)}


def _check_names(facts: dict, arrays: dict) -> None:
    names = arrays.get("names")
    if list(arrays) != ["names"] or names.dtype != np.uint8 or names.ndim != 1:
        raise ValueError("no names")
    if (names == 0).sum() >= MOST_CLASSES:
        raise ValueError("too many names")


def class_names(found: ParsedFile) -> tuple[str, ...]:
    """The names in what the reader of names found."""
    return tuple(found[1]["names"].tobytes().decode(errors="replace").split("\0"))


PARSERS["class_names"] = Parser(
    _read_names,
    _check_names,
    "a file of class names",
    "names_megabytes",
    ("json", "encodings.utf_8_sig"),
    lambda: ((b"a\nb", {}), (b'{"0": ["n1", "b"]}', {}), (b'\xef\xbb\xbf["a"]', {})),
)
