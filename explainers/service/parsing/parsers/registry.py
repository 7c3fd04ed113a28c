"""What a kind of upload declares of how it is read, and the table of all kinds."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers.errors import Problem

ParsedFile = tuple[dict[str, Any], dict[str, np.ndarray]]
"""Facts that JSON can hold, and arrays by name."""

PARSERS: dict[str, Parser] = {}
"""Kinds of uploads by key."""


@dataclass(frozen=True)
class Parser:
    """How one kind of upload is read.

    parse       from the bytes (and options) to facts and arrays; runs behind the wall only.
    check       ValueError where facts and arrays are not what `parse` would give; runs outside.
    what        the upload in words.
    limit       the name of the setting that bounds the upload, in megabytes.
    modules     imported before the wall goes up, for nothing can be imported behind it.
    rehearsal   calls `parse` with good files, so that it has imported what it needs.
    group       readers of a group share a process that forks them; "torch" has torch imported.
    seconds     of time; memory, per_byte: bytes it may take, and more for each byte of the upload;
    most_bytes  of the answer.
    needs_sandbox      whether it is refused where the wall is not complete.
    """

    parse: Callable[..., ParsedFile]
    check: Callable[[dict, dict], None]
    what: str
    limit: str
    modules: tuple[str, ...]
    rehearsal: Callable[[], Iterable[tuple[bytes, dict[str, Any]]]]
    group: str = "light"
    seconds: int = 20
    memory: int = 1_000_000_000
    per_byte: int = 4
    most_bytes: int = 64_000_000
    needs_sandbox: bool = False

    def prepare(self) -> None:
        """Import everything that `parse` may need, by name and by trying it."""
        for module in self.modules:
            importlib.import_module(module)
        for data, options in (
            *self.rehearsal(),
            *((b"\x00not this", o) for _, o in self.rehearsal()),
        ):
            for part in (data, data[: len(data) // 2]):
                try:
                    self.parse(part, **options)
                except Problem:
                    continue
