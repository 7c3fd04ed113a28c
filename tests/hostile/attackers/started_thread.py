"""A thread that was started on the way into the sandbox tries what the sandbox refuses.

`python started_thread.py sandboxed|free FILE` prints how many threads were seen, and how it went to
read the file, which one layer refuses, and to ask for a priority, which only another does.
"""

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.hostile.attackers.reports import tell


def main() -> None:
    how, path = sys.argv[1:]
    go, found = threading.Event(), []

    def tries() -> None:
        go.wait()
        for action in (lambda: Path(path).read_bytes(), lambda: os.getpriority(os.PRIO_PROCESS, 0)):
            try:
                action()
                found.append("done")
            except OSError:
                found.append("refused")

    thread = threading.Thread(target=tries, daemon=True)

    def start(count) -> None:
        before = count()
        thread.start()
        found.append(f"{before} and {count()} threads:")

    def attempt() -> str:
        if how == "free":
            thread.start()
        go.set()
        thread.join(2)
        return " ".join(found)

    tell(how, attempt, seconds=5, start_threads=start)


if __name__ == "__main__":
    main()
