"""Models that only onnxruntime can run, as a plain function: for methods that need no gradient.

The bytes must have gone through `read_graph`, which refuses what would make onnxruntime open other
files.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from explainers.errors import ModelProblem, Problem, first_line
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.module import by_row, explained_input, explained_output
from explainers.models.formats.onnx.session import run, session
from explainers.models.formats.onnx.tables import as_one_input
from explainers.models.formats.several_inputs import SeveralInputs

WHOLE = ("int64", "int32", "int16", "int8", "uint8")
NUMBERS = ("float32", "float64", "float16", *WHOLE)


class RuntimeModel:
    """x (N, …) → the chosen output (N, …), computed by onnxruntime on the CPU, without gradients.

    The output has the type and device of x.

    Parameters
    ----------
    data : bytes
        The file that `graph` was read from.
    graph : Graph
    output : str, optional
        Name of the output to explain; by default see `explained_output`.
    rows : int, optional
        None: a batch at once; B: each row in a batch of B copies, for graphs made for exactly B.
    threads : int
        That one call may use; 0 leaves it to onnxruntime.

    Raises
    ------
    Problem
        Where onnxruntime cannot load the model, or is not installed.
    """

    notes_on_answers: tuple[tuple[str, bool], ...] = ()
    several_inputs: SeveralInputs | None = None

    def __init__(
        self,
        data: bytes,
        graph: Graph,
        output: str | None = None,
        rows: int | None = None,
        threads: int = 1,
    ) -> None:
        self.dtype, self.rows = input_dtype(as_one_input(graph).graph), rows
        self.output = explained_output(graph, output)
        hidden = is_hidden(graph, self.output)
        held = (graph.inputs[0].name, graph.held) if graph.held else ("", ())
        self._session = session(data, self.output, hidden, threads, held)

    def __call__(self, x: Tensor) -> Tensor:
        """The chosen output for x (N, …)."""
        return run_rows(self._run, x, self.dtype, self.rows)

    def _run(self, values: np.ndarray) -> np.ndarray:
        try:
            return run(self._session, self.output, values)
        except Exception as error:
            raise ModelProblem(_stopped(values.shape, error)) from error


def input_dtype(graph: Graph) -> str:
    """The type of number that the graph's input takes, as "float32".

    Raises
    ------
    Problem
        Where it takes something else than numbers.
    """
    port = explained_input(graph)
    if port.dtype not in NUMBERS:
        raise Problem(
            f"The model's input {port.name[:40]!r} holds {port.dtype}; accepted are "
            f"{', '.join(NUMBERS)}. Export the part behind the conversion to numbers."
        )
    return port.dtype


def is_hidden(graph: Graph, output: str) -> bool:
    """Whether the tensor is inside the graph and not one of its outputs."""
    return output not in {port.name for port in graph.outputs}


def run_rows(
    answer: Callable[[np.ndarray], np.ndarray],
    x: Tensor,
    dtype: str,
    rows: int | None,
    where: str = "in onnxruntime",
) -> Tensor:
    """The outputs of a network that runs outside of torch.

    Parameters
    ----------
    answer : callable
        From an array (n, …) of type `dtype` to the outputs (n, …).
    x : Tensor, shape (N, …)
        Rounded where `dtype` is of whole numbers.
    dtype : str
        One of NUMBERS.
    rows : int or None
        None: all at once; B: each in a batch of B copies of it.
    where : str
        Where the network runs, in words.

    Returns
    -------
    Tensor, shape (N, …)
        With the type and device of x.

    Raises
    ------
    ModelProblem
        Where a gradient is wanted, which is not possible, or the outputs are no numbers.

    Examples
    --------
    >>> run_rows(lambda values: values * 2, torch.ones(3, 1), "float64", rows=2)
    tensor([[2.],
            [2.],
            [2.]])
    """
    if type(x) is not Tensor or (x.requires_grad and torch.is_grad_enabled()):
        raise ModelProblem(
            f"This network runs {where}, which gives no gradients: use occlusion, ablation, or "
            "finite differences."
        )
    size, parts = 1 if rows else max(len(x), 1), []
    for part in x.detach().to("cpu").split(size):
        batch = (part.round() if dtype in WHOLE else part).to(getattr(torch, dtype))
        if rows:
            batch = torch.cat([batch] * rows)
        made = answer(batch.numpy())
        if not isinstance(made, np.ndarray) or made.dtype.kind not in "fiub" or not made.ndim:
            raise ModelProblem(
                "The model's output is not a tensor with a row of numbers per input. Export it "
                "with its scores or probabilities as an output."
            )
        answers = torch.from_numpy(made)
        answers = by_row(answers, len(batch)) if batch.ndim == 2 else answers
        parts.append(answers[: len(part)])
    return torch.cat(parts).to(x)


def _stopped(shape: tuple[int, ...], error: Exception) -> str:
    """The sentence for a model that raised an error on an input of this shape."""
    return (
        f"The model stopped on inputs of shape {tuple(shape)}: {first_line(error)}. Check the "
        "input's size and number of channels."
    )
