"""The server's side of parsing: start a parser process, receive its answer, end it."""

from __future__ import annotations

import contextlib
import functools
import logging
import mmap
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
from explainers.service.parsing.fair_slots import FairSlots
from explainers.service.parsing.parsers import PARSERS, ParsedFile, Parser
from explainers.service.sandbox.fork_server import (
    ParserForkServer,
    end_process,
    start_parser_process,
)
from explainers.service.sandbox.sandbox import require_sandbox

# Parser processes at once, by group: many pictures are small, weights are not. One more where all
# of them take long for visitors who are not the one that waits.
MOST_AT_ONCE = {"light": 4, "tables": 2, "torch": 1, "onnx": 1}
ATTEMPTS = 2
"""Of a file whose parser ended without an answer, for which somebody else may be to blame."""
_CAN_FORK = sys.platform == "linux"
if _CAN_FORK:
    import fcntl

logger = logging.getLogger(__name__)


class ParserPool:
    """Parses uploads, each in a sandboxed process of its own; safe to use from many threads."""

    def __init__(self) -> None:
        self._fork_servers = {group: ParserForkServer(group) for group in MOST_AT_ONCE}
        self._slots = {group: FairSlots(n) for group, n in MOST_AT_ONCE.items()}

    def warm(self) -> None:
        """Start what most visitors need, without waiting for it."""
        if _CAN_FORK:
            self._fork_servers["light"].start()

    def parse_into(
        self,
        kind: str,
        untrusted_upload: bytes | Path,
        into: BinaryIO,
        stop: Callable[[], bool] = lambda: False,
        turn: str = "",
        **options: Any,
    ) -> None:
        """Parse an upload and write the answer's frame into a file.

        Parameters
        ----------
        kind : str
            A key of `PARSERS`.
        untrusted_upload : bytes or Path
            The upload, or the file that holds it. It is not opened in this process.
        into : BinaryIO
            Gets one frame (see `codec`), whose lengths and types are checked, but not its content:
            see `check_answer`.
        stop : callable
            Asked all the time; True ends the parsing.
        turn : str
            Whose turn it takes: nobody waits for all that another visitor uploaded.
        **options
            For the parser: "suffix" and the like.

        Raises
        ------
        Problem
            With a sentence, where it cannot be parsed, took too long or too much memory.
        Cancelled
            Where `stop` was True.
        """
        parser = lookup(PARSERS, kind, "reader")
        if parser.needs_sandbox:
            require_sandbox()
        with (
            self._slots[parser.group].one(turn, stop),
            _opened(untrusted_upload) as (source, size),
            _logged(kind, size),
        ):
            _demand_size(parser, size)
            message = {"kind": kind, "size": size, "options": options}
            start = into.tell()
            for attempt in range(ATTEMPTS):
                os.lseek(source, 0, os.SEEK_SET)
                answer, kill = self._start(parser, source, message)
                try:
                    return _receive(parser, answer, kill, into, stop)
                except _Ended as ended:  # by the file, or by whoever ended the process
                    if ended.late or attempt + 1 == ATTEMPTS:
                        raise
                into.seek(start)
                into.truncate()

    def parse(self, kind: str, untrusted_upload: bytes | Path, **options: Any) -> ParsedFile:
        """Parse an upload; its checked facts and arrays. Arguments and errors as `parse_into`."""
        with tempfile.TemporaryFile() as file:
            self.parse_into(kind, untrusted_upload, file, **options)
            file.seek(0)
            return check_answer(PARSERS[kind], bytearray(file.read()))

    def close(self) -> None:
        """End the processes that fork, for good."""
        for server in self._fork_servers.values():
            server.close()

    def _start(
        self, parser: Parser, source: int, message: dict[str, Any]
    ) -> tuple[BinaryIO, Callable[[], None]]:
        """The answer's pipe, and what ends the process."""
        ours, theirs = os.pipe()
        kill: Callable[[], None]
        try:
            if _CAN_FORK:
                with contextlib.suppress(OSError):
                    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 1 << 20)
                pidfd = self._fork_servers[parser.group].fork(message, (source, theirs))
                kill = functools.partial(end_process, pidfd)
            else:
                kill = start_parser_process(message, source, theirs)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return os.fdopen(ours, "rb", buffering=0), kill


