"""The processes that read uploads: one that has everything imported, and a fork of it per upload.

The forking process never sees an upload, holds no secret (its environment is made for it) and does
nothing but fork. Its child raises the wall, reads one upload, answers with a frame, and ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys

from explainers.errors import Problem
from explainers.service import codec
from explainers.service.parsing.parsers import PARSERS, Parser
from explainers.service.sandbox import fork_protocol
from explainers.service.sandbox.sandbox import enter_sandbox


def main() -> None:
    """Fork a reading process for every message on our standard input, until it is closed."""
    for reader in PARSERS.values():
        if reader.group == sys.argv[1]:
            reader.prepare()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = socket.socket(fileno=0)
    while True:
        try:
            message, (source, answer), _, _ = socket.recv_fds(asked, 65536, 2)
        except ValueError:  # no descriptors: the engine has gone
            return
        child = os.fork()
        if child == 0:
            _read_and_end(source, answer, **json.loads(message))
        os.close(source)
        os.close(answer)
        fork_protocol.answer(asked, child)


def once() -> None:
    """Read the one upload on our standard input, where there is no forking."""
    asked = json.loads(sys.argv[2])
    PARSERS[asked["kind"]].prepare()
    _read_and_end(0, 1, **asked)


def _read_and_end(source: int, answer: int, kind: str, size: int, options: dict) -> None:
    try:
        reader = PARSERS[kind]
        try:
            memory = reader.memory + reader.per_byte * size
            enter_sandbox(memory, reader.seconds, (source, answer))
        except OSError as error:
            codec.send_problem(
                answer,
                f"This file was not read: the wall around the reading "
                f"process could not be raised ({error}).",
            )
            return
        read(reader, source, answer, size, options)
    finally:
        os._exit(0)


def read(reader: Parser, source: int, answer: int, size: int, options: dict) -> None:
    """Read one upload of so many bytes and write the answer's frame. Runs behind the wall."""
    try:
        codec.send(answer, *reader.parse(_whole(source, size), **options))
    except Exception as error:
        codec.send_problem(answer, _sentence(reader, error))


def _sentence(reader: Parser, error: Exception) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
    if isinstance(error, MemoryError) or "allocate memory" in first:
        return (
            f"Reading this file as {reader.what} takes too much memory. Check that it is what it "
            "should be, or make it smaller."
        )
    if isinstance(error, Problem):
        return str(error)
    return f"This file cannot be read as {reader.what}: {first}. Save it again and upload that."


def _whole(source: int, size: int) -> bytes:
    parts = []
    while size and (part := os.read(source, size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


if __name__ == "__main__":
    once() if sys.argv[1] == "once" else main()
