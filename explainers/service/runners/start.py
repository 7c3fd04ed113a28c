"""Starting runners: from small processes that were started while programs could still be."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO

from explainers.locations import PROJECT
from explainers.service.runners.runtimes import LANGUAGES
from explainers.service.sandbox.fork_server import ForkServer, end, environment
from explainers.service.settings import model_settings

COMMAND = (sys.executable, "-m", "explainers.service.runners.process")
_CAN_FORK = sys.platform == "linux"


def _environment() -> dict[str, str]:
    return {**environment(), "ORT_DISABLE_TELEMETRY": "1"}


class RunnerForkServer(ForkServer):
    """A process that forks runners; it must be started while programs may still be."""

    def __init__(self) -> None:
        super().__init__(
            COMMAND,
            _environment,
            "Networks that run behind the wall cannot be started any more. Start the server again.",
        )

    def fork(self, language: str, size: int, line: int) -> int | None:
        """A descriptor of the new runner's process; None where it has ended already."""
        return self._forked(f"{language} {size}".encode(), (line,))


# One for each language: what goes wrong in one ends no network in another.
_STARTERS = {language: RunnerForkServer() for language in LANGUAGES}


def get_ready() -> None:
    """Start what later forks runners; for a process that soon may start no program any more."""
    if _CAN_FORK:
        for language, starter in _STARTERS.items():
            if language != "torchscript" or model_settings().torchscript:
                starter.start()


def started(
    language: str, size: int
) -> tuple[BinaryIO, int, Callable[[], None], Callable[[], None]]:
    """A runner for a network of so many bytes in a language: the line to read from, the descriptor
    to write to, what kills it at once, and what ends it and tidies up. Problem where it does not
    start.
    """
    if not _CAN_FORK:
        process = subprocess.Popen(
            [*COMMAND, language, str(size)],
            cwd=PROJECT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

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
