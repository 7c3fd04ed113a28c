"""The processes that parse uploads: one that has everything imported, and a fork of it per upload.

The forking process never sees an upload, holds no secret (its environment is made for it) and does
nothing but fork. Its child enters the sandbox, parses one upload, answers with a frame, and ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import mmap
import os
import signal
import socket
import sys
import time
from typing import Any, NoReturn

from explainers.errors import Problem, first_line
from explainers.service import codec, logs
from explainers.service.parsing.parsers import PARSERS, Parser
from explainers.service.sandbox.fork_protocol import report_fork
from explainers.service.sandbox.sandbox import enter_sandbox

logger = logging.getLogger("explainers.service.parsing.process")


def main() -> None:
    """Fork a parser process for every message on our standard input, until it is closed."""
    group, started = sys.argv[1], time.monotonic()
    warm_up([kind for kind, parser in PARSERS.items() if parser.group == group])
    logger.info("parsers %r warm after %.1f s", group, time.monotonic() - started)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=0)
    while True:
        try:
            message, (source, answer), _, _ = socket.recv_fds(connection, 65536, 2)
        except ValueError:  # no descriptors: the server has gone
            return
        child = os.fork()
        if child == 0:
            _parse_and_end(source, answer, **json.loads(message))
        os.close(source)
        os.close(answer)
        report_fork(connection, child)


def parse_once() -> None:
    """Parse the one upload on our standard input, where there is no forking."""
    request = json.loads(sys.argv[2])
    warm_up([request["kind"]])
    _parse_and_end(0, 1, **request)


def warm_up(kinds: list[str]) -> None:
    """Have the parsers of these kinds import all that they need; end where one cannot."""
    for kind in kinds:
        try:
            PARSERS[kind].warm_up()
        except Exception:
            logger.exception("the parser of %r cannot be warmed up", kind)
            sys.exit(1)


def _parse_and_end(
    source: int, answer: int, kind: str, size: int, options: dict[str, Any]
) -> NoReturn:
    # Nothing is logged from here on: standard error is closed, and it would be of the upload.
    try:
        parser = PARSERS[kind]
        upload = _mapped(source, size) if parser.maps else None
        try:
            memory = parser.memory + parser.memory_per_byte * size
            enter_sandbox(memory, parser.seconds, (source, answer), parser.start_threads)
        except OSError as error:
            codec.send_problem(
                answer,
                f"This file was not read: the wall around the reading "
                f"process could not be raised ({error}).",
            )
        else:
            parse_upload(parser, upload or source, answer, size, options)
    finally:
        os._exit(0)


def parse_upload(
    parser: Parser, source: int | mmap.mmap, answer: int, size: int, options: dict[str, Any]
) -> None:
    """Parse one upload and write the answer's frame; runs in the sandbox.

    Parameters
    ----------
    parser : Parser
        Of the upload's kind.
    source : int or mmap
        A descriptor to read the upload from, or the upload in memory.
    answer : int
        A descriptor to write the frame to.
    size : int
        Bytes that the upload has.
    options : dict
        For the parser.
    """
    try:
        data: Any = _read_all(source, size) if isinstance(source, int) else source
        codec.send(answer, *parser.parse(data, **options))
    except Exception as error:
        codec.send_problem(answer, _sentence(parser, error))


def _sentence(parser: Parser, error: Exception) -> str:
    """What the visitor is told of an error."""
    first = first_line(error)
    if isinstance(error, MemoryError) or "allocate memory" in first:
        return (
            f"Reading this file as {parser.description} takes too much memory. Check that it is "
            "what it should be, or make it smaller."
        )
    if isinstance(error, Problem):
        return str(error)
    return (
        f"This file cannot be read as {parser.description}: {first}. Save it again and upload that."
    )


def _mapped(source: int, size: int) -> mmap.mmap | None:
    """The file's own memory instead of a copy, where the system has that; nothing is read yet."""
    if not size or not hasattr(mmap, "MAP_PRIVATE"):
        return None
    with contextlib.suppress(OSError, ValueError):
        return mmap.mmap(source, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    return None


def _read_all(source: int, size: int) -> bytes:
    """So many bytes, or as many as there are."""
    parts: list[bytes] = []
    while size and (part := os.read(source, size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


if __name__ == "__main__":
    logs.configure()
    parse_once() if sys.argv[1] == "once" else main()
