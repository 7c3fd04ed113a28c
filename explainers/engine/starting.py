"""Starting runners: from small processes that were started while programs could still be."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from explainers.engine.forking import ROOT, SECONDS_TO_START, end, environment
from explainers.engine.languages import LANGUAGES
from explainers.engine.runner import FORKED
from explainers.engine.settings import model_settings
from explainers.problems import Problem

COMMAND = (sys.executable, "-m", "explainers.engine.runner")
_CAN_FORK = sys.platform == "linux"


class Starter:
    """A process that forks runners; it must be started while programs may still be."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._line: socket.socket | None = None

    def start(self) -> None:
        """Start it where it does not run, without waiting for it."""
        with self._lock:
            self._started()

    def fork(self, language: str, size: int, line: int) -> int | None:
        """A descriptor of the new runner's process; None where it has ended already."""
        with self._lock:
            for _ in range(2):
                with contextlib.suppress(OSError):
                    asked = self._started()
                    socket.send_fds(asked, [f"{language} {size}".encode()], [line])
                    said, handles, _, _ = socket.recv_fds(asked, 64, 1)
                    if said == FORKED:
                        return handles[0] if handles else None
                self._end()
        raise Problem("Networks that run behind the wall cannot be started any more. Start the "
                      "server again.")  # fmt: skip

    def _started(self) -> socket.socket:
        if self._process is None or self._process.poll() is not None:
            self._end()
            line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            line.settimeout(SECONDS_TO_START)
            with theirs:
                self._process = subprocess.Popen(
                    COMMAND, cwd=ROOT, env=_environment(), stdin=theirs, stdout=subprocess.DEVNULL
                )
            self._line = line
        return self._line

    def _end(self) -> None:
        if self._process is not None:
            self._line.close()
            self._process.kill()
            self._process.wait()
            self._process = self._line = None


# One for each language: what goes wrong in one ends no network in another.
_STARTERS = {language: Starter() for language in LANGUAGES}


def get_ready() -> None:
    """Start what later forks runners; for a process that soon may start no program any more."""
    if _CAN_FORK:
        for language, starter in _STARTERS.items():
            if language != "torchscript" or model_settings().torchscript:
                starter.start()


def _environment() -> dict[str, str]:
    return {**environment(), "ORT_DISABLE_TELEMETRY": "1"}


def started(
    language: str, size: int
) -> tuple[BinaryIO, int, Callable[[], None], Callable[[], None]]:
    """A runner for a network of so many bytes in a language: the line to read from, the descriptor
    to write to, what kills it at once, and what ends it and tidies up. Problem where it does not
    start.
    """
    if not _CAN_FORK:
        process = subprocess.Popen(
            [*COMMAND, language, str(size)], cwd=ROOT, env=_environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, bufsize=0,
        )  # fmt: skip

        def close() -> None:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

        return process.stdout, process.stdin.fileno(), process.kill, close
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            handle = _STARTERS[language].fork(language, size, theirs.fileno())
        except BaseException:
            ours.close()
            raise

    def kill() -> None:
        if handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        with contextlib.suppress(OSError):  # whoever waits for an answer hears that none comes
            ours.shutdown(socket.SHUT_RDWR)

    def finish() -> None:
        line.close()
        ours.close()
        end(handle)

    line = ours.makefile("rb", buffering=0)
    return line, ours.fileno(), kill, finish
