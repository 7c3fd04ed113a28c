"""A process with torch imported that forks a worker for every address on its standard input.

A worker that was killed is replaced in milliseconds instead of the seconds that importing torch
takes. The forking process itself never runs an operation, so that its children start clean.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from explainers.service import logs
from explainers.service.worker.main import serve


def main() -> None:
    """Fork a worker for the address on each line, until the backend closes our standard input."""
    folder = sys.argv[1]
    requests = io.FileIO(0, closefd=False)  # no line is read before its turn
    key = bytes.fromhex(requests.readline().decode())
    if sys.platform != "linux":  # forking after importing torch is safe on Linux only
        for line in requests:
            address = line.decode().rstrip("\n")
            subprocess.Popen([sys.executable, "-m", __spec__.name, address, folder, key.hex()])
        return
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    complete = os.pipe()
    _import(_first)
    while select.select([requests], [], [], 0)[0]:
        if not (line := requests.readline()):
            return
        _fork(line, key, folder, complete)
    _import(_rest)
    for end in complete:
        os.close(end)
    while line := requests.readline():
        _fork(line, key, folder)


def _fork(line: bytes, key: bytes, folder: str, complete: tuple[int, int] | None = None) -> None:
    """Fork a worker; one that has a pipe gives way to another once this process closes it."""
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(0)
        told = None
        if complete is not None:
            told, ours = complete
            os.close(ours)
        serve(line.decode().rstrip("\n"), key, folder, told)
        os._exit(0)


def _import(modules: Callable[[], None]) -> None:
    """Import what workers need, in a thread that steps back: the page is painted before.

    On Linux niceness is a thread's own. The forked workers do not inherit it: beside other programs
    on the same cores a worker that steps back gets next to nothing.
    """

    def step_back() -> None:
        os.nice(5)
        modules()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(step_back).result()
    gc.collect()
    gc.freeze()  # what all workers share stays shared, and none looks through it for garbage


def _first() -> None:
    """What most tasks need: a worker that has it starts on them while the rest is imported."""
    import torch  # noqa: F401

    import explainers.api
    import explainers.checks.faithfulness
    import explainers.checks.randomisation
    import explainers.models.prepared
    import explainers.service.runners.models  # noqa: F401
    from explainers.locations import code_version

    code_version()  # of the code that was imported, should the files change while the server runs


def _rest() -> None:
    """What builds networks that others have designed; it takes longer than all before."""
    with contextlib.suppress(ImportError):  # the network for photos is built with it
        import timm  # noqa: F401
    import torchvision  # noqa: F401


if __name__ == "__main__":
    logs.configure()
    if len(sys.argv) == 4:
        serve(sys.argv[1], bytes.fromhex(sys.argv[3]), sys.argv[2])
    else:
        main()
