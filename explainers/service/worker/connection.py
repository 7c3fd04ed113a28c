"""The engine's end of the connection to a worker, which may send anything, or nothing, or too much.

Threads send and receive, so that a worker that stops in the middle of a message, or takes none,
holds up nobody.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from explainers.service.tasks.request import Request
from explainers.service.worker.protocol import (
    MOST_BYTES,
    ProtocolError,
    WorkerMessage,
    question,
    understood,
)

# The worker is ahead of the engine by so many messages at most.
MOST_WAITING = 4


class WorkerConnection:
    """The engine's end of a connection to a worker; `ring` is called whenever something came."""

    def __init__(self, connection: Connection, ring: Callable[[], None]) -> None:
        self._connection, self._ring = connection, ring
        self.pid = _peer(connection)
        self._closed = False
        self._heard: queue.Queue[WorkerMessage | Exception] = queue.Queue(MOST_WAITING)
        self._asking: queue.Queue[bytes | None] = queue.Queue()
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()
        threading.Thread(target=self._receive, daemon=True).start()

    def ask(self, kind: str, job: str, request: Request | None = None) -> None:
        """Send the worker a message, without waiting until it takes it."""
        self._asking.put(question(kind, job, request))

    def hear(self, seconds: float = 0.0) -> WorkerMessage | None:
        """The next message, or None; EOFError if the worker is gone, ProtocolError if it lies."""
        try:
            found = self._heard.get(seconds > 0, seconds or None)
        except queue.Empty:
            return None
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Hear and send nothing more; the connection closes when the worker ends."""
        self._closed = True
        self._asking.put(None)

    def _receive(self) -> None:
        found: WorkerMessage | Exception | None = None
        while not isinstance(found, Exception) and not self._closed:
            try:
                found = understood(self._connection.recv_bytes(MOST_BYTES))
            except (EOFError, ConnectionError):
                found = EOFError("the worker is gone")
            except OSError as error:  # longer than allowed
                found = ProtocolError(str(error))
            except ProtocolError as error:
                found = error
            self._hand_over(found)
        # Its descriptor may be another's as soon as it is closed, so nobody may still use it.
        self._asking.put(None)
        self._sender.join()
        self._connection.close()

    def _hand_over(self, found: WorkerMessage | Exception) -> None:
        """Wait until there is room, so that a flood fills no memory."""
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._heard.put(found, timeout=0.5)
                return self._ring()
        return None

    def _send(self) -> None:
        with contextlib.suppress(OSError):
            while (message := self._asking.get()) is not None:
                self._connection.send_bytes(message)


def _peer(connection: Connection) -> int | None:
    """The process at the other end, where the system tells; what it says itself may be a lie."""
    if sys.platform != "linux":
        return None
    with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as line:
        size = struct.calcsize("3i")
        return struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0]
