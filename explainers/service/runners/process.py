"""Processes that run a network behind the wall, and the one that forks them.

The forking process starts small, before the worker gives up its right to start programs; it imports
what runs a network when it is first asked for a runner, and never sees a network. A runner takes a
network, then numbers, and answers with numbers, until the worker closes the line. Who loses its
parent ends: the forking process reads the end of its line, runners are ended by the kernel.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys

from explainers.service.runners.runtimes import LANGUAGES, Run
from explainers.service.sandbox import fork_protocol
from explainers.service.sandbox.sandbox import enter_sandbox

# Beyond what the network's own numbers take: they are held up to five times while it is loaded.
MEMORY, PER_BYTE = 2_000_000_000, 5
SECONDS_TO_LIVE = 24 * 3600
_DIE_WITH_PARENT = 1
_MEMORY_WORDS = ("allocat", "bad_alloc", "MemoryError", "memory")


def main() -> None:
    """Fork a runner for every message on our standard input, until it is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, prepared, own = socket.socket(fileno=0), set(), os.getpid()
    while True:
        try:
            message, (line,), _, _ = socket.recv_fds(asked, 64, 1)
        except ValueError:  # no descriptor: the worker has gone
            return
        language, size = message.decode().split()
        if language not in prepared:
            prepare(language)
            prepared.add(language)
        child = os.fork()
        if child == 0:
            _follow(own)
            serve(language, line, line, int(size))
        os.close(line)
        fork_protocol.answer(asked, child)


def prepare(language: str) -> None:
    """Import what runners need, for nothing can be imported behind the wall."""
    import numpy  # noqa: F401

    import explainers.models.formats.onnx.session  # noqa: F401

    LANGUAGES[language].prepare()
    gc.collect()
    gc.freeze()


def serve(language: str, source: int, answer: int, size: int) -> None:
    """Raise the wall, then run one network of so many bytes until the line ends; never returns."""
    from explainers.errors import Problem
    from explainers.service import codec
    from explainers.service.runners import messages

    try:
        try:
            enter_sandbox(MEMORY + PER_BYTE * size, SECONDS_TO_LIVE, {source, answer})
        except OSError as error:
            codec.send_problem(
                answer,
                f"The network was not loaded: the wall around it could not be raised ({error}).",
            )
            return
        with os.fdopen(source, "rb", buffering=0, closefd=False) as line:
            try:
                run = _loaded(language, *messages.receive(line, messages.MOST_NETWORK))
            except Problem as problem:
                codec.send_problem(answer, _memory_first(str(problem)))
                return
            codec.send(answer, {}, {})
            gc.collect()
            while True:
                _answer(run, answer, *messages.receive(line, messages.MOST_NUMBERS))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        os._exit(0)


def _loaded(language: str, facts: dict, arrays: dict) -> Run:
    return LANGUAGES[language].load(arrays.pop("network").tobytes(), facts)


def _answer(run: Run, answer: int, facts: dict, arrays: dict) -> None:
    """Run the network once; an array, a sentence, or that memory does not suffice."""
    import numpy as np

    from explainers.errors import Problem
    from explainers.models.formats.onnx.session import first_line
    from explainers.service import codec
    from explainers.service.runners import messages

    values, number = arrays["x"], facts["number"]
    try:
        made = run(values)
        if not isinstance(made, np.ndarray) or made.dtype.name not in codec.TYPES:
            raise Problem("The model's output is not a tensor of numbers.")
        if made.nbytes > messages.MOST_NUMBERS - 1000:
            raise MemoryError
    except Exception as error:
        if isinstance(error, MemoryError) or _is_memory(str(error)):
            return codec.send(answer, {"number": number, "memory": True}, {})
        if isinstance(error, Problem):
            return codec.send_problem(answer, str(error))
        return codec.send_problem(
            answer,
            f"The model stopped on inputs of shape {values.shape}: {first_line(error)}. "
            "Check the input's size and number of channels.",
        )
    return codec.send(answer, {"number": number}, {"y": made})


def _is_memory(said: str) -> bool:
    return any(word in said for word in _MEMORY_WORDS)


def _memory_first(said: str) -> str:
    if not _is_memory(said):
        return said
    return "Loading this network takes too much memory. Export a smaller one."


def _follow(parent: int) -> None:
    """End with the parent, also where that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 1:  # where there is no forking
        prepare(sys.argv[1])
        serve(sys.argv[1], 0, 1, int(sys.argv[2]))
    main()
