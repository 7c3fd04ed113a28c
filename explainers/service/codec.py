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
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
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


def encode(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Facts and arrays as one frame; ValueError where they are not plain data."""
    return b"".join(bytes(piece) for piece in _pieces(facts, arrays))


def decode(
    data: bytes, most_facts: int = MOST_FACTS
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts, in so many bytes of JSON at most, and arrays of the frame that the bytes are.

    Raises
    ------
    CodecError
        For whatever is no frame.
    Problem
        With the sender's sentence, where it sent one instead.
    """
    if len(data) >= _HEAD.size and _HEAD.unpack_from(data)[1] > most_facts:
        raise CodecError("the facts are too long")
    return load(data)


def send(descriptor: int, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write facts and arrays; ValueError where they are not plain data."""
    for piece in _pieces(facts, arrays):
        _write(descriptor, piece)


def _pieces(
    facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Iterator[bytes | memoryview]:
    entries = [[name, value.dtype.name, list(value.shape)] for name, value in arrays.items()]
    text = json.dumps({"facts": facts, "arrays": entries}, allow_nan=False).encode()
    table, length = _table(entries, first=_HEAD.size + len(text))
    yield _HEAD.pack(MAGIC, len(text), length) + text
    at = _HEAD.size + len(text)
    for entry, value in zip(table, arrays.values(), strict=True):
        yield bytes(entry.start - at)
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
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
    _facts_and_table(text, length)
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


def load(
    data: bytes | bytearray | mmap.mmap, first: int = 0
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts and arrays of the frame that fills a buffer from `first` on; the arrays lie in it.

    CodecError where it is no frame.
    """
    if len(data) < first + _HEAD.size:
        raise CodecError("the head is cut off")
    magic, size, length = _HEAD.unpack_from(data, first)
    at = first + _HEAD.size
    if magic != MAGIC or len(data) != at + size + length:
        raise CodecError("the length is wrong")
    facts, table = _facts_and_table(bytes(data[at : at + size]), length)
    return facts, {entry.name: _array(data, first, entry) for entry in table}


def _array(data: bytes | bytearray | mmap.mmap, first: int, entry: _Entry) -> np.ndarray:
    count = math.prod(entry.shape)
    if not count:
        return np.empty(entry.shape, entry.type)
    kind = "uint8" if entry.type == "bool" else entry.type
    values = np.frombuffer(data, kind, count, first + entry.start).reshape(entry.shape)
    # A truth value of 2 would be neither.
    return values != 0 if entry.type == "bool" else values


def _facts_and_table(text: bytes, length: int) -> tuple[dict[str, Any], list[_Entry]]:
    """The facts, and where each array lies; raises Problem where the text says one."""
    try:
        content = json.loads(text.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise CodecError("the facts are not JSON") from error
    if isinstance(content, dict) and isinstance(content.get("problem"), str):
        raise Problem(harmless(content["problem"]))
    if not isinstance(content, dict) or not isinstance(content.get("facts"), dict):
        raise CodecError("there are no facts")
    table, whole = _table(content.get("arrays"), first=_HEAD.size + len(text))
    if whole != length:
        raise CodecError("the arrays have another length than their shapes say")
    return content["facts"], table


def _table(entries: Any, first: int) -> tuple[list[_Entry], int]:
    """Where each array lies, and the length of all; CodecError for any that is not plain."""
    if not isinstance(entries, list) or len(entries) > MOST_ARRAYS:
        raise CodecError("too many arrays, or no list of them")
    table: list[_Entry] = []
    names: set[str] = set()
    at = first
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


def harmless(sentence: str, addresses: bool = False) -> str:
    """The sentence without what a page would load or hide behind other words, and not too long.

    Web addresses are broken up as well, unless `addresses` may stay.
    """
    plain = "".join(c for c in sentence[:LONGEST_SENTENCE] if c.isprintable() or c == "\n")
    plain = plain.replace("![", "! [").replace("](", "] (")
    return plain if addresses else plain.replace("://", ": //")


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _exactly(source: BinaryIO, size: int) -> bytes:
    parts = []
    while size:
        part = source.read(min(size, _CHUNK))
        if not part:
            raise CodecError("the frame is cut off")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
