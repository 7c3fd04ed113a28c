"""What a process reports of an attempt: on a descriptor that the sandbox leaves open."""

import json
import os
import sys
from collections.abc import Callable

from explainers.service.sandbox.sandbox import StartThreads, enter_sandbox


def tell(
    how: str,
    attempt: Callable[[], str],
    seconds: int,
    start_threads: StartThreads | None = None,
) -> None:
    """Print how an attempt went, "sandboxed" or "free", and end at once."""
    answer = os.dup(1)
    if how == "sandboxed":
        enter_sandbox(1 << 30, seconds, (answer,), start_threads)
    os.write(answer, attempt().encode())
    os._exit(0)


def serve(attempt_of: Callable[..., Callable[[], str]], seconds: int) -> None:
    """Fork a process for every line on standard input, and print its exit status and its report.

    A line is a list in JSON, of "sandboxed" or "free" and what `attempt_of` is called with before
    the process is shut in. As with uploads, what is imported is imported once.
    """
    for line in sys.stdin:
        how, *arguments = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.dup2(writing, 1)
            os.close(writing)
            try:
                tell(how, attempt_of(*arguments), seconds)
            finally:
                os._exit(1)
        os.close(writing)
        with open(reading, "rb") as pipe:
            report = pipe.read().decode().strip()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([status, report]), flush=True)
