"""Starting worker processes, one after the other, and ending them: the backend's side."""

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
SECONDS_TO_START = 120
MOST_ARRIVALS = 4
_FOLDER = "evident-"
logger = logging.getLogger(__name__)


class WorkerProcess:
    """The worker of one backend, replaced by another one whenever it is started again.

    Parameters
    ----------
    folder : Path
        Of the store.
    on_message : callable
        Called whenever the worker sent something.
    """

    def __init__(self, folder: Path, on_message: Callable[[], None]) -> None:
        self.devices: dict[str, str] = {}
        self.pid: int | None = None
        self._folder, self._on_message = folder, on_message
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        self._arrivals: queue.Queue[Connection] = queue.Queue(MOST_ARRIVALS)
        self._prefork: subprocess.Popen[str] | None = None
        self._closed = False
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

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
        prefork = self._forking()
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
            if prefork.poll() is not None:
                break
        if not self._closed:
            logger.error("no worker started; the forking process ended with %s", prefork.poll())
        return None

    def kill(self) -> None:
        """End the worker at once."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def close(self) -> None:
        """End the worker and what forks it, for good."""
        self._closed = True
        self.kill()
        if self._prefork is not None:
            assert self._prefork.stdin is not None
            self._prefork.stdin.close()
            self._prefork.wait(10)
        folder = Path(str(self._listener.address)).parent
        self._listener.close()
        if folder.name.startswith(_FOLDER):  # of one that took the place of another
            shutil.rmtree(folder, ignore_errors=True)

    def _listen_again_where_it_is_gone(self) -> None:
        """The listener is a file among temporary ones, which may be deleted at any time."""
        if self._closed or Path(str(self._listener.address)).exists() or os.name == "nt":
            return
        logger.warning("the worker's socket was deleted; another is made")
        if self._prefork is not None:
            self._prefork.kill()
            self._prefork.wait()
        self._listener.close()
        folder = tempfile.mkdtemp(prefix=_FOLDER)
        self._listener = Listener(f"{folder}/worker", "AF_UNIX", authkey=self._key)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _forking(self) -> subprocess.Popen[str]:
        """The process that forks workers, after it was asked for one."""
        if self._prefork is None or self._prefork.poll() is not None:
            self._prefork = subprocess.Popen(
                [sys.executable, "-m", PREFORK, str(self._listener.address), str(self._folder)],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                text=True,
                # Threads that wait by spinning slow everything down once the cores are shared.
                env={**worker_environment(), **as_environment(), "OMP_WAIT_POLICY": "PASSIVE"},
            )
            assert self._prefork.stdin is not None
            self._prefork.stdin.write(self._key.hex() + "\n")
        assert self._prefork.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._prefork.stdin.write("worker\n")
            self._prefork.stdin.flush()
        return self._prefork

    def _accept(self, listener: Listener) -> None:
        while not self._closed and listener is self._listener:
            try:
                self._arrivals.put_nowait(listener.accept())
            except Exception:
                # A stranger without the key, too many at once, or the listener closed.
                time.sleep(0.05)
