"""Starting worker processes and ending them: the backend's side."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from explainers.locations import PROJECT
from explainers.service.sandbox.worker_sandbox import worker_environment
from explainers.service.settings import as_environment
from explainers.service.worker.connection import WorkerConnection
from explainers.service.worker.protocol import ProtocolError, Ready

PREFORK = "explainers.service.worker.prefork"
SECONDS_TO_START, SECONDS_TO_END = 120, 2.0
MOST_ARRIVALS = 4
_FOLDER = "evident-"
logger = logging.getLogger(__name__)


class ForkingProcess:
    """The one process that forks all workers of a backend; started again where it has ended.

    Parameters
    ----------
    folder : Path
        Of the store.
    """

    def __init__(self, folder: Path) -> None:
        self.key = secrets.token_bytes(32)
        self._folder, self._lock = folder, threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Start it, that it may import while no worker is needed yet."""
        with self._lock:
            self._process = self._started()

    def ask(self, address: str) -> subprocess.Popen[str]:
        """Have it fork a worker that connects to the address."""
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                process = self._process = self._started()
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(f"{address}\n")
                process.stdin.flush()
            return process

    def close(self) -> None:
        """End it."""
        with self._lock:
            if self._process is not None:
                assert self._process.stdin is not None
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
                try:
                    self._process.wait(10)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", PREFORK, str(self._folder)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            text=True,
            # Threads that wait by spinning slow everything down once the cores are shared.
            env={**worker_environment(), **as_environment(), "OMP_WAIT_POLICY": "PASSIVE"},
        )
        assert process.stdin is not None
        process.stdin.write(self.key.hex() + "\n")
        process.stdin.flush()
        return process


_begun: dict[Path, ForkingProcess] = {}


def begin(folder: Path) -> None:
    """Start what forks the workers of this store's backend before there is one.

    To import torch takes longer than all else of a server's start. Where it cannot be started, the
    backend says so.
    """
    _begun[folder] = forking = ForkingProcess(folder)
    with contextlib.suppress(OSError, ValueError):
        forking.begin()


def forking_process(folder: Path) -> ForkingProcess:
    """What forks the workers of this store's backend: what was begun, for one backend, or new."""
    return _begun.pop(folder, None) or ForkingProcess(folder)


class WorkerProcess:
    """One worker of a backend, replaced by another one whenever it is started again.

    Parameters
    ----------
    forking : ForkingProcess
        What forks it.
    on_message : callable
        Called whenever the worker sent something.
    """

    def __init__(self, forking: ForkingProcess, on_message: Callable[[], None]) -> None:
        self.devices: dict[str, str] = {}
        self.pid: int | None = None
        self._forking, self._on_message = forking, on_message
        self._arrivals: queue.Queue[Connection] = queue.Queue(MOST_ARRIVALS)
        self._closed = False
        self._listener = self._listening()

    def start(self) -> WorkerConnection | None:
        """Fork a worker and wait until it is ready; None where none came."""
        try:
            self._listen_again_where_it_is_gone()
            return self._start()
        except OSError:  # no more processes, or files, or memory
            logger.exception("no worker can be started")
            time.sleep(1.0)
            return None

    def _start(self) -> WorkerConnection | None:
        with contextlib.suppress(queue.Empty):
            while True:  # whoever connected before the new worker was asked for
                self._arrivals.get_nowait().close()
        forking = self._forking.ask(str(self._listener.address))
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and not self._closed:
            with contextlib.suppress(queue.Empty, EOFError, ProtocolError, OSError):
                connection = WorkerConnection(self._arrivals.get(timeout=0.2), self._on_message)
                received = connection.receive(deadline - time.monotonic())
                if received is not None and isinstance(received[0], Ready):
                    self.pid = connection.pid or received[0].pid
                    self.devices = received[0].devices
                    logger.info("worker %s started with %s", self.pid, ", ".join(self.devices))
                    return connection
                connection.close()
            if forking.poll() is not None:
                break
        if not self._closed:
            logger.error("no worker started; the forking process ended with %s", forking.poll())
        return None

    def kill(self) -> None:
        """End the worker at once."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def close(self) -> None:
        """End the worker for good."""
        self._closed = True
        self.kill()
        self._stop_listening()
        until = time.monotonic() + SECONDS_TO_END
        while self.pid is not None and _is_there(self.pid) and time.monotonic() < until:
            time.sleep(0.01)

    def _listening(self) -> Listener:
        """A listener in a folder of its own, which goes with it, also where a signal ends us."""
        if os.name == "nt":
            listener = Listener(authkey=self._forking.key)
        else:
            _remove_left_folders()
            folder = tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-")
            listener = Listener(f"{folder}/worker", "AF_UNIX", authkey=self._forking.key)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _stop_listening(self) -> None:
        folder = Path(str(self._listener.address)).parent
        self._listener.close()
        if folder.name.startswith(_FOLDER):
            shutil.rmtree(folder, ignore_errors=True)

    def _listen_again_where_it_is_gone(self) -> None:
        """The listener is a file among temporary ones, which may be deleted at any time."""
        if self._closed or Path(str(self._listener.address)).exists() or os.name == "nt":
            return
        logger.warning("the worker's socket was deleted; another is made")
        self._stop_listening()
        self._listener = self._listening()

    def _accept(self, listener: Listener) -> None:
        while not self._closed:
            try:
                self._arrivals.put_nowait(listener.accept())
            except Exception:
                # A stranger without the key, too many at once, or the listener closed.
                if getattr(listener, "_listener", None) is None:
                    return
                time.sleep(0.05)


def _is_there(pid: int) -> bool:
    """Whether the process of that number has not ended."""
    return sys.platform == "linux" and Path(f"/proc/{pid}").exists()


def _remove_left_folders() -> None:
    """Remove the folders of servers that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        owner = left.name.removeprefix(_FOLDER).partition("-")[0]
        with contextlib.suppress(OSError):
            if owner.isdigit() and sys.platform == "linux" and not _is_there(int(owner)):
                if left.stat().st_uid == os.getuid():
                    shutil.rmtree(left, ignore_errors=True)
