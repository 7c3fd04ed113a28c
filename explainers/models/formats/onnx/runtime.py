"""Models that only onnxruntime can run, as a plain function: for methods that need no gradient.

The bytes must have gone through `read_graph`, which refuses what would make onnxruntime open other
files.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explainers.errors import ModelProblem, Problem
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.module import explained_input, explained_output
from explainers.models.formats.onnx.session import first_line, session

WHOLE = ("int64", "int32", "int16", "int8", "uint8")
TAKEN = ("float32", "float64", "float16", *WHOLE)


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
        self.dtype, self.rows = taken(graph), rows
        self.output = explained_output(graph, output)
        self._input = explained_input(graph).name
        self._session = session(data, self.output, hidden(graph, self.output), threads)

    def __call__(self, x: Tensor) -> Tensor:
        """The chosen output for x (N, …)."""
        return answered(self._ask, x, self.dtype, self.rows)

    def _ask(self, values: np.ndarray) -> np.ndarray:
        try:
            return self._session.run([self.output], {self._input: values})[0]
        except Exception as error:
            raise ModelProblem(stopped(values.shape, error)) from error


def taken(graph: Graph) -> str:
    """The type of number that the graph's input takes; Problem where numbers are not what it is."""
    port = explained_input(graph)
    if port.dtype not in TAKEN:
        raise Problem(
            f"The model's input {port.name[:40]!r} holds {port.dtype}; accepted are "
            f"{', '.join(TAKEN)}. Export the part behind the conversion to numbers."
        )
    return port.dtype


def hidden(graph: Graph, output: str) -> bool:
    """Whether the tensor is inside the graph and not one of its outputs."""
    return output not in {port.name for port in graph.outputs}


def answered(
    ask: Callable[[np.ndarray], np.ndarray],
    x: Tensor,
    dtype: str,
    rows: int | None,
    where: str = "in onnxruntime",
) -> Tensor:
    """ask(values (n, …) of type `dtype`) for all rows of x (N, …), with the type and device of x.

    rows   None: all at once; B: B at a time, the last ones filled up. Whole numbers are rounded.
    where  the network runs, in words.
    ModelProblem where somebody wants to follow the computation, which is not possible.
    """
    if type(x) is not Tensor or (x.requires_grad and torch.is_grad_enabled()):
        raise ModelProblem(
            f"This network runs {where}, which gives no gradients: use occlusion, ablation, or "
            "finite differences."
        )
    size, parts = rows or max(len(x), 1), []
    for part in x.detach().to("cpu").split(size):
        given = (part.round() if dtype in WHOLE else part).to(getattr(torch, dtype))
        if rows and len(part) < rows:
            given = torch.cat([given, *[given[-1:]] * (rows - len(part))])
        made = ask(given.numpy())
        if not isinstance(made, np.ndarray) or made.dtype.kind not in "fiub" or not made.ndim:
            raise ModelProblem(
                "The model's output is not a tensor with a row of numbers per input. Export it "
                "with its scores or probabilities as an output."
            )
        parts.append(torch.from_numpy(made)[: len(part)])
    return torch.cat(parts).to(x)


def stopped(shape: tuple, error: Exception) -> str:
    """The sentence for a model that raised an error on an input of this shape."""
    return (
        f"The model stopped on inputs of shape {tuple(shape)}: {first_line(error)}. Check the "
        "input's size and number of channels."
    )
