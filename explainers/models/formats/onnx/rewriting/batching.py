"""Taking the number of rows out of a graph that was exported for a fixed batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explainers.models.formats.onnx.graph import Graph, Node


def with_free_batch(graph: Graph, rows: int) -> Graph:
    """The graph with `rows` taken out of the constant shapes of its Reshape operations.

    Only a guess at what the exporter meant: compare its answers before use.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> port = Port("x", "float32", (8, 4))
    >>> nodes = (Node("Reshape", "", 13, "", ("x", "shape"), ("y",)),)
    >>> graph = Graph(nodes, (port,), (), {"shape": np.array([8, 2, 2])})
    >>> free = with_free_batch(graph, rows=8)
    >>> free.inputs[0].shape, free.tensors[free.nodes[0].inputs[1]].tolist()
    ((None, 4), [-1, 2, 2])
    """
    tensors, nodes = dict(graph.tensors), list[Node]()
    for index, node in enumerate(graph.nodes):
        nodes.append(_with_free_rows(node, rows, tensors, index))
    ports = tuple(
        replace(port, shape=(None, *port.shape[1:])) if port.shape else port
        for port in graph.inputs
    )
    return replace(graph, nodes=tuple(nodes), tensors=tensors, inputs=ports)


def _with_free_rows(node: Node, rows: int, tensors: dict[str, np.ndarray], index: int) -> Node:
    if node.op != "Reshape" or node.domain or len(node.inputs) < 2:
        return node
    shape = tensors.get(node.inputs[1])
    if shape is None or shape.ndim != 1 or not len(shape) or shape[0] != rows:
        return node
    shape = np.array(shape)
    shape[0] = 0 if -1 in shape else -1
    name = f"{node.inputs[1]}/any rows/{index}"
    tensors[name] = shape
    # With allowzero a 0 would be a side of no length, not the input's own.
    attributes = {key: value for key, value in node.attributes.items() if key != "allowzero"}
    return replace(node, inputs=(node.inputs[0], name, *node.inputs[2:]), attributes=attributes)
