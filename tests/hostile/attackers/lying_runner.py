"""A runner that was taken over: it does what the first number of its input says.

`python lying_runner.py sandboxed|free PATH PORT` forks such runners; free ones have no wall,
so that what a sandboxed one cannot do is the wall's doing.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from explainers.service import codec
from explainers.service.runners import process
from tests.hostile.attackers.forbidden_actions import ACTIONS
from tests.hostile.attackers.lying_parser import LIES

# What it can be told to try, with what it takes of PATH and PORT.
TRIED = {
    "compute": "",
    "read": "path",
    "stat": "path",
    "create": "new",
    "append": "path",
    "delete": "copy",
    "memory_file": "",
    "pipe": "",
    "tcp": "port",
    "udp": "port",
    "listen": "",
    "execute": "program",
    "fork": "",
    "thread": "",
    "signal": "parent",
    "memory_of": "parent",
    "executable_memory": "",
    "eight_gigabytes": "",
}
LIED = ["another number", "no numbers", "objects", "never", "nothing", *LIES]
NAMES = [*TRIED, *LIED]


def main() -> None:
    how, path, port = sys.argv[1:]
    given = {
        "path": path,
        "new": path + ".new",
        "copy": path + ".copy",
        "port": port,
        "program": path + ".program",
        "parent": os.getpid(),
    }

    def taken_over(_run, answer: int, facts: dict, arrays: dict) -> None:
        what = NAMES[int(arrays["x"].flat[0])]
        if what in TRIED:
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                ACTIONS[what](*([given[TRIED[what]]] if TRIED[what] else []))
                done = 1.0
            except Exception:
                done = 0.0
            return codec.send(answer, facts, {"y": np.full((1, 1), done)})
        if what == "never":
            while True:
                time.sleep(0.01)
        if what == "another number":
            return codec.send(answer, {"number": facts["number"] + 1}, {"y": np.ones((1, 1))})
        if what == "no numbers":
            return codec.send(answer, facts, {"y": np.ones((1, 1), np.complex64)})
        os.write(answer, LIES.get(what, b""))
        os._exit(0)

    process._answer = taken_over
    if how == "free":
        process.enter_sandbox = lambda memory, seconds, keep: None
    sys.argv = sys.argv[:1]
    process.main()


if __name__ == "__main__":
    main()
