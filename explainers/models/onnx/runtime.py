"""Models that only onnxruntime can run, as a plain function: for methods that need no gradient.

onnxruntime is imported when a model needs it. The bytes must have gone through `read_graph`, which
refuses what would make it open other files.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.models.onnx.graph import Graph
from explainers.models.onnx.module import explained_input, explained_output
from explainers.problems import ModelProblem, Problem

_QUIET = 4


class RuntimeModel:
    """x (N, …) → the chosen output (N, …), computed by onnxruntime on the CPU, without slopes.

    data     the bytes of the file that `graph` was read from.
    output   name of the output to explain; by default see `explained_output`.
    rows     None: a batch at once; B: B rows at a time, for graphs made for exactly B.
    threads  that one call may use; 0 leaves it to onnxruntime.

    The answer has the type and device of x. Problem where onnxruntime cannot load the model, or is
    not installed.
    """

    def __init__(
        self,
        data: bytes,
        graph: Graph,
        output: str | None = None,
        rows: int | None = None,
        threads: int = 1,
    ) -> None:
        self.port, self.rows = explained_input(graph), rows
        self.output = explained_output(graph, output)
        if self.port.dtype not in ("float32", "float64", "float16"):
            raise Problem(
                f"The model's input {self.port.name[:40]!r} holds {self.port.dtype}; accepted are "
                "float32, float64 and float16. Export the part behind the conversion to float32."
            )
        self._session = _session(data, graph, self.output, threads)

    def __call__(self, x: Tensor) -> Tensor:
        """The chosen output for x (N, …)."""
        if type(x) is not Tensor:
            raise ModelProblem(
                "This model is run by onnxruntime, which cannot be followed step by step. Use a "
                "method that needs no gradient: occlusion or RISE."
            )
        size = self.rows or max(len(x), 1)
        parts = [self._run(chunk, size) for chunk in x.detach().split(size)]
        return torch.cat(parts).to(x)

    def _run(self, x: Tensor, size: int) -> Tensor:
        taken = x.to("cpu", getattr(torch, self.port.dtype))
        if self.rows and len(x) < size:
            taken = torch.cat([taken, *[taken[-1:]] * (size - len(x))])
        try:
            made = self._session.run([self.output], {self.port.name: taken.numpy()})[0]
        except Exception as error:
            raise ModelProblem(
                f"The model stopped on inputs of shape {tuple(x.shape)}: {_first_line(error)}. "
                "Check the input's size and number of channels."
            ) from error
        return torch.from_numpy(made)[: len(x)]


def _session(data: bytes, graph: Graph, output: str, threads: int):
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise Problem(
            "Gradients cannot be computed through this model, and to run it without, onnxruntime "
            "is needed, which is not installed: pip install onnxruntime."
        ) from error
    if output not in {port.name for port in graph.outputs}:
        # The probabilities behind a ZipMap become an output of their own.
        model = onnx.ModelProto.FromString(data)
        value = model.graph.output.add()
        value.name = output
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        data = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = _QUIET
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Problem(
            f"onnxruntime cannot load this model: {_first_line(error)}. Export it again."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
