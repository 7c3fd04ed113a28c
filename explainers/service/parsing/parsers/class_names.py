"""Parsing lists of class names."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from explainers.kinds.files.formats import declare
from explainers.models.class_names import MOST_CLASSES, read_class_names
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)


def _parse(untrusted_data: bytes) -> ParsedFile:
    names = (name.replace("\0", "") for name in read_class_names(untrusted_data))
    text = "\0".join(names).encode(errors="replace")
    return {}, {"names": np.frombuffer(text, np.uint8)}


def _check(facts: Facts, arrays: Arrays) -> None:
    if list(arrays) != ["names"]:
        raise ValueError("no names")
    names = arrays["names"]
    if names.dtype != np.uint8 or names.ndim != 1:
        raise ValueError("no names")
    if np.count_nonzero(names == 0) >= MOST_CLASSES:
        raise ValueError("too many names")


def class_names(parsed: ParsedFile) -> tuple[str, ...]:
    r"""The class names in the parsed form of their file, in its order.

    Examples
    --------
    >>> import numpy as np
    >>> class_names(({}, {"names": np.frombuffer(b"cat\0dog", np.uint8)}))
    ('cat', 'dog')
    """
    return tuple(parsed[1]["names"].tobytes().decode(errors="replace").split("\0"))


def _warm_up_files() -> Iterable[WarmUpFile]:
    yield b"a\nb", {}
    yield b'{"0": ["n1", "b"]}', {}
    yield b'\xef\xbb\xbf["a"]', {}
    yield b"{0: 'a', 1: 'b'}", {}
    yield b"id,name\n0,a\n1,b", {}


PARSERS["class_names"] = Parser(
    parse=_parse,
    check=_check,
    description="a file of class names",
    limit="names_megabytes",
    modules=("ast", "csv", "json", "encodings.utf_8_sig"),
    warm_up_files=_warm_up_files,
)

declare("class names", "text, JSON, Python", ".txt", ".names", ".json", ".py")
declare("class names", "a table, YAML", ".csv", ".tsv", ".yaml", ".yml")
