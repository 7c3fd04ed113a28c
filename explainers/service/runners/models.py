"""Networks that torch does not run here, as models: each in a process of its own behind the wall.

The worker never decodes the network's bytes; it hands them on.
"""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from explainers.errors import ModelProblem, Problem
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.module import explained_output
from explainers.models.formats.onnx.runtime import answered, hidden, taken
from explainers.service import codec
from explainers.service.parsing.parsers.torchscript import require_scripts_allowed
from explainers.service.runners import messages
from explainers.service.runners.start import started
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


class SandboxedModel(nn.Module):
    """x (N, …) → the network's answer (N, …), computed behind the wall, without slopes.

    language  one of LANGUAGES.
    network   the bytes of its file, or their path, which must stay while the model is used.
    facts     about the network, as the language's `load` takes them.

    The process starts with the first call, and again after it was ended. Answers have the type and
    device of x. Problem where the network cannot be loaded, takes too long, or its process ends;
    torch.OutOfMemoryError where fewer rows may fit.
    """

    where, dtype, rows = "behind the wall", "float32", None

    def __init__(self, language: str, network: bytes | Path, facts: dict) -> None:
        super().__init__()
        self._language, self._network, self._facts = language, network, facts
        self._runner: Runner | None = None
        self._lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        """The network's answer to x (N, …)."""
        most = max(1, MOST_AT_ONCE // max(1, 8 * x[:1].numel()))
        parts = [
            answered(self._ask, part, self.dtype, self.rows, self.where) for part in x.split(most)
        ]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._end()

    def _ask(self, values: np.ndarray) -> np.ndarray:
        with self._lock:
            if self._runner is None:
                self._runner = Runner(self._language, self._network, self._facts)
            try:
                return self._runner.ask(values)
            finally:
                if self._runner.ended:
                    self._end()

    def _end(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def __deepcopy__(self, memo) -> SandboxedModel:
        """The model itself: it has nothing that a copy could change."""
        return self


class OnnxRuntimeModel(SandboxedModel):
    """The chosen output of an ONNX graph, computed by onnxruntime.

    graph    as `read_graph` gives it.
    network  the bytes of its file, or their path.
    output   name of the output to explain; by default see `explained_output`.
    rows     None: a batch at once; B: B rows at a time, for graphs made for exactly B.
    """

    where = "in onnxruntime"

    def __init__(
        self,
        graph: Graph,
        network: bytes | Path,
        output: str | None = None,
        rows: int | None = None,
    ) -> None:
        dtype, chosen = taken(graph), explained_output(graph, output)
        super().__init__("onnx", network, {"output": chosen, "hidden": hidden(graph, chosen)})
        self.dtype, self.rows, self.output = dtype, rows, chosen


class TorchScriptModel(SandboxedModel):
    """The answer of a TorchScript file, which is a program and therefore never loaded here.

    script   the bytes of its file, or their path. Problem where this server lets none in.
    """

    where = "as TorchScript behind the wall"

    def __init__(self, script: bytes | Path) -> None:
        require_scripts_allowed()
        super().__init__("torchscript", script, {})


class Runner:
    """One process with one network. Problem where it cannot be started or the network loaded."""

    def __init__(self, language: str, network: bytes | Path, facts: dict) -> None:
        require_sandbox()
        try:
            data = (
                np.frombuffer(network, np.uint8)
                if isinstance(network, bytes)
                else (np.memmap(network, np.uint8, "r"))
            )
        except (FileNotFoundError, ValueError) as error:
            raise Problem("This model is no longer kept here. Upload it again.") from error
        self._line, self._to, self._kill, close = started(language, data.nbytes)
        self._finish = weakref.finalize(self, close)
        self._number, self.ended = 0, False
        try:
            self._said(facts, {"network": data}, SECONDS_TO_LOAD)
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
            codec.send(self._to, facts, arrays)
            return messages.receive(self._line, messages.MOST_NUMBERS)
        except Problem as problem:
            raise ModelProblem(str(problem)) from problem
        except (EOFError, OSError, codec.CodecError) as error:
            self.close()
            raise Problem(_LATE.format(seconds=f"{seconds:g}") if late.is_set() else _ENDED) from (
                error
            )
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
