"""The engine's side of reading uploads: start a reading process, hear its answer, end it."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from explainers.errors import Cancelled, Problem
from explainers.options import lookup
from explainers.service import codec
from explainers.service.limits import limits
from explainers.service.parsing.parsers import PARSERS, ParsedFile, Parser
from explainers.service.sandbox.fork_server import ParserForkServer, end, once
from explainers.service.sandbox.sandbox import require_sandbox

# Readings at once: many pictures are small, weights are not.
AT_ONCE = {"light": 4, "tables": 2, "torch": 1, "onnx": 1}
_CAN_FORK = sys.platform == "linux"
if _CAN_FORK:
    import fcntl


class ParserPool:
    """Reads uploads, each in a process of its own behind the wall; safe to use from threads."""

    def __init__(self) -> None:
        self._nurseries = {group: ParserForkServer(group) for group in AT_ONCE}
        self._turns = {group: threading.BoundedSemaphore(n) for group, n in AT_ONCE.items()}

    def warm(self) -> None:
        """Start what most visitors need, without waiting for it."""
        if _CAN_FORK:
            self._nurseries["light"].start()

    def read(
        self,
        kind: str,
        upload: bytes | Path,
        into: BinaryIO,
        stop: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> None:
        """Read an upload (its bytes, or its file) and write the answer's checked frame into a file.

        Raises Problem with a sentence where it cannot be read, took too long or too much memory;
        Cancelled when `stop` said so.
        """
        reader = lookup(PARSERS, kind, "reader")
        if reader.needs_sandbox:
            require_sandbox()
        with self._turn(reader.group, stop), _opened(upload) as (source, size):
            _demand_size(reader, size)
            message = {"kind": kind, "size": size, "options": options}
            answer, kill = self._start(reader, source, message)
            self._hear(reader, answer, kill, into, stop)

    def found(self, kind: str, upload: bytes | Path, **options: Any) -> ParsedFile:
        """Read an upload; its facts and arrays. Raises as `read` does."""
        with tempfile.TemporaryFile() as file:
            self.read(kind, upload, file, **options)
            file.seek(0)
            return checked(PARSERS[kind], bytearray(file.read()))

    def close(self) -> None:
        """End the processes that fork."""
        for nursery in self._nurseries.values():
            nursery.close()

    @contextlib.contextmanager
    def _turn(self, group: str, stop: Callable[[], bool]) -> Iterator[None]:
        while not self._turns[group].acquire(timeout=0.1):
            if stop():
                raise Cancelled
        try:
            yield
        finally:
            self._turns[group].release()

    def _start(self, reader: Parser, source: int, message: dict):
        """The answer's pipe, and what ends the process."""
        if not _CAN_FORK:
            process = once(message, source)
            return process.stdout, lambda: (process.kill(), process.wait())
        ours, theirs = os.pipe()
        with contextlib.suppress(OSError):
            fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 1 << 20)
        try:
            handle = self._nurseries[reader.group].fork(message, (source, theirs))
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return os.fdopen(ours, "rb", buffering=0), lambda: end(handle)

    def _hear(self, reader: Parser, answer: BinaryIO, kill, into: BinaryIO, stop) -> None:
        done, late, cancelled = threading.Event(), threading.Event(), threading.Event()

        def watch() -> None:
            until = time.monotonic() + reader.seconds
            while not done.wait(0.05):
                if stop():
                    cancelled.set()
                elif time.monotonic() > until:
                    late.set()
                if cancelled.is_set() or late.is_set():
                    return kill()
            return kill()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            codec.receive(answer, into, reader.most_bytes, codec.MOST_FACTS)
        except codec.CodecError as error:
            if cancelled.is_set():
                raise Cancelled from error
            raise Problem(_ended(reader, late.is_set())) from error
        finally:
            done.set()
            watcher.join()
            answer.close()


def checked(reader: Parser, data, first: int = 0) -> ParsedFile:
    """The facts and arrays of a frame in a buffer, as this reader gives them, or Problem."""
    try:
        facts, arrays = codec.load(data, first)
        reader.check(facts, arrays)
    except (ValueError, AttributeError) as error:
        if isinstance(error, Problem):
            raise
        raise Problem(_ended(reader, late=False)) from error
    return facts, arrays


def _demand_size(reader: Parser, size: int) -> None:
    most = getattr(limits(), reader.limit)
    if size > 1e6 * most:
        raise Problem(
            f"This file has {size / 1e6:.0f} MB; {reader.what} may have up to {most:g} MB. Make it "
            "smaller and upload it again."
        )


def _ended(reader: Parser, late: bool) -> str:
    if late:
        return (
            f"Reading this file as {reader.what} took more than {reader.seconds} seconds and was "
            "ended. Make it smaller, or save it again and upload that."
        )
    return (
        f"Reading this file as {reader.what} ended without a result: it is damaged, or needs more "
        "memory than one upload may take. Make it smaller, or save it again and upload that."
    )


@contextlib.contextmanager
def _opened(upload: bytes | Path) -> Iterator[tuple[int, int]]:
    """A descriptor from which the upload can be read and not changed, and its length."""
    if isinstance(upload, Path):
        with upload.open("rb") as file:
            yield file.fileno(), os.fstat(file.fileno()).st_size
    elif not _CAN_FORK:
        with tempfile.TemporaryFile() as file:
            file.write(upload)
            file.seek(0)
            yield file.fileno(), len(upload)
    else:
        handle = os.memfd_create("upload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with os.fdopen(handle, "w+b", buffering=0) as file:
            view = memoryview(upload)
            while view:
                view = view[file.write(view) :]
            seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
            fcntl.fcntl(handle, fcntl.F_ADD_SEALS, seals)
            file.seek(0)
            yield handle, len(upload)
