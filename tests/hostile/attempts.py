"""Attempts at forbidden things, each in a process of its own that one with all imports forks."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

ATTACKERS = Path(__file__).parent / "attackers"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Attempts:
    """A script of `attackers` that calls `reports.serve`, and what it is asked to try.

    Parameters
    ----------
    script : str
        Its file's name.
    """

    def __init__(self, script: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ATTACKERS / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
        )

    def tried(self, how: str, *arguments: object) -> str:
        """What the process printed, "sandboxed" or "free"; "killed" where it was ended."""
        line = json.dumps([how, *map(str, arguments)]) + "\n"
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        assert select.select([self._process.stdout], [], [], 120)[0], (how, arguments)
        status, report = json.loads(self._process.stdout.readline())
        assert status <= 0, (how, arguments, report)
        return "killed" if status < 0 else report

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
