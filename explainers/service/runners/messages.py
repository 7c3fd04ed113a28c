"""Frame after frame over one line, between the worker and a process that runs a network for it."""

from __future__ import annotations

import struct
from typing import Any, Protocol

import numpy as np

from explainers.service import codec

# A network is larger than what goes through it.
MOST_NETWORK, MOST_NUMBERS = 2_000_000_000, 1_000_000_000
MOST_FACTS = 10_000
_HEAD = struct.Struct("<8sIQ")  # of a frame


class UnbufferedReader(Protocol):
    """An open file or socket that reads no further than it is asked to."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer's beginning; how many bytes came, 0 at the end."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def receive(
    source: UnbufferedReader, most_bytes: int
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The facts and arrays of the next frame, whose lengths and types were checked.

    Parameters
    ----------
    source : UnbufferedReader
        Where the frame comes from; nothing is read of the one after it.
    most_bytes : int
        Bytes that all its arrays together may have.

    Raises
    ------
    EOFError
        Where nothing follows.
    CodecError
        For whatever is no frame, or too long.
    Problem
        With the sender's sentence.
    """
    head = bytearray(_HEAD.size)
    if not _fill(source, memoryview(head)):
        raise EOFError("the other side has gone")
    magic, facts, arrays = _HEAD.unpack(head)
    if magic != codec.MAGIC or facts > MOST_FACTS or arrays > most_bytes:
        raise codec.CodecError("the head is wrong")
    frame = bytearray(_HEAD.size + facts + arrays)
    frame[: _HEAD.size] = head
    if not _fill(source, memoryview(frame)[_HEAD.size :]):
        raise codec.CodecError("the frame is cut off")
    return codec.load(frame)


def _fill(source: UnbufferedReader, buffer: memoryview) -> bool:
    """Whether so much came that the buffer is full."""
    while buffer:
        count = source.readinto(buffer)
        if not count:
            return False
        buffer = buffer[count:]
    return True
