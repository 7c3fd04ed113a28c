"""Inputs that are held fixed, as part of the graph, so that what is left takes one input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.several_inputs import Held, SeveralInputs

if TYPE_CHECKING:
    from onnx import ModelProto

# Since then Mul and Add broadcast as they do now.
_BROADCASTS = 7


def with_held_inputs(graph: Graph, inputs: SeveralInputs) -> Graph:
    """The graph with its explained input alone: the others are numbers of its own.

    What has the explained input's own shape is made from it, times 0.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> from explainers.models.formats.several_inputs import decide
    >>> ports = (Port("x", "float32", (None, 4)), Port("w", "float32", (4,)))
    >>> node = Node("Mul", "", 14, "", ("x", "w"), ("y",))
    >>> graph = Graph((node,), ports, (Port("y", "float32", (None, 4)),), {})
    >>> held = with_held_inputs(graph, decide(ports, {"hold w": "2"}))
    >>> [port.name for port in held.inputs], held.tensors["w"].tolist()
    (['x'], [2.0, 2.0, 2.0, 2.0])
    """
    tensors, nodes = dict(graph.tensors), list[Node]()
    version = max(_BROADCASTS, graph.opsets.get("", _BROADCASTS))
    for held in inputs.held:
        if held.shape is not None:
            tensors[held.name] = held.array(held.shape)
            continue
        names, numbers = _made_from(held)
        tensors |= dict(zip(names[:2], numbers, strict=True))
        source = inputs.explained.name
        nodes += [
            Node("Mul", "", version, "", (source, names[0]), (names[2],)),
            Node("Add", "", version, "", (names[2], names[1]), (held.name,)),
        ]
    return replace(
        graph,
        nodes=(*nodes, *graph.nodes),
        inputs=(inputs.explained,),
        tensors=tensors,
        held=inputs.held,
    )


def hold_inputs(model: ModelProto, source: str, held: Sequence[Held]) -> None:
    """Do the same in the file's own form, for onnxruntime.

    Parameters
    ----------
    model : onnx.ModelProto
        Changed in place.
    source : str
        Name of the explained input.
    held : sequence of Held
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    fixed = {one.name for one in held}
    kept = [port for port in graph.input if port.name not in fixed]
    del graph.input[:]
    graph.input.extend(kept)
    nodes = []
    for one in held:
        if one.shape is not None:
            graph.initializer.append(numpy_helper.from_array(one.array(one.shape), one.name))
            continue
        names, numbers = _made_from(one)
        for name, number in zip(names[:2], numbers, strict=True):
            graph.initializer.append(numpy_helper.from_array(number, name))
        nodes += [
            helper.make_node("Mul", [source, names[0]], [names[2]]),
            helper.make_node("Add", [names[2], names[1]], [one.name]),
        ]
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])


def _made_from(held: Held) -> tuple[tuple[str, str, str], tuple[np.ndarray, np.ndarray]]:
    """Names of a zero, of the value and of what lies between; the zero and the value."""
    kind = held.array(()).dtype
    name = held.name
    numbers = np.zeros((), kind), held.array(())
    return (f"{name}/zero", f"{name}/value", f"{name}/none"), numbers
