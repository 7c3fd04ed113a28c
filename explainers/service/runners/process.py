"""Processes that run a network in the sandbox, and the fork server that they come from.

The fork server starts small, before the worker gives up its right to start programs; it imports
what runs a network when it is first asked for a runner, and never sees a network. A runner takes a
network, then numbers, and answers with numbers, until the worker closes the line. Who loses its
parent ends: the fork server reads the end of its line, runners are ended by the kernel.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from explainers.service import logs
from explainers.service.runners.runtimes import RUNTIMES, RunNetwork
from explainers.service.sandbox.fork_protocol import report_fork
from explainers.service.sandbox.sandbox import enter_sandbox

if TYPE_CHECKING:
    import numpy as np

SECONDS_TO_LIVE = 24 * 3600
_DIE_WITH_PARENT = 1
_MEMORY_WORDS = ("allocat", "bad_alloc", "MemoryError", "memory")

logger = logging.getLogger("explainers.service.runners.process")


def main() -> None:
    """Fork a runner for every message on our standard input, until it is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection, own = socket.socket(fileno=0), os.getpid()
    prepared: set[str] = set()
    while True:
        try:
            message, (line,), _, _ = socket.recv_fds(connection, 64, 1)
        except ValueError:  # no descriptor: the worker has gone
            return
        runtime, memory = message.decode().split()
        if runtime not in prepared:
            prepare(runtime)
            prepared.add(runtime)
        child = os.fork()
        if child == 0:
            _die_with(own)
            serve(runtime, line, line, int(memory))
        os.close(line)
        report_fork(connection, child)


def prepare(runtime: str) -> None:
    """Import what runners need, for nothing can be in the sandbox; end where that fails."""
    try:
        import numpy  # noqa: F401

        import explainers.models.formats.onnx.session  # noqa: F401

        RUNTIMES[runtime].prepare()
    except Exception:
        logger.exception("the runtime %r cannot be prepared", runtime)
        sys.exit(1)
    logger.info("the runtime %r is prepared", runtime)
    gc.collect()
    gc.freeze()


def serve(runtime: str, source: int, answer: int, memory: int) -> NoReturn:
    """Enter the sandbox, then run one network until the line ends.

    Parameters
    ----------
    runtime : str
        A key of `RUNTIMES`.
    source, answer : int
        Descriptors to read frames from, and to write them to; they may be the same.
    memory : int
        Bytes that it may take at most.
    """
    from explainers.errors import Problem
    from explainers.service import codec
    from explainers.service.runners import messages

    # Nothing is logged from here on: standard error is closed, and it would be of the upload.
    try:
        try:
            enter_sandbox(memory, SECONDS_TO_LIVE, {source, answer})
        except OSError as error:
            codec.send_problem(
                answer,
                f"The network was not loaded: the wall around it could not be raised ({error}).",
            )
            os._exit(0)
        with os.fdopen(source, "rb", buffering=0, closefd=False) as line:
            try:
                run = _loaded(runtime, *messages.receive(line, messages.MOST_NETWORK))
            except Problem as problem:
                codec.send_problem(answer, _memory_first(str(problem)))
                os._exit(0)
            codec.send(answer, {}, {})
            gc.collect()
            while True:
                _answer(run, answer, *messages.receive(line, messages.MOST_NUMBERS))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        os._exit(0)


def _loaded(runtime: str, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> RunNetwork:
    return RUNTIMES[runtime].load(arrays.pop("network").tobytes(), facts)


def _answer(
    run: RunNetwork, answer: int, facts: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Run the network once; send an array, a sentence, or that memory does not suffice."""
    import numpy as np

    from explainers.errors import Problem, first_line
    from explainers.service import codec
    from explainers.service.runners import messages

    values, number = arrays["x"], facts["number"]
    try:
        output = run(values)
        if not isinstance(output, np.ndarray) or output.dtype.name not in codec.TYPES:
            raise Problem("The model's output is not a tensor of numbers.")
        if output.nbytes > messages.MOST_NUMBERS - 1000:
            raise MemoryError
    except Exception as error:
        if isinstance(error, MemoryError) or _is_memory(str(error)):
            return codec.send(answer, {"number": number, "memory": first_line(error)}, {})
        if isinstance(error, Problem):
            return codec.send_problem(answer, str(error))
        return codec.send_problem(
            answer,
            f"The model stopped on inputs of shape {values.shape}: {first_line(error)}. "
            "Check the input's size and number of channels.",
        )
    return codec.send(answer, {"number": number}, {"y": output})


def _is_memory(message: str) -> bool:
    return any(word in message for word in _MEMORY_WORDS)


def _memory_first(message: str) -> str:
    if not _is_memory(message):
        return message
    return "Loading this network takes too much memory. Export a smaller one."


def _die_with(parent: int) -> None:
    """End with the parent, also where that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


if __name__ == "__main__":
    logs.configure()
    if len(sys.argv) > 1:  # where there is no forking
        prepare(sys.argv[1])
        serve(sys.argv[1], 0, 1, int(sys.argv[2]))
    main()
