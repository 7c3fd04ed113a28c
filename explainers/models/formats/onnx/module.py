"""An ONNX graph as a torch module that every method can explain."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from explainers.errors import ModelProblem, Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.graph_model import GraphModel
from explainers.models.formats.onnx.flow import untranslated
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.steps import Block

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

    The map of class names to probabilities (ZipMap) that scikit-learn's converter adds stands for
    the probabilities that go into it.

    Raises
    ------
    Problem
        Where there is no such output, or none of floating type.
    """
    zipped = {node.outputs[0]: node.inputs[0] for node in graph.nodes if node.op == "ZipMap"}
    ports = [
        replace(p, name=zipped[p.name], dtype="float32", shape=(None, None))
        if p.name in zipped
        else p
        for p in graph.outputs
    ]
    if name is not None:
        if name not in {port.name for port in ports}:
            names = ", ".join(port.name[:40] for port in ports[:8])
            raise Problem(f"The model has no output {name[:40]!r}; it has {names}.")
        return name
    floats = [port for port in ports if port.dtype in FLOATS]
    flat = [port for port in floats if port.shape is not None and len(port.shape) <= 2]
    if not floats:
        raise Problem(
            "The model has no output of numbers (floating-point), so there is no score to explain. "
            "Export it with its scores or probabilities as an output."
        )
    return (flat or floats)[0].name


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
        graph = graph.up_to(explained_output(graph, output))
        lacking = untranslated(graph)
        if lacking:
            raise ModelProblem(
                f"Gradients cannot be computed through {len(lacking)} operations of this model: "
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
        return self.block.run({self.input: x}, (self.declared, working), known)[0]
