"""Taking the number of rows out of a graph that was exported for a fixed batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explainers.models.formats.onnx.graph import Graph, Node


def freed(graph: Graph, rows: int) -> Graph:
    """The graph with `rows` taken out of the constant shapes of its Reshape operations.

    Only a guess at what the exporter meant: compare its answers before use.
    """
    tensors, nodes = dict(graph.tensors), []
    for index, node in enumerate(graph.nodes):
        nodes.append(_freed(node, rows, tensors, index))
    ports = tuple(
        replace(port, shape=(None, *port.shape[1:])) if port.shape else port
        for port in graph.inputs
    )
    return replace(graph, nodes=tuple(nodes), tensors=tensors, inputs=ports)


def _freed(node: Node, rows: int, tensors: dict, index: int) -> Node:
    if node.op != "Reshape" or node.domain or len(node.inputs) < 2:
        return node
    shape = tensors.get(node.inputs[1])
    if shape is None or shape.ndim != 1 or not len(shape) or shape[0] != rows:
        return node
    shape = np.array(shape)
    shape[0] = 0 if -1 in shape else -1
    name = f"{node.inputs[1]}/any rows/{index}"
    tensors[name] = shape
    return replace(node, inputs=(node.inputs[0], name, *node.inputs[2:]))
