"""What the parser of one kind of upload declares, and the table of all parsers.

A new kind of upload is one module of this folder: it gives the functions that the protocols below
describe, and puts a `Parser` into `PARSERS`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from explainers.errors import Problem
from explainers.kinds.registry import Arrays, Facts, ParsedFile

WarmUpFile: TypeAlias = tuple[bytes, dict[str, Any]]
"""The bytes of a file, and the options to parse it with."""


class ParseFunction(Protocol):
    """Parses the bytes of an upload; called in the sandbox only, where nothing can be imported."""

    def __call__(self, untrusted_data: bytes, /, *args: Any, **options: Any) -> ParsedFile:
        """Facts and arrays; Problem with a sentence for the visitor where there are none."""
        ...


class CheckFunction(Protocol):
    """Checks an answer; called outside of the sandbox, and may decode nothing."""

    def __call__(self, untrusted_facts: Facts, untrusted_arrays: Arrays, /) -> None:
        """ValueError (or AttributeError) for whatever the parse function would never give."""
        ...


class WarmUpFunction(Protocol):
    """Makes small good files of every form that the parse function knows."""

    def __call__(self) -> Iterable[WarmUpFile]:
        """Files on which the parse function is tried, so that it imports all that it needs."""
        ...


@dataclass(frozen=True)
class Parser:
    """How one kind of upload is parsed: by what, within which limits, and how that is checked.

    Attributes
    ----------
    parse : ParseFunction
        From the upload's bytes and options to facts and arrays; runs in the sandbox.
    check : CheckFunction
        ValueError where an answer is not what `parse` would give; runs outside.
    description : str
        The upload in words, to follow "as" or to begin a sentence: "a table".
    limit : str
        The field of `Limits` that bounds the upload, in megabytes.
    modules : tuple of str
        Modules to import before the sandbox is entered.
    warm_up_files : WarmUpFunction
        Good files, parsed for the same reason.
    group : str
        Parsers of a group share a process that forks them; "torch" has torch imported.
    seconds : int
        Time that one upload may take, on the clock and on the processor.
    memory, memory_per_byte : int
        Bytes that one upload may take, and more for each of its own bytes.
    most_bytes : int
        Bytes that all arrays of an answer may have.
    maps : bool
        Whether `parse` gets the upload as a mapping of its file instead of bytes.
    needs_sandbox : bool
        Whether such uploads are refused where the sandbox is not complete.
    start_threads : callable
        Starts all threads that `parse` computes with, given what counts those of the process: in
        the sandbox none can be started.
    """

    parse: ParseFunction
    check: CheckFunction
    description: str
    limit: str
    modules: tuple[str, ...]
    warm_up_files: WarmUpFunction
    group: str = "light"
    seconds: int = 20
    memory: int = 1_000_000_000
    memory_per_byte: int = 4
    most_bytes: int = 64_000_000
    maps: bool = False
    needs_sandbox: bool = False
    start_threads: Callable[[Callable[[], int]], None] | None = None

    def warm_up(self) -> None:
        """Import everything that `parse` may need, by name and by trying it on good and bad files.

        Whatever else than Problem `parse` raises comes through.
        """
        for module in self.modules:
            importlib.import_module(module)
        good = list(self.warm_up_files())
        bad = [(b"\x00not this", options) for _, options in good]
        with _quiet():
            for data, options in (*good, *bad):
                for part in (data, data[: len(data) // 2]):
                    with contextlib.suppress(Problem):
                        self.parse(part, **options)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep standard error free of what libraries in C (libtiff) say of damaged files."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
        sys.stderr.flush()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


PARSERS: dict[str, Parser] = {}
"""Parsers by kind of upload: "picture", "table", … for inputs, "onnx", "pt2", … for networks."""
