"""A process with torch imported that forks a worker for every address on its standard input.

A worker that was killed is replaced in milliseconds instead of the seconds that importing torch
takes. The forking process itself never runs an operation, so that its children start clean.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from explainers.service import logs
from explainers.service.worker.main import serve


def main() -> None:
    """Fork a worker for the address on each line, until the backend closes our standard input."""
    folder = sys.argv[1]
    key = bytes.fromhex(sys.stdin.readline())
    if sys.platform != "linux":  # forking after importing torch is safe on Linux only
        for line in sys.stdin:
            address = line.rstrip("\n")
            subprocess.Popen([sys.executable, "-m", __spec__.name, address, folder, key.hex()])
        return
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_import_all).result()
    gc.collect()
    gc.freeze()  # what all workers share stays shared, and none looks through it for garbage
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(0)
            serve(line.rstrip("\n"), key, folder)
            os._exit(0)


def _import_all() -> None:
    """Import what workers need, in a thread that steps back: the page is painted before.

    On Linux niceness is a thread's own. The forked workers do not inherit it: beside other programs
    on the same cores a worker that steps back gets next to nothing.
    """
    os.nice(5)
    with contextlib.suppress(ImportError):  # the network for photos is built with it
        import timm  # noqa: F401
    import torch  # noqa: F401
    import torchvision  # noqa: F401

    import explainers.api
    import explainers.checks.faithfulness
    import explainers.checks.randomisation
    import explainers.models.prepared
    import explainers.service.runners.models  # noqa: F401
    from explainers.locations import code_version

    code_version()  # of the code that was imported, should the files change while the server runs


if __name__ == "__main__":
    logs.configure()
    if len(sys.argv) == 4:
        serve(sys.argv[1], bytes.fromhex(sys.argv[3]), sys.argv[2])
    else:
        main()
