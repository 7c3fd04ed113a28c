"""Networks that torch does not run here, as models: each in a sandboxed process of its own.

The worker never decodes the network's bytes; it hands them on.
"""

from __future__ import annotations

import logging
import re
import threading
import weakref
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explainers.errors import ModelProblem, Problem
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.module import explained_output
from explainers.models.formats.onnx.runtime import input_dtype, is_hidden, run_rows
from explainers.models.formats.onnx.tables import as_one_input
from explainers.models.formats.several_inputs import SeveralInputs
from explainers.service import codec
from explainers.service.parsing.parsers.torchscript import require_scripts_allowed
from explainers.service.runners import messages
from explainers.service.runners.start import most_of_runner, start_runner
from explainers.service.sandbox.sandbox import require_sandbox

SECONDS_TO_LOAD = 120
# One call may take so long, and more where it has many rows.
SECONDS_TO_ANSWER, SECONDS_A_ROW = 30, 5
# Larger inputs are cut into several calls.
MOST_AT_ONCE = 200_000_000
_ENDED = (
    "The process that ran this network ended without an answer: the network is damaged, or needs "
    "more memory than one may take. Try again; if it stays so, use a smaller input or export a "
    "smaller network."
)
_LATE = (
    "The network did not answer within {seconds} seconds and was ended. Use a smaller input, or "
    "check that no loop in it runs without end."
)

_ASKED = re.compile(r"(?:size|allocate) (\d{1,18})")

logger = logging.getLogger(__name__)