def _receive(
    parser: Parser,
    untrusted_answer: BinaryIO,
    kill: Callable[[], None],
    into: BinaryIO,
    stop: Callable[[], bool],
) -> None:
    """Copy the answer's frame, and end the process: afterwards, when it is late, or at a stop."""
    done, late, cancelled = threading.Event(), threading.Event(), threading.Event()

    def watch() -> None:
        until = time.monotonic() + parser.seconds
        while not done.wait(0.05):
            if stop():
                cancelled.set()
            elif time.monotonic() > until:
                late.set()
            if cancelled.is_set() or late.is_set():
                break
        kill()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        codec.receive(untrusted_answer, into, parser.most_bytes, codec.MOST_FACTS)
    except codec.CodecError as error:
        if cancelled.is_set():
            raise Cancelled from error
        raise _Ended(_ending(parser, late.is_set()), late.is_set()) from error
    finally:
        done.set()
        watcher.join()
        untrusted_answer.close()


def check_answer(
    parser: Parser, untrusted_answer: bytes | bytearray | mmap.mmap, first: int = 0
) -> ParsedFile:
    """The facts and arrays of a frame, if they are such as this parser gives.

    Parameters
    ----------
    parser : Parser
        Of the upload's kind.
    untrusted_answer : bytes, bytearray or mmap
        Holds the frame, from its byte `first` to its end.

    Returns
    -------
    ParsedFile
        Arrays that share the buffer's memory.

    Raises
    ------
    Problem
        Where it is no frame, or says what the parser would not say.
    """
    try:
        facts, arrays = codec.load(untrusted_answer, first)
        parser.check(facts, arrays)
    except (ValueError, AttributeError) as error:
        if isinstance(error, Problem):
            raise
        # Without the error's words, which may be the upload's.
        logger.warning("an answer as %s was refused by its check", parser.description)
        raise Problem(_ending(parser, late=False)) from error
    return facts, arrays


class _Ended(Problem):
    """The parser process gave no answer; `late` where it was ended for that."""

    def __init__(self, sentence: str, late: bool) -> None:
        super().__init__(sentence)
        self.late = late


@contextlib.contextmanager
def _logged(kind: str, size: int) -> Iterator[None]:
    """Log the kind, the bytes, the seconds and the ending of a parse, and no word of the upload."""
    started, level, ending = time.monotonic(), logging.INFO, "parsed"
    try:
        yield
    except Cancelled:
        ending = "cancelled"
        raise
    except _Ended as ended:
        level, ending = logging.WARNING, "too slow" if ended.late else "ended without an answer"
        raise
    except Problem:
        ending = "refused"
        raise
    except BaseException as error:
        level, ending = logging.ERROR, type(error).__name__
        raise
    finally:
        seconds = time.monotonic() - started
        logger.log(level, "%s of %d bytes: %s after %.2f s", kind, size, ending, seconds)


def _demand_size(parser: Parser, size: int) -> None:
    most = getattr(limits(), parser.limit)
    if size > 1e6 * most:
        raise Problem(
            f"This file has {size / 1e6:.0f} MB; {parser.description} may have up to {most:g} MB. "
            "Make it smaller and upload it again."
        )


def _ending(parser: Parser, late: bool) -> str:
    """What the visitor is told where no answer came."""
    if late:
        return (
            f"Reading this file as {parser.description} took more than {parser.seconds} seconds "
            "and was ended. Make it smaller, or save it again and upload that."
        )
    return (
        f"Reading this file as {parser.description} ended without a result: it is damaged, or "
        "needs more memory than one upload may take. Make it smaller, or save it again and upload "
        "that."
    )


@contextlib.contextmanager
def _opened(untrusted_upload: bytes | Path) -> Iterator[tuple[int, int]]:
    """A descriptor from which the upload can be read and not changed, and its length."""
    if isinstance(untrusted_upload, Path):
        with untrusted_upload.open("rb") as opened:
            yield opened.fileno(), os.fstat(opened.fileno()).st_size
    elif not _CAN_FORK:
        with tempfile.TemporaryFile() as copy:
            copy.write(untrusted_upload)
            copy.seek(0)
            yield copy.fileno(), len(untrusted_upload)
    else:
        handle = os.memfd_create("upload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with os.fdopen(handle, "w+b", buffering=0) as sealed:
            view = memoryview(untrusted_upload)
            while view:
                view = view[sealed.write(view) :]
            seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
            fcntl.fcntl(handle, fcntl.F_ADD_SEALS, seals)
            sealed.seek(0)
            yield handle, len(untrusted_upload)
