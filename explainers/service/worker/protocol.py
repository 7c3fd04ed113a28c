"""What goes between a backend and its worker: messages as `codec` frames, never objects.

The worker may be under an attacker's control, so the backend believes nothing that it sends: each
message has a length limit, one of a few types, and fields of known types and sizes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Struct

from explainers import errors
from explainers.errors import Problem
from explainers.service import codec
from explainers.service.tasks import Task, encode
from explainers.service.tasks import decode as decode_task
from explainers.service.tasks.context import ProgressReport

MOST_NUMBERS, MOST_DIMENSIONS = 1 << 22, 4
MOST_BYTES = codec.MOST_FACTS + 4 * MOST_NUMBERS + 1000
LONGEST_SENTENCE = 4000

Count = Annotated[int, Meta(ge=0, le=2**53)]
Digest = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(max_length=200)]


class ProtocolError(ValueError):
    """What came is no message that a worker sends."""


class BackendGone(errors.Cancelled):
    """The other end of the worker's connection is closed: nobody waits for what runs.

    It ends a task as a cancel does, so that none takes it for an error of an input.
    """


class RequestError(ValueError):
    """The backend asked for what is no task."""

    def __init__(self, job: str) -> None:
        super().__init__(f"the task of {job} is none")
        self.job = job


class Ready(Struct, tag="ready", frozen=True, forbid_unknown_fields=True):
    """The worker can work: its process, and the devices that torch can use by name."""

    pid: Count
    devices: Annotated[dict[Name, Name], Meta(min_length=1, max_length=64)]


class Progress(Struct, tag="progress", frozen=True, forbid_unknown_fields=True):
    """How far a job is; see `ProgressReport`, whose map so far goes beside it as an array."""

    job: Digest
    done: Count
    total: Count
    seconds_left: Annotated[float, Meta(ge=0)]
    what: Name
    facts: dict[str, Any]


class Cancelled(Struct, tag="cancelled", frozen=True, forbid_unknown_fields=True):
    """A job was cancelled."""

    job: Digest


class Failed(Struct, tag="failed", frozen=True, forbid_unknown_fields=True):
    """A job has no answer, and a sentence says why."""

    job: Digest
    sentence: Annotated[str, Meta(max_length=LONGEST_SENTENCE)]


class Unkept(Struct, tag="unkept", frozen=True, forbid_unknown_fields=True):
    """A job's answer is there, but the store cannot be written now; ask again when it can."""

    job: Digest


class Replace(Struct, tag="replace", frozen=True, forbid_unknown_fields=True):
    """The worker has lost what it cannot get again; another is to do the job."""

    job: Digest


class Done(Struct, tag="done", frozen=True, forbid_unknown_fields=True):
    """A job's answer is in the store."""

    job: Digest


Message = Ready | Progress | Cancelled | Failed | Unkept | Replace | Done


class Run(Struct, tag="run", frozen=True):
    """Asks the worker for a task's answer; `task` as JSON."""

    job: str
    task: msgspec.Raw


class Cancel(Struct, tag="cancel", frozen=True):
    """Asks the worker to stop a job."""

    job: str


# The worker's side


@contextlib.contextmanager
def _gone_where_closed() -> Iterator[None]:
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise BackendGone from error


def send(connection: Connection, message: Message, partial: np.ndarray | None = None) -> None:
    """Send the backend a message; a map so far that is too large is left out."""
    if isinstance(message, Failed):
        message = Failed(message.job, message.sentence[:LONGEST_SENTENCE])
    arrays = {}
    if partial is not None and partial.size <= MOST_NUMBERS:
        arrays["partial"] = np.ascontiguousarray(partial, np.float32)
    with _gone_where_closed():
        connection.send_bytes(codec.encode(msgspec.to_builtins(message), arrays))


def send_progress(connection: Connection, job: str, report: ProgressReport) -> None:
    """Send the backend how far a job is."""
    message = Progress(
        job, report.done, report.total, report.seconds_left, report.what, report.facts
    )
    send(connection, message, report.partial)


def receive(connection: Connection) -> tuple[str, Task | None]:
    """The backend's next request: a job, and its task, or None to cancel it.

    Raises
    ------
    BackendGone
        When the backend is gone.
    RequestError
        Where the task is none; it concerns this job alone.
    """
    with _gone_where_closed():
        data = connection.recv_bytes()
    request = msgspec.json.decode(data, type=Run | Cancel)
    if isinstance(request, Cancel):
        return request.job, None
    try:
        return request.job, decode_task(bytes(request.task))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RequestError(request.job) from error


# The backend's side


def run_request(job: str, task: Task) -> bytes:
    """The bytes that ask a worker for a task's answer."""
    return msgspec.json.encode(Run(job, msgspec.Raw(encode(task))))


def cancel_request(job: str) -> bytes:
    """The bytes that ask a worker to stop a job."""
    return msgspec.json.encode(Cancel(job))


def decode(untrusted: bytes) -> tuple[Message, np.ndarray | None]:
    """The message in some bytes, and the map so far that came with it.

    Raises
    ------
    ProtocolError
        For whatever is no message.
    """
    if len(untrusted) > MOST_BYTES:
        raise ProtocolError("the message is too long")
    try:
        facts, arrays = codec.decode(untrusted)
        message: Message = msgspec.convert(facts, Message, strict=True)
    except (codec.CodecError, Problem, msgspec.ValidationError, RecursionError) as error:
        raise ProtocolError(str(error)) from error
    partial = arrays.pop("partial", None)
    if arrays or (partial is not None and not isinstance(message, Progress)):
        raise ProtocolError("arrays that do not belong to the message")
    if isinstance(message, Failed):
        message = Failed(message.job, codec.harmless(message.sentence, addresses=True))
    if isinstance(message, Progress):
        plain = codec.harmless(message.what, addresses=True)
        message = msgspec.structs.replace(message, what=plain)
    return message, None if partial is None else _map(partial)


def report_of(message: Progress, partial: np.ndarray | None) -> ProgressReport:
    """What a message of progress says."""
    return ProgressReport(
        message.done, message.total, message.seconds_left, message.what, partial, message.facts
    )


def _map(partial: np.ndarray) -> np.ndarray:
    """A copy of one's own of a map so far."""
    if partial.dtype != np.float32 or not 1 <= partial.ndim <= MOST_DIMENSIONS:
        raise ProtocolError("this is no map")
    if not 0 < partial.size <= MOST_NUMBERS:
        raise ProtocolError("the map is too large, or empty")
    return partial.copy()
