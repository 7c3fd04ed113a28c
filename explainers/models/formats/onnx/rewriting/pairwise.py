"""Distances between rows of two tables, which converters write as a loop, as one operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from explainers.models.formats.onnx.graph import Graph, Node

OURS = "evident"
"""The domain of operations that no file can name: they come from here alone."""
_MOVES = ("Identity", "Transpose")


def with_pairwise(graph: Graph) -> Graph:
    """The graph with loops over rows that only measure distances written as one operation each.

    scikit-learn's converter writes so the distances to the training rows of nearest neighbours and
    of Gaussian processes: a Scan over these rows, whose body subtracts one of them from all rows of
    the input and sums up squares, sizes or powers. Other loops stay as they are.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> port = Port("all", "float32", None), Port("one", "float32", None)
    >>> steps = (
    ...     Node("Identity", "", 18, "", ("all",), ("same",)),
    ...     Node("Sub", "", 18, "", ("all", "one"), ("d",)),
    ...     Node("ReduceSumSquare", "", 13, "", ("d",), ("sum",), {"axes": (1,), "keepdims": 0}),
    ... )
    >>> outputs = Port("same", "float32", None), Port("sum", "float32", None)
    >>> held = {"body": Graph(steps, port, outputs, {}), "num_scan_inputs": 1}
    >>> scan = Node("Scan", "", 16, "", ("x", "rows"), ("again", "y"), held)
    >>> [node.op for node in with_pairwise(Graph((scan,), (), (), {})).nodes]
    ['Identity', 'Pairwise']
    """
    nodes, squares = list[Node](), set[str]()
    for node in graph.nodes:
        power = _power(node, graph.tensors) if node.op == "Scan" and not node.domain else None
        if power is not None:
            (rows, others), (again, made) = node.inputs, node.outputs
            if again:
                nodes.append(Node("Identity", "", node.version, "", (rows,), (again,)))
            attributes = {"power": power}
            node = Node("Pairwise", OURS, 1, node.name, (others, rows), (made,), attributes)
            squares |= {made} if power == 2 else set()
        elif not node.domain and squares.issuperset(node.inputs[:1]) and node.inputs:
            if node.op in _MOVES:
                squares |= set(node.outputs)
            elif node.op == "Sqrt":
                node = replace(node, domain=OURS, version=1)
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


def _power(node: Node, outside: Mapping[str, np.ndarray]) -> float | None:
    """The p of Σ |a − b|^p where that is what a Scan computes of all pairs of rows; else None."""
    known = {"body", "num_scan_inputs", "scan_input_axes", "scan_output_axes"}
    known |= {"scan_input_directions", "scan_output_directions"}
    attributes = dict(node.attributes)
    body = attributes.get("body")
    if not set(attributes) <= known or not isinstance(body, Graph) or len(node.inputs) != 2:
        return None
    if attributes.get("num_scan_inputs") != 1 or len(node.outputs) != 2 or not node.outputs[1]:
        return None
    if any(any(attributes.get(name) or ()) for name in known if "_axes" in name or "_dir" in name):
        return None  # another axis than the first, or backwards
    if len(body.inputs) != 2 or len(body.outputs) != 2:
        return None
    maker = {name: one for one in body.nodes for name in one.outputs}
    same, found = (_before(maker, port.name) for port in body.outputs)
    every, one = (port.name for port in body.inputs)
    if same != every:
        return None
    return _summed(maker, found, {every, one}, {**outside, **body.tensors})


def _summed(
    maker: Mapping[str, Node], name: str, rows: set[str], numbers: Mapping[str, np.ndarray]
) -> float | None:
    reduce = maker.get(name)
    if reduce is None or reduce.op not in ("ReduceSum", "ReduceSumSquare", "ReduceL1"):
        return None
    axes = reduce.attributes.get("axes", ())
    if len(reduce.inputs) > 1:
        axes = np.ravel(numbers.get(reduce.inputs[1], ())).tolist()
    if list(axes) not in ([1], [-1]) or reduce.attributes.get("keepdims", 1):
        return None
    power, below = (2.0, False) if reduce.op == "ReduceSumSquare" else (1.0, reduce.op[-1] == "1")
    node = maker.get(_before(maker, reduce.inputs[0]))
    if node is not None and node.op == "Pow" and power == 1 and not below:
        exponent = np.ravel(numbers.get(node.inputs[1], ()))
        if exponent.size != 1 or not exponent[0] > 0:
            return None
        power = float(exponent[0])
        node = maker.get(_before(maker, node.inputs[0]))
        below = power % 2 == 0
    if node is not None and node.op == "Abs":
        below, node = True, maker.get(_before(maker, node.inputs[0]))
    if node is None or node.op != "Sub" or not (below or power == 2):
        return None
    return power if {_before(maker, side) for side in node.inputs} == rows else None


def _before(maker: Mapping[str, Node], name: str) -> str:
    while name in maker and maker[name].op == "Identity" and not maker[name].domain:
        name = maker[name].inputs[0]
    return name