class SandboxedModel(nn.Module):
    """x (N, …) → the network's answer (N, …), computed in the sandbox, without gradients.

    The process starts with the first call, and again after it was ended. Answers have the type and
    device of x.

    Parameters
    ----------
    runtime : str
        A key of `RUNTIMES`.
    network : bytes or Path
        The bytes of its file, or their path, which must stay while the model is used. They are
        not decoded in this process.
    facts : dict
        About the network, as the runtime's `load` takes them.

    Raises
    ------
    Problem
        At a call, where the network cannot be loaded, takes too long, or its process ends.
    torch.OutOfMemoryError
        At a call, where fewer rows may fit.
    """

    where: str = "behind the wall"
    """Where it runs, in words, for a method that needs gradients."""
    dtype: str = "float32"
    """The type of the numbers that the network takes."""
    rows: int | None = None
    """How many rows it takes at a time; None: any number."""
    notes_on_answers: tuple[tuple[str, bool], ...] = ()
    several_inputs: SeveralInputs | None = None
    """Sentences that belong on its explanations; whether only on those that follow slopes."""

    def __init__(self, runtime: str, network: bytes | Path, facts: dict[str, Any]) -> None:
        super().__init__()
        self._runtime, self._network, self._facts = runtime, network, facts
        self._runner: RunnerProcess | None = None
        self._lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        """The network's answer to x (N, …)."""
        most = max(1, MOST_AT_ONCE // max(1, 8 * x[:1].numel()))
        parts = [
            run_rows(self._run, part, self.dtype, self.rows, self.where) for part in x.split(most)
        ]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._end()

    def _run(self, values: np.ndarray) -> np.ndarray:
        with self._lock:
            if self._runner is None:
                self._runner = RunnerProcess(self._runtime, self._network, self._facts)
            try:
                return self._runner.run(values)
            finally:
                if self._runner.ended:
                    self._end()

    def _end(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def __deepcopy__(self, memo: dict[int, Any]) -> SandboxedModel:
        """The model itself: it has nothing that a copy could change."""
        return self


class OnnxRuntimeModel(SandboxedModel):
    """The chosen output of an ONNX graph, computed by onnxruntime in the sandbox.

    Parameters
    ----------
    graph : Graph
        As `read_graph` gives it.
    network : bytes or Path
        The bytes of its file, or their path.
    output : str, optional
        Name of the output to explain; by default see `explained_output`.
    rows : int, optional
        None: a batch at once; B: each row in a batch of B copies, for graphs made for exactly B.
    """

    where = "in onnxruntime"

    def __init__(
        self,
        graph: Graph,
        network: bytes | Path,
        output: str | None = None,
        rows: int | None = None,
    ) -> None:
        dtype = input_dtype(as_one_input(graph).graph)
        chosen = explained_output(graph, output)
        facts = {"output": chosen, "hidden": is_hidden(graph, chosen)}
        if graph.held:
            facts["held"] = [graph.inputs[0].name, [list(astuple(one)) for one in graph.held]]
        super().__init__("onnx", network, facts)
        self.dtype, self.rows, self.output = dtype, rows, chosen


class TorchScriptModel(SandboxedModel):
    """The answer of a TorchScript file, which is a program and therefore never loaded here.

    Parameters
    ----------
    script : bytes or Path
        The bytes of its file, or their path.

    Raises
    ------
    Problem
        Where this server lets no TorchScript in.
    """

    where = "as TorchScript behind the wall"

    def __init__(self, script: bytes | Path) -> None:
        require_scripts_allowed()
        super().__init__("torchscript", script, {})


class RunnerProcess:
    """One process with one network, seen from the worker. Arguments as of `SandboxedModel`.

    Raises
    ------
    Problem
        Where it cannot be started, or the network cannot be loaded.
    """

    def __init__(self, runtime: str, network: bytes | Path, facts: dict[str, Any]) -> None:
        require_sandbox()
        try:
            data = (
                np.frombuffer(network, np.uint8)
                if isinstance(network, bytes)
                else np.memmap(network, np.uint8, "r")
            )
        except (FileNotFoundError, ValueError) as error:
            raise Problem("This model is no longer kept here. Upload it again.") from error
        self._runtime, self._size = runtime, data.nbytes
        self._source, self._destination, self._kill, close = start_runner(runtime, data.nbytes)
        self._finish = weakref.finalize(self, close)
        self._number, self.ended = 0, False
        try:
            self._exchange(facts, {"network": data}, SECONDS_TO_LOAD)
        except BaseException:
            self.close()
            raise
        logger.info("%s runs a network of %d bytes", runtime, data.nbytes)

    def run(self, values: np.ndarray) -> np.ndarray:
        """The network's answer (n, …) to values (n, …); ends the process where it takes too long.

        Raises
        ------
        Problem
            With a sentence, where the network fails or its process ends.
        torch.OutOfMemoryError
            Where its memory does not suffice.
        """
        self._number += 1
        seconds = max(SECONDS_TO_ANSWER, SECONDS_A_ROW * len(values))
        facts, arrays = self._exchange({"number": self._number}, {"x": values}, seconds)
        if facts.get("number") != self._number:
            self.close()
            raise Problem(_ENDED)
        if told := facts.get("memory"):
            asked = _ASKED.search(str(told))
            wanted = f", tried to allocate {asked[1]} bytes" if asked else ""
            most = most_of_runner(self._size) / 1e9
            raise torch.OutOfMemoryError(f"out of memory: it may take {most:.1f} GB{wanted}")
        if set(arrays) != {"y"}:
            self.close()
            raise Problem(_ENDED)
        return arrays["y"]

    def close(self) -> None:
        """End the process."""
        self.ended = True
        self._finish()

    def _exchange(
        self, facts: dict[str, Any], arrays: dict[str, np.ndarray], seconds: float
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Send a frame and receive the answer to it, which is not believed; end it when late."""
        late, kill = threading.Event(), self._kill

        def end_late() -> None:
            late.set()
            kill()

        timer = threading.Timer(seconds, end_late)
        timer.daemon = True
        timer.start()
        try:
            codec.send(self._destination, facts, arrays)
            return messages.receive(self._source, messages.MOST_NUMBERS)
        except Problem as problem:
            raise ModelProblem(str(problem)) from problem
        except (EOFError, OSError, codec.CodecError) as error:
            self.close()
            ending = f"had {seconds:g} seconds" if late.is_set() else "ended without an answer"
            logger.warning("the process of a network in %s %s", self._runtime, ending)
            sentence = _LATE.format(seconds=f"{seconds:g}") if late.is_set() else _ENDED
            raise Problem(sentence) from error
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
