"""A small Dask cluster in processes of its own, forked from one that has torch already."""

import asyncio
import contextlib
import logging
import multiprocessing as mp
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


def context() -> Any:
    """Where processes are started from."""
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["explainers.many.warm", "small_runs", "distributed", "s3fs"])
    return context


def serve(role: str, scheduler: str, folder: str, options: dict[str, Any], answer: Any) -> None:
    """A scheduler or a worker; says its address once it listens."""
    from distributed import Scheduler, Worker

    logging.disable(logging.CRITICAL)
    os.environ.update(options.pop("environment", {}))
    if options.pop("without_evident", False):
        sys.modules["explainers"] = None  # type: ignore[assignment]
    options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", **options}

    async def run() -> None:
        if role == "scheduler":
            server: Any = Scheduler(**{"port": 0, "dashboard": False, **options})
        else:
            options.setdefault("nthreads", 1)
            server = Worker(scheduler, memory_limit=0, local_directory=folder, **options)
        async with server:
            answer.send(server.listen_address)
            await server.finished()

    asyncio.run(run())


@dataclass
class Cluster:
    """A scheduler and its workers.

    Attributes
    ----------
    folder : str
        Where workers may write.
    port : int
        Of the scheduler.
    workers : list of processes
    environment : dict of str to str
        What they find in theirs.
    """

    folder: str
    port: int = 0
    workers: list[Any] = field(default_factory=list)
    scheduler: Any = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Of the scheduler, on this computer."""
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, workers: int = 0, **options: Any) -> "Cluster":
        """Start the scheduler and so many workers."""
        self.scheduler, listens = self._started("scheduler", options)
        self.port = int(listens.rsplit(":", 1)[1])
        for _ in range(workers):
            self.add()
        return self

    def add(self, **options: Any) -> Any:
        """Start one more worker."""
        process, _ = self._started("worker", options)
        self.workers.append(process)
        return process

    def kill(self) -> None:
        """Kill all that still runs."""
        for process in [*self.workers, self.scheduler]:
            if process is not None:
                process.kill()
                process.join()
        self.workers.clear()

    @contextlib.contextmanager
    def with_nanny(self) -> Iterator[None]:
        """While the block runs, start a worker for each one that ends, as Dask's nanny does."""
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(0.02):
                for process in [one for one in self.workers if not one.is_alive()]:
                    self.workers.remove(process)
                    self.add()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _started(self, role: str, options: dict[str, Any]) -> tuple[Any, str]:
        ours, theirs = mp.Pipe(duplex=False)
        options = {"environment": self.environment, **options}
        given = (role, self.address, self.folder, options, theirs)
        process = context().Process(target=serve, args=given, daemon=True)
        process.start()
        theirs.close()
        return process, ours.recv()
