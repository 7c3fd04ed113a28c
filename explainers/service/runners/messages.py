"""Frame after frame over one line, between the worker and a process that runs a network for it."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np

from explainers.service import codec

# A network is larger than what goes through it.
MOST_NETWORK, MOST_NUMBERS = 2_000_000_000, 1_000_000_000
MOST_FACTS = 10_000
_HEAD = struct.Struct("<8sIQ")  # of a frame


def receive(line: BinaryIO, most_bytes: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The facts and arrays of the next frame from an unbuffered line; all was checked.

    EOFError where nothing follows, CodecError for whatever is no frame or too long, Problem with
    the sender's sentence.
    """
    head = bytearray(_HEAD.size)
    if not _filled(line, memoryview(head)):
        raise EOFError("the other side has gone")
    magic, facts, arrays = _HEAD.unpack(head)
    if magic != codec.MAGIC or facts > MOST_FACTS or arrays > most_bytes:
        raise codec.CodecError("the head is wrong")
    whole = bytearray(_HEAD.size + facts + arrays)
    whole[: _HEAD.size] = head
    if not _filled(line, memoryview(whole)[_HEAD.size :]):
        raise codec.CodecError("the frame is cut off")
    return codec.load(whole)


def _filled(line: BinaryIO, room: memoryview) -> bool:
    """Whether as much came as there is room for."""
    while room:
        count = line.readinto(room)
        if not count:
            return False
        room = room[count:]
    return True
