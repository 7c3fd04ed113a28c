"""Fork servers: small processes that fork sandboxed ones, with all that these need imported."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from explainers.errors import Problem
from explainers.locations import PROJECT
from explainers.service import logs
from explainers.service.sandbox.fork_protocol import request_fork

COMMAND = (sys.executable, "-m", "explainers.service.parsing.process")
SECONDS_TO_START = 120
_VARIABLES = (
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
    logs.LEVEL,
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

logger = logging.getLogger(__name__)


def minimal_environment() -> dict[str, str]:
    """What a parser process may know of the server's environment: no secret can be in it."""
    kept = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    return {**kept, **dict.fromkeys(_THREADS, "1"), "CUDA_VISIBLE_DEVICES": ""}


def start_parser_process(message: dict[str, Any], source: int, answer: int) -> Callable[[], None]:
    """Start a process that parses one upload, where there is no forking; what ends it.

    Parameters
    ----------
    message : dict
        The upload's kind, size and options.
    source, answer : int
        Descriptors of the upload, and of the pipe for the answer.
    """
    process = subprocess.Popen(
        [*COMMAND, "once", json.dumps(message)],
        cwd=PROJECT,
        env=minimal_environment(),
        stdin=source,
        stdout=answer,
        bufsize=0,
    )

    def kill() -> None:
        process.kill()
        process.wait()

    return kill


def end_process(pidfd: int | None) -> None:
    """Kill the process behind a pidfd, wait until it is gone, and close the pidfd."""
    if pidfd is None:
        return
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.poll(5000)
    os.close(pidfd)


class ForkServer:
    """A process that forks another one for every message; started when first needed.

    Parameters
    ----------
    command : tuple of str
        Starts it.
    environment : callable
        Makes the environment that it gets.
    refusal : str
        The sentence of the Problem where it does not start.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        environment: Callable[[], Mapping[str, str]],
        refusal: str,
    ) -> None:
        self._command, self._environment, self._refusal = command, environment, refusal
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._lost = False

    @property
    def is_lost(self) -> bool:
        """Whether it was started, has ended, and could not be started again so far."""
        ended = self._process is not None and self._process.poll() is not None
        return self._lost or ended

    def start(self) -> None:
        """Start it where it does not run, without waiting until it can fork."""
        with self._lock:
            self._connected()

    def _fork(self, message: bytes, descriptors: tuple[int, ...]) -> int | None:
        """A pidfd of the new process; None where it has ended already. Problem: see `refusal`."""
        with self._lock:
            for attempt in (1, 2):
                try:
                    forked = request_fork(self._connected(), message, descriptors)
                    self._lost = False
                    return forked
                except OSError:
                    self._log_failure(attempt)
                self._end()
            self._lost = True
        raise Problem(self._refusal)

    def _connected(self) -> socket.socket:
        """The connection to the process, which is started where it does not run."""
        if self._connection is None or self._process is None or self._process.poll() is not None:
            self._end()
            connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            connection.settimeout(SECONDS_TO_START)
            with theirs:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=PROJECT,
                    env=self._environment(),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                )
            self._connection = connection
        return self._connection

    def _log_failure(self, attempt: int) -> None:
        status = None if self._process is None else self._process.poll()
        logger.log(
            logging.WARNING if attempt == 1 else logging.ERROR,
            "fork server %r did not fork at attempt %d; its exit status: %s",
            " ".join(self._command[2:]),
            attempt,
            "still running" if status is None else status,
            exc_info=True,
        )

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class ParserForkServer(ForkServer):
    """The process that forks a child per upload, for the parsers of one group."""

    def __init__(self, group: str) -> None:
        super().__init__(
            (*COMMAND, group),
            minimal_environment,
            "Uploads cannot be read now: the reading process does not start. "
            "Try again; if it stays so, see the server's log.",
        )
        self._closed = False

    def start(self) -> None:
        """Start it, without waiting until it can fork."""
        with contextlib.suppress(Problem):
            super().start()

    def fork(self, message: dict[str, Any], descriptors: tuple[int, int]) -> int | None:
        """A process that parses one upload.

        Parameters
        ----------
        message : dict
            The upload's kind, size and options.
        descriptors : (int, int)
            Of the upload, and of the pipe for the answer.

        Returns
        -------
        int or None
            A pidfd of the process; None where it has ended already.

        Raises
        ------
        Problem
            Where no process can be started.
        """
        return self._fork(json.dumps(message).encode(), descriptors)

    def close(self) -> None:
        """End it for good."""
        self._closed = True
        with self._lock:
            self._end()

    def _connected(self) -> socket.socket:
        if self._closed:
            raise Problem("The server is being stopped; nothing is read any more.")
        return super()._connected()
