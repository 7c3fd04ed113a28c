"""An ONNX graph as a torch module that every method can explain."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from explainers.errors import ModelProblem, Problem
from explainers.models.answers import without_boxes
from explainers.models.formats.file_card import Port
from explainers.models.formats.graph_model import GraphModel
from explainers.models.formats.onnx.flow import untranslated
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.rewriting.pairwise import with_pairwise
from explainers.models.formats.onnx.rewriting.texts import with_codes
from explainers.models.formats.onnx.steps import Block
from explainers.models.formats.onnx.tables import in_whole, with_weights_as_inputs

FLOATS = ("float32", "float64", "float16", "bfloat16")
_MOST_SHAPES = 8


def explained_input(graph: Graph) -> Port:
    """The one input of a graph.

    Raises
    ------
    Problem
        Where there are several, or none of tensor type.
    """
    if len(graph.inputs) != 1 or graph.inputs[0].dtype == "other":
        names = ", ".join(f"{port.name[:40]} ({port.dtype})" for port in graph.inputs[:6])
        raise Problem(
            f"The model takes {len(graph.inputs)} inputs{': ' + names if names else ''}. A model "
            "with exactly one input tensor can be explained: export it with the others fixed, for "
            "example torch.onnx.export of a module whose forward(x) fills them in."
        )
    return graph.inputs[0]


def explained_output(graph: Graph, name: str | None = None) -> str:
    """The output tensor to explain: the one named, else the first of floating type, (N, k) first.

    Where scikit-learn's converter gives a map of class names to probabilities (ZipMap), or one
    output a class, it is the tensor of the probabilities of all classes. Where a file answers with
    the number of the best class alone, it is the scores of all; of boxes and their scores, these.

    Raises
    ------
    Problem
        Where there is no such output, none of floating type, or none that follows the input.
    """
    follows = graph.followers()
    numbers = any(port.dtype in FLOATS for port in graph.outputs)
    whole = in_whole(graph) or ({} if numbers else _before_choice(graph))
    ports = [
        replace(p, name=whole[p.name], dtype="float32", shape=(None, None))
        if p.name in whole and p.name != name
        else p
        for p in graph.outputs
    ]
    if name is not None:
        if name not in {port.name for port in ports}:
            names = ", ".join(port.name[:40] for port in ports[:8])
            raise Problem(f"The model has no output {name[:40]!r}; it has {names}.")
        if name not in follows:
            raise _constant(name)
        return name
    floats = [port for port in ports if port.dtype in FLOATS]
    if floats and follows.isdisjoint(port.name for port in floats):
        raise _constant(floats[0].name)
    floats = [port for port in floats if port.name in follows]
    flat = [port for port in floats if port.shape is not None and len(port.shape) <= 2]
    if not floats:
        raise Problem(
            "The model has no output of numbers (floating-point), so there is no score to explain. "
            "Export it with its scores or probabilities as an output."
        )
    kept = without_boxes([port.shape for port in flat or floats])
    return (flat or floats)[kept[0]].name


def _constant(name: str) -> Problem:
    return Problem(
        f"The model's output {name[:40]!r} is one of its own weights, or computed from them alone: "
        "it is the same whatever goes in, so there is nothing to explain. Export the model with "
        "its scores or probabilities as an output."
    )


def _before_choice(graph: Graph) -> dict[str, str]:
    """Outputs that are numbers of classes, and the scores that the highest was chosen from."""
    made = {name: node for node in graph.nodes for name in node.outputs}
    found = {}
    for port in graph.outputs:
        node = made.get(port.name)
        while node is not None and node.op in ("Cast", "Squeeze", "Identity", "Unsqueeze"):
            node = made.get(node.inputs[0])
        if node is not None and node.op == "ArgMax":
            found[port.name] = node.inputs[0]
    return found


class OnnxModel(GraphModel):
    """An ONNX graph as a torch module, from x (N, …) to the chosen output (N, …).

    Weights are parameters of one submodule per operation; convolutions are nn.Conv instances, so
    that Grad-CAM finds them, unless some rows are run at a time. The precision follows
    `.to(dtype)`, also through casts inside the graph.

    Parameters
    ----------
    graph : Graph
        As `read_graph` gives it.
    output : str, optional
        Name of the output to explain; by default see `explained_output`.
    rows : int, optional
        See `GraphModel`.

    Raises
    ------
    Problem
        With the names of all operations that have no translation.
    """

    def __init__(self, graph: Graph, output: str | None = None, rows: int | None = None) -> None:
        port = explained_input(graph)
        if port.dtype not in FLOATS:
            raise Problem(
                f"The model's input {port.name[:40]!r} holds {port.dtype}, and only floating-point "
                "inputs have slopes. Export the part behind the conversion to float32, or use a "
                "method that needs no gradient."
            )
        graph = with_codes(graph.up_to(explained_output(graph, output)))
        graph = with_weights_as_inputs(with_pairwise(graph))
        lacking = untranslated(graph)
        if lacking:
            raise ModelProblem(
                f"Gradients cannot be computed through {_counted(len(lacking))} of this model: "
                f"{'; '.join(lacking[:12])}{'; …' if len(lacking) > 12 else ''}. Methods that need "
                "no gradient work: occlusion, RISE."
            )
        super().__init__(port.dtype, rows)
        self.input = port.name
        self.block = Block(graph, seen=rows is None)
        self.declared = self._precision(self.input_type)
        self._by_shape: dict[tuple, dict[str, Tensor]] = {}

    def _run_batch(self, x: Tensor, working: torch.dtype) -> Tensor:
        key = (tuple(x.shape), working, x.device)
        if key not in self._by_shape and len(self._by_shape) >= _MOST_SHAPES:
            self._by_shape.clear()
        known = self._by_shape.setdefault(key, {})
        made = self.block.run({self.input: x}, (self.declared, working), known)[0]
        return by_row(made, len(x)) if x.ndim == 2 and isinstance(made, Tensor) else made


def _counted(operations: int) -> str:
    return "one operation" if operations == 1 else f"{operations} operations"


def by_row(answers: Tensor, rows: int) -> Tensor:
    """The answers to the rows of a table, (N, k), where they were written as (N · k, 1).

    scikit-learn's converter does so to a network with several targets.

    Parameters
    ----------
    answers : Tensor, shape (N, …) or (N · k, 1)
    rows : int
        N.

    Examples
    --------
    >>> by_row(torch.tensor([[1.0], [2.0], [3.0], [4.0]]), rows=2)
    tensor([[1., 2.],
            [3., 4.]])
    """
    column = answers.ndim == 2 and answers.shape[1] == 1
    if not column or not rows or len(answers) == rows or len(answers) % rows:
        return answers
    return answers.reshape(rows, -1)
