"""What a reading process hands back: a fixed head, facts as JSON, plain arrays. Never objects.

The sender may be under an attacker's control, so the receiver believes nothing: every length is
checked against a limit and against what came, types come from a list, and nothing is executed.

    8 bytes  magic        4 bytes  length of the JSON        8 bytes  length of the arrays
    JSON     {"facts": …, "arrays": [[name, type, shape], …]}  or  {"problem": "a sentence"}
    arrays   one after the other, each from a multiple of 64 bytes on
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from explainers.errors import Problem

MAGIC = b"EVIDENT1"
TYPES = (
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
MOST_FACTS = 4_000_000
MOST_ARRAYS, MOST_DIMENSIONS, LONGEST_NAME, LONGEST_SENTENCE = 20_000, 16, 500, 4000
_HEAD = struct.Struct("<8sIQ")
_ALIGN = 64
_CHUNK = 1 << 20


class CodecError(ValueError):
    """What came is not a frame: cut off, too long, or contradicting itself."""


@dataclass(frozen=True)
class _Entry:
    name: str
    type: str
    shape: tuple[int, ...]
    start: int
    length: int


def send(descriptor: int, facts: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write facts and arrays; ValueError where they are not plain data."""
    entries = [[name, value.dtype.name, list(value.shape)] for name, value in arrays.items()]
    text = json.dumps({"facts": facts, "arrays": entries}, allow_nan=False).encode()
    table, length = _table(entries, first=_HEAD.size + len(text))
    _write(descriptor, _HEAD.pack(MAGIC, len(text), length) + text)
    at = _HEAD.size + len(text)
    for entry, value in zip(table, arrays.values(), strict=True):
        _write(descriptor, bytes(entry.start - at))
        _write(descriptor, np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
        at = entry.start + entry.length


def send_problem(descriptor: int, sentence: str) -> None:
    """Write a sentence instead of a result."""
    text = json.dumps({"problem": sentence[:LONGEST_SENTENCE]}).encode()
    _write(descriptor, _HEAD.pack(MAGIC, len(text), 0) + text)


def receive(source: BinaryIO, into: BinaryIO, most_bytes: int, most_facts: int) -> None:
    """Copy one frame from an unbuffered pipe into a file, and not a byte more than it may have.

    Raises Problem with the sender's sentence, CodecError for whatever is no frame.
    """
    head = _exactly(source, _HEAD.size)
    magic, size, length = _HEAD.unpack(head)
    if magic != MAGIC or size > most_facts or length > most_bytes:
        raise CodecError("the head is wrong")
    text = _exactly(source, size)
    _understood(text, length)
    into.write(head + text)
    left = length
    while left:
        chunk = source.read(min(left, _CHUNK))
        if not chunk:
            raise CodecError("the arrays are cut off")
        into.write(chunk)
        left -= len(chunk)
    if source.read(1):
        raise CodecError("something follows the frame")


def load(data, first: int = 0) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts and arrays of the frame that fills a buffer from `first` on; the arrays lie in it.

    CodecError where it is no frame.
    """
    if len(data) < first + _HEAD.size:
        raise CodecError("the head is cut off")
    magic, size, length = _HEAD.unpack_from(data, first)
    at = first + _HEAD.size
    if magic != MAGIC or len(data) != at + size + length:
        raise CodecError("the length is wrong")
    facts, table = _understood(data[at : at + size], length)
    return facts, {entry.name: _array(data, first, entry) for entry in table}


def _array(data, first: int, entry: _Entry) -> np.ndarray:
    count = math.prod(entry.shape)
    if not count:
        return np.empty(entry.shape, entry.type)
    kind = "uint8" if entry.type == "bool" else entry.type
    values = np.frombuffer(data, kind, count, first + entry.start).reshape(entry.shape)
    # A truth value of 2 would be neither.
    return values != 0 if entry.type == "bool" else values


def _understood(text: bytes, length: int) -> tuple[dict[str, Any], list[_Entry]]:
    """The facts, and where each array lies; raises Problem where the text says one."""
    try:
        said = json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CodecError("the facts are not JSON") from error
    if isinstance(said, dict) and isinstance(said.get("problem"), str):
        raise Problem(_harmless(said["problem"]))
    if not isinstance(said, dict) or not isinstance(said.get("facts"), dict):
        raise CodecError("there are no facts")
    table, whole = _table(said.get("arrays"), first=_HEAD.size + len(text))
    if whole != length:
        raise CodecError("the arrays have another length than their shapes say")
    return said["facts"], table


def _table(entries: Any, first: int) -> tuple[list[_Entry], int]:
    """Where each array lies, and the length of all; CodecError for any that is not plain."""
    if not isinstance(entries, list) or len(entries) > MOST_ARRAYS:
        raise CodecError("too many arrays, or no list of them")
    table, names, at = [], set(), first
    for entry in entries:
        if not (isinstance(entry, list) and len(entry) == 3):
            raise CodecError("an array is not described")
        name, kind, shape = entry
        if not isinstance(name, str) or len(name) > LONGEST_NAME or name in names:
            raise CodecError("an array's name is wrong or comes twice")
        if kind not in TYPES:
            raise CodecError("an array's type is unknown")
        if not (isinstance(shape, list) and len(shape) <= MOST_DIMENSIONS) or not all(
            type(side) is int and 0 <= side < 2**48 for side in shape
        ):
            raise CodecError("an array's shape is wrong")
        names.add(name)
        start = -(-at // _ALIGN) * _ALIGN
        length = math.prod(shape) * np.dtype(kind).itemsize
        table.append(_Entry(name, kind, tuple(shape), start, length))
        at = start + length
    return table, at - first


def _harmless(sentence: str) -> str:
    """The sentence without what a page would load or follow, and not too long."""
    plain = "".join(c for c in sentence[:LONGEST_SENTENCE] if c.isprintable() or c == "\n")
    return plain.replace("![", "! [").replace("](", "] (").replace("://", ": //")


def _refuse(constant: str):
    raise ValueError(f"{constant} is not a number")


def _exactly(source: BinaryIO, size: int) -> bytes:
    parts = []
    while size:
        part = source.read(min(size, _CHUNK))
        if not part:
            raise CodecError("the frame is cut off")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
