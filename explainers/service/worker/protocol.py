"""What goes between the engine and its worker: JSON and one array of numbers, never objects.

The worker may be under an attacker's control, so the engine believes nothing that it sends: each
message has a length limit, one of a few kinds, and fields of known types.

    4 bytes  length of the JSON
    JSON     {"kind": …, "job": …, "said": …, "shape": the partial map's or null}
    float32  the partial map, little-endian
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from multiprocessing.connection import Connection
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from explainers.service.tasks.request import Request

MOST_FACTS, MOST_NUMBERS, MOST_DIMENSIONS = 4_000_000, 1 << 22, 4
MOST_BYTES = MOST_FACTS + 4 * MOST_NUMBERS + 4
LONGEST_SENTENCE, MOST_DEVICES = 4000, 64
KINDS = ("ready", "progress", "cancelled", "problem", "done")
_HEAD = struct.Struct("<I")


class ProtocolError(ValueError):
    """What came is no message that a worker sends."""


@dataclass(frozen=True)
class WorkerMessage:
    """A message of the worker: of what kind, about which job (its digest), and what it says.

    said    "ready": pid and devices; "progress": how far, with the map so far or None under
            "partial"; "problem": a sentence; else None.
    """

    kind: str
    job: str
    said: Any = None


# The worker's side


def tell(connection: Connection, kind: str, job: str, said: Any = None) -> None:
    """Send the engine a message; a map so far that is too large is left out."""
    partial = said.get("partial") if isinstance(said, dict) else None
    if partial is not None and partial.size > MOST_NUMBERS:
        partial = None
    if isinstance(said, dict):
        said = {name: value for name, value in said.items() if name != "partial"}
    if kind == "problem":
        said = said[:LONGEST_SENTENCE]
    shape = None if partial is None else list(partial.shape)
    message = {"kind": kind, "job": job, "said": said, "shape": shape}
    text = json.dumps(message, allow_nan=False).encode()
    numbers = b"" if partial is None else np.ascontiguousarray(partial, "<f4").tobytes()
    connection.send_bytes(_HEAD.pack(len(text)) + text + numbers)


def asked(connection: Connection) -> tuple[str, str, Request | None]:
    """The engine's next message, "do" or "cancel": kind, job, request. EOFError when it is gone."""
    message = json.loads(connection.recv_bytes())
    given = message["request"]
    return message["kind"], message["job"], None if given is None else _made(Request, given)


def _made(kind: Any, given: Any) -> Any:
    """The value of that type in what JSON gave: dataclasses, and lists as the tuples they were."""
    of, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        if not isinstance(given, dict) or set(given) != {field.name for field in fields(kind)}:
            raise ProtocolError(f"this is no {kind.__name__}")
        types = get_type_hints(kind)
        return kind(**{name: _made(types[name], value) for name, value in given.items()})
    if of is UnionType:
        return None if given is None else _made(inner[0], given)
    if of is tuple and isinstance(given, list):
        types = [inner[0]] * len(given) if inner[-1] is ... else inner
        return tuple(_made(*pair) for pair in zip(types, given, strict=True))
    plain = {float: (int, float)}.get(of or kind, (of or kind,))
    if type(given) not in plain:
        raise ProtocolError(f"{given!r} is no {kind}")
    return given


# The engine's side


def question(kind: str, job: str, request: Request | None = None) -> bytes:
    """A message for the worker."""
    given = None if request is None else asdict(request)
    return json.dumps({"kind": kind, "job": job, "request": given}).encode()


def understood(data: bytes) -> WorkerMessage:
    """The message in some bytes; ProtocolError for whatever is none."""
    if len(data) < _HEAD.size:
        raise ProtocolError("the head is cut off")
    (length,) = _HEAD.unpack_from(data)
    if length > MOST_FACTS or _HEAD.size + length > len(data):
        raise ProtocolError("the length is wrong")
    try:
        message = json.loads(
            data[_HEAD.size : _HEAD.size + length].decode("utf-8"),
            parse_constant=_refuse,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the message is not JSON") from error
    if not isinstance(message, dict) or set(message) != {"kind", "job", "said", "shape"}:
        raise ProtocolError("the message has other parts")
    kind, job, said = message["kind"], message["job"], message["said"]
    if kind not in KINDS or not isinstance(job, str) or len(job) > 64:
        raise ProtocolError("the kind of the message is unknown")
    partial = _numbers(message["shape"], data[_HEAD.size + length :])
    if not _TRUE[kind](said) or (partial is not None and kind != "progress"):
        raise ProtocolError(f"this is not said with {kind}")
    if kind == "problem":
        said = _plain(said)
    if kind == "progress":
        said = {**said, "partial": partial} | {n: _plain(said[n]) for n in ("what",) if n in said}
    return WorkerMessage(kind, job, said)


def _numbers(shape: Any, data: bytes) -> np.ndarray | None:
    if shape is None:
        if data:
            raise ProtocolError("numbers without a shape")
        return None
    if not (isinstance(shape, list) and 1 <= len(shape) <= MOST_DIMENSIONS) or not all(
        _whole(side) and 0 < side <= MOST_NUMBERS for side in shape
    ):
        raise ProtocolError("the shape is wrong")
    if len(data) != 4 * math.prod(shape) or len(data) > 4 * MOST_NUMBERS:
        raise ProtocolError("the shape is another than that of the numbers")
    return np.frombuffer(data, "<f4").astype(np.float32).reshape(shape)


def _is_progress(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and "partial" not in said
        and all(_whole(said.get(name)) and said[name] >= 0 for name in ("done", "total"))
        and isinstance(said.get("seconds_left"), (int, float))
        and said["seconds_left"] >= 0
        and isinstance(said.get("what", ""), str)
        and len(said.get("what", "")) <= 200
    )


def _is_ready(said: Any) -> bool:
    if not isinstance(said, dict) or set(said) != {"pid", "devices"} or not _whole(said["pid"]):
        return False
    devices = said["devices"]
    return (
        isinstance(devices, dict)
        and 0 < len(devices) <= MOST_DEVICES
        and all(
            isinstance(name, str) and len(name) <= 200 for pair in devices.items() for name in pair
        )
    )


_TRUE: dict[str, Callable[[Any], bool]] = {
    "ready": _is_ready,
    "progress": _is_progress,
    "cancelled": lambda said: said is None,
    "problem": lambda said: isinstance(said, str) and len(said) <= LONGEST_SENTENCE,
    "done": lambda said: said is None,
}


def _plain(sentence: str) -> str:
    """The sentence without what a page would load or hide behind other words."""
    printable = "".join(c for c in sentence if c.isprintable() or c == "\n")
    return printable.replace("![", "! [").replace("](", "] (")


def _whole(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**53


def _refuse(constant: str):
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)
