"""Serving the page of logos alone, without the app around it."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from driver import ROOT, _wait_until_healthy


@contextmanager
def logos_served(folder: Path):
    """The address of the page of logos, on a free port, while its server runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("w+") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "tests/browser/logo/logo_page.py",
                f"--server.port={port}",
                "--server.address=127.0.0.1",
            ],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            _wait_until_healthy(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(15)
