"""The backend's end of the connection to a worker, which may send anything, nothing, or too much.

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

import numpy as np

from explainers.service.worker.protocol import MOST_BYTES, Message, ProtocolError, decode

# The worker is ahead of the backend by so many messages at most.
MOST_WAITING = 4

Received = tuple[Message, np.ndarray | None]


class WorkerConnection:
    """The backend's end of a connection to a worker.

    Parameters
    ----------
    connection : Connection
        Taken over, and closed when the worker ends.
    on_message : callable
        Called whenever something came.
    """

    def __init__(self, connection: Connection, on_message: Callable[[], None]) -> None:
        self._connection, self._on_message = connection, on_message
        self.pid = _peer(connection)
        self._closed = False
        self._received: queue.Queue[Received | Exception] = queue.Queue(MOST_WAITING)
        self._requests: queue.Queue[bytes | None] = queue.Queue()
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()
        threading.Thread(target=self._receive, daemon=True).start()

    def send(self, request: bytes) -> None:
        """Send the worker a request, without waiting until it takes it."""
        self._requests.put(request)

    def receive(self, seconds: float = 0.0) -> Received | None:
        """The next message with the map that came with it, or None after so many seconds.

        Raises
        ------
        EOFError
            Where the worker is gone.
        ProtocolError
            Where it sent what no worker sends.
        """
        try:
            received = self._received.get(seconds > 0, seconds or None)
        except queue.Empty:
            return None
        if isinstance(received, Exception):
            raise received
        return received

    def close(self) -> None:
        """Receive and send nothing more; the connection closes when the worker ends."""
        self._closed = True
        self._requests.put(None)

    def _receive(self) -> None:
        received: Received | Exception | None = None
        while not isinstance(received, Exception) and not self._closed:
            try:
                received = decode(self._connection.recv_bytes(MOST_BYTES))
            except (EOFError, ConnectionError):
                received = EOFError("the worker is gone")
            except OSError as error:  # longer than allowed
                received = ProtocolError(str(error))
            except ProtocolError as error:
                received = error
            except Exception as error:  # nobody may wait for ever for what cannot be read
                received = ProtocolError(f"it could not be read: {type(error).__name__}")
            self._hand_over(received)
        # Its descriptor may be another's as soon as it is closed, so nobody may still use it.
        self._requests.put(None)
        self._sender.join()
        self._connection.close()

    def _hand_over(self, received: Received | Exception) -> None:
        """Wait until there is room, so that a flood fills no memory."""
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._received.put(received, timeout=0.5)
                return self._on_message()
        return None

    def _send(self) -> None:
        with contextlib.suppress(OSError):
            while (request := self._requests.get()) is not None:
                self._connection.send_bytes(request)


def _peer(connection: Connection) -> int | None:
    """The process at the other end, where the system tells; what it says itself may be a lie."""
    if sys.platform != "linux":
        return None
    with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end:
        size = struct.calcsize("3i")
        credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid: int = struct.unpack("3i", credentials)[0]
        return pid
