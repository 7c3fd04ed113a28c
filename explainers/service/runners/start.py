"""Starting runner processes: from fork servers that were started while programs could still be."""

from __future__ import annotations

import contextlib
import io
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

from explainers.locations import PROJECT
from explainers.service.runners.messages import UnbufferedReader
from explainers.service.runners.runtimes import RUNTIMES
from explainers.service.sandbox.fork_server import ForkServer, end_process, minimal_environment
from explainers.service.settings import model_settings
from explainers.service.worker.memory import most_memory

COMMAND = (sys.executable, "-m", "explainers.service.runners.process")
# Beyond what the network's own numbers take: they are held up to five times while it is loaded.
MEMORY, MEMORY_PER_BYTE = 2_000_000_000, 5
_CAN_FORK = sys.platform == "linux"


class RunnerConnection(NamedTuple):
    """The worker's end of a runner process.

    source       where its frames come from.
    destination  the descriptor that frames for it are written to.
    kill         ends it at once, and whoever waits for its answer hears that none comes.
    close        ends it and tidies up.
    """

    source: UnbufferedReader
    destination: int
    kill: Callable[[], None]
    close: Callable[[], None]


def _environment() -> dict[str, str]:
    return {**minimal_environment(), "ORT_DISABLE_TELEMETRY": "1"}


class RunnerForkServer(ForkServer):
    """A process that forks runners; it must be started while programs may still be."""

    def __init__(self) -> None:
        super().__init__(
            COMMAND,
            _environment,
            "Networks that run behind the wall cannot be started any more. Start the server again.",
        )

    def fork(self, runtime: str, size: int, line: int) -> int | None:
        """A runner process.

        Parameters
        ----------
        runtime : str
            A key of `RUNTIMES`.
        size : int
            Bytes of its network.
        line : int
            Descriptor of its end of the line to the worker.

        Returns
        -------
        int or None
            A pidfd of the process; None where it has ended already.

        Raises
        ------
        Problem
            Where no process can be started.
        """
        return self._fork(f"{runtime} {most_of_runner(size)}".encode(), (line,))


# One for each runtime: what goes wrong in one ends no network in another.
_FORK_SERVERS = {runtime: RunnerForkServer() for runtime in RUNTIMES}


def start_fork_servers() -> None:
    """Start what later forks runners; for a process that soon may start no program any more."""
    if _CAN_FORK:
        for runtime, server in _FORK_SERVERS.items():
            if runtime != "torchscript" or model_settings().torchscript:
                server.start()


def most_of_runner(size: int) -> int:
    """Bytes that a runner may take whose network has so many."""
    return min(MEMORY + MEMORY_PER_BYTE * size, most_memory())


def starters_are_lost() -> bool:
    """Whether this process can start no network behind the wall any more, and was able to."""
    return any(server.is_lost for server in _FORK_SERVERS.values())


def start_runner(runtime: str, size: int) -> RunnerConnection:
    """Start a runner process for a network.

    Parameters
    ----------
    runtime : str
        A key of `RUNTIMES`.
    size : int
        Bytes of the network.

    Raises
    ------
    Problem
        Where it does not start.
    """
    return _forked(runtime, size) if _CAN_FORK else _spawned(runtime, size)


def _spawned(runtime: str, size: int) -> RunnerConnection:
    process = subprocess.Popen(
        [*COMMAND, runtime, str(most_of_runner(size))],
        cwd=PROJECT,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    source, destination = process.stdout, process.stdin
    assert isinstance(source, io.FileIO) and destination is not None  # unbuffered pipes

    def close() -> None:
        process.kill()
        process.wait()
        destination.close()
        source.close()

    return RunnerConnection(source, destination.fileno(), process.kill, close)


def _forked(runtime: str, size: int) -> RunnerConnection:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            pidfd = _FORK_SERVERS[runtime].fork(runtime, size, theirs.fileno())
        except BaseException:
            ours.close()
            raise
    source = ours.makefile("rb", buffering=0)

    def kill() -> None:
        if pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        with contextlib.suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)

    def close() -> None:
        source.close()
        ours.close()
        end_process(pidfd)

    return RunnerConnection(source, ours.fileno(), kill, close)
