"""Starting sandboxed processes: small ones that fork them, or one process for one upload."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from explainers.errors import Problem
from explainers.locations import PROJECT
from explainers.service.sandbox import fork_protocol

COMMAND = (sys.executable, "-m", "explainers.service.parsing.process")
SECONDS_TO_START = 120
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environment() -> dict[str, str]:
    """What a reading process may know of the server's environment: no secret can be in it."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**kept, **dict.fromkeys(_THREADS, "1"), "CUDA_VISIBLE_DEVICES": ""}


def once(message: dict, source: int) -> subprocess.Popen:
    """A process that reads one upload, where there is no forking; its answer is on its output."""
    return subprocess.Popen(
        [*COMMAND, "once", json.dumps(message)],
        cwd=PROJECT,
        env=environment(),
        stdin=source,
        stdout=subprocess.PIPE,
        bufsize=0,
    )


def end(handle: int | None) -> None:
    """End the process behind a descriptor and wait until it is gone."""
    if handle is None:
        return
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.poll(5000)
    os.close(handle)


class ForkServer:
    """A process that forks another one for every message; started when first needed.

    command   that starts it.
    known     makes what it may know of our environment.
    refusal   what is told where it does not start.
    """

    def __init__(
        self, command: tuple[str, ...], known: Callable[[], Mapping[str, str]], refusal: str
    ) -> None:
        self._command, self._known, self._refusal = command, known, refusal
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._line: socket.socket | None = None

    def start(self) -> None:
        """Start it where it does not run, without waiting until it can fork."""
        with self._lock:
            self._started()

    def _forked(self, message: bytes, descriptors: tuple[int, ...]) -> int | None:
        """A descriptor of the new process; None where it has ended already."""
        with self._lock:
            for _ in range(2):
                with contextlib.suppress(OSError):
                    return fork_protocol.ask(self._started(), message, descriptors)
                self._end()
        raise Problem(self._refusal)

    def _started(self) -> socket.socket:
        if self._process is None or self._process.poll() is not None:
            self._end()
            line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            line.settimeout(SECONDS_TO_START)
            with theirs:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=PROJECT,
                    env=self._known(),
                    stdin=theirs,
                    stdout=subprocess.DEVNULL,
                )
            self._line = line
        return self._line

    def _end(self) -> None:
        if self._process is not None:
            self._line.close()
            self._process.kill()
            self._process.wait()
            self._process = self._line = None


class ParserForkServer(ForkServer):
    """The process of one group that forks a child per upload."""

    def __init__(self, group: str) -> None:
        super().__init__(
            (*COMMAND, group),
            environment,
            "Uploads cannot be read now: the reading process does not start. "
            "Try again; if it stays so, see the server's log.",
        )
        self._closed = False

    def start(self) -> None:
        """Start it, without waiting until it can fork."""
        with contextlib.suppress(Problem):
            super().start()

    def fork(self, message: dict, descriptors: tuple[int, int]) -> int | None:
        """A descriptor of the new process; None where it has ended already."""
        return self._forked(json.dumps(message).encode(), descriptors)

    def close(self) -> None:
        """End it for good."""
        self._closed = True
        with self._lock:
            self._end()

    def _started(self) -> socket.socket:
        if self._closed:
            raise Problem("The server is being stopped; nothing is read any more.")
        return super()._started()
