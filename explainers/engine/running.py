"""Networks that only onnxruntime can run, as models: each in a process of its own behind the wall.

The worker never decodes the network's bytes; it hands them on.
"""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from explainers.engine import frame, messages
from explainers.engine.starting import started
from explainers.engine.wall import demand_wall
from explainers.models.onnx.graph import Graph
from explainers.models.onnx.module import explained_output
from explainers.models.onnx.runtime import answered, hidden, taken
from explainers.problems import ModelProblem, Problem

SECONDS_TO_LOAD = 120
# One call may take so long, and more where it has many rows.
SECONDS_TO_ANSWER, SECONDS_A_ROW = 30, 5
# Larger inputs are cut into several calls.
MOST_AT_ONCE = 200_000_000
_ENDED = (
    "The process in which onnxruntime ran this network ended without an answer: the network is "
    "damaged, or needs more memory than one may take. Try again; if it stays so, use a smaller "
    "input or export a smaller network."
)
_LATE = (
    "The network did not answer within {seconds} seconds in onnxruntime and was ended. Use a "
    "smaller input, or check that no loop in it runs without end."
)


class RunnerModel(nn.Module):
    """x (N, …) → the chosen output (N, …), computed by onnxruntime behind the wall, without slopes.

    graph    as `read_graph` gives it.
    network  the bytes of its file, or their path, which must stay while the model is used.
    output   name of the output to explain; by default see `explained_output`.
    rows     None: a batch at once; B: B rows at a time, for graphs made for exactly B.

    The process starts with the first call, and again after it was ended. Answers have the type and
    device of x. Problem where the network cannot be loaded, takes too long, or its process ends;
    torch.OutOfMemoryError where fewer rows may fit.
    """

    def __init__(
        self,
        graph: Graph,
        network: bytes | Path,
        output: str | None = None,
        rows: int | None = None,
    ) -> None:
        super().__init__()
        self.dtype, self.rows = taken(graph), rows
        self.output = explained_output(graph, output)
        self._hidden, self._network = hidden(graph, self.output), network
        self._runner: Runner | None = None
        self._lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        """The chosen output for x (N, …)."""
        most = max(1, MOST_AT_ONCE // max(1, 8 * x[:1].numel()))
        parts = [answered(self._ask, part, self.dtype, self.rows) for part in x.split(most)]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._end()

    def _ask(self, values: np.ndarray) -> np.ndarray:
        with self._lock:
            if self._runner is None:
                self._runner = Runner(self._network, self.output, self._hidden)
            try:
                return self._runner.ask(values)
            finally:
                if self._runner.ended:
                    self._end()

    def _end(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def __deepcopy__(self, memo) -> RunnerModel:
        """The model itself: it has nothing that a copy could change."""
        return self


class Runner:
    """One process with one network. Problem where it cannot be started or the network loaded."""

    def __init__(self, network: bytes | Path, output: str, hidden: bool) -> None:
        demand_wall()
        try:
            data = np.frombuffer(network, np.uint8) if isinstance(network, bytes) else (
                np.memmap(network, np.uint8, "r")
            )  # fmt: skip
        except (FileNotFoundError, ValueError) as error:
            raise Problem("This model is no longer kept here. Upload it again.") from error
        self._line, self._to, self._kill, close = started(data.nbytes)
        self._finish = weakref.finalize(self, close)
        self._number, self.ended = 0, False
        try:
            self._said({"output": output, "hidden": hidden}, {"network": data}, SECONDS_TO_LOAD)
        except BaseException:
            self.close()
            raise

    def ask(self, values: np.ndarray) -> np.ndarray:
        """The network's answer (n, …) to values (n, …); ends the process where it takes too long.

        Problem with a sentence; torch.OutOfMemoryError where its memory does not suffice.
        """
        self._number += 1
        seconds = max(SECONDS_TO_ANSWER, SECONDS_A_ROW * len(values))
        facts, arrays = self._said({"number": self._number}, {"x": values}, seconds)
        if facts.get("number") != self._number:
            self.close()
            raise Problem(_ENDED)
        if facts.get("memory"):
            raise torch.OutOfMemoryError("the network is out of memory behind its wall")
        if set(arrays) != {"y"}:
            self.close()
            raise Problem(_ENDED)
        return arrays["y"]

    def close(self) -> None:
        """End the process."""
        self.ended = True
        self._finish()

    def _said(self, facts: dict, arrays: dict, seconds: float):
        late, kill = threading.Event(), self._kill

        def end_it() -> None:
            late.set()
            kill()

        timer = threading.Timer(seconds, end_it)
        timer.daemon = True
        timer.start()
        try:
            frame.send(self._to, facts, arrays)
            return messages.receive(self._line, messages.MOST_NUMBERS)
        except Problem as problem:
            raise ModelProblem(str(problem)) from problem
        except (EOFError, OSError, frame.FrameError) as error:
            self.close()
            raise Problem(_LATE.format(seconds=f"{seconds:g}") if late.is_set() else _ENDED) from (
                error
            )
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
