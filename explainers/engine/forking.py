"""Starting reading processes: a small process that forks them, or one process for one upload."""

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
from pathlib import Path

from explainers.engine.reader import FORKED
from explainers.problems import Problem

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "explainers.engine.reader")
SECONDS_TO_START = 120
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME",
                "VIRTUAL_ENV", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")  # fmt: skip
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environment() -> dict[str, str]:
    """What a reading process may know of the server's environment: no secret can be in it."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**kept, **dict.fromkeys(_THREADS, "1"), "CUDA_VISIBLE_DEVICES": ""}


def once(message: dict, source: int) -> subprocess.Popen:
    """A process that reads one upload, where there is no forking; its answer is on its output."""
    return subprocess.Popen(
        [*COMMAND, "once", json.dumps(message)], cwd=ROOT, env=environment(), stdin=source,
        stdout=subprocess.PIPE, bufsize=0,
    )  # fmt: skip


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


class Nursery:
    """The process of one group that forks a child per upload; started when first needed."""

    def __init__(self, group: str) -> None:
        self.group = group
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._line: socket.socket | None = None
        self._closed = False

    def start(self) -> None:
        """Start it, without waiting until it can fork."""
        with self._lock, contextlib.suppress(Problem):
            self._started()

    def fork(self, message: dict, descriptors: tuple[int, int]) -> int | None:
        """A descriptor of the new process; None where it has ended already."""
        with self._lock:
            for _ in range(2):
                line = self._started()
                with contextlib.suppress(OSError):
                    socket.send_fds(line, [json.dumps(message).encode()], descriptors)
                    said, handles, _, _ = socket.recv_fds(line, 64, 1)
                    if said == FORKED:
                        return handles[0] if handles else None
                self._end()
        raise Problem("Uploads cannot be read now: the reading process does not start. "
                      "Try again; if it stays so, see the server's log.")  # fmt: skip

    def close(self) -> None:
        """End it for good."""
        self._closed = True
        with self._lock:
            self._end()

    def _started(self) -> socket.socket:
        if self._closed:
            raise Problem("The server is being stopped; nothing is read any more.")
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._line.settimeout(SECONDS_TO_START)
            command = [*COMMAND, self.group]
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdin=theirs, stdout=subprocess.DEVNULL
            )
            theirs.close()
        return self._line

    def _end(self) -> None:
        if self._process is not None:
            self._line.close()
            self._process.kill()
            self._process.wait()
            self._process = self._line = None
