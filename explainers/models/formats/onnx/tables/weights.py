"""Weights that the operations of ai.onnx.ml keep in attributes, as tensors like all other weights.

Only then are they parameters, which are counted, randomised, and follow the precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.operations.registry import TABLES

# In the order of the inputs that they become.
_WEIGHTS = {
    "LinearRegressor": ("coefficients", "intercepts"),
    "LinearClassifier": ("coefficients", "intercepts"),
    "SVMRegressor": ("coefficients", "support_vectors", "rho"),
    "SVMClassifier": ("coefficients", "support_vectors", "rho", "prob_a", "prob_b"),
}


def with_weights_as_inputs(graph: Graph) -> Graph:
    """The graph with the weights of linear models and support vector machines as its tensors.

    Raises
    ------
    Problem
        Where there are not as many numbers as there must be.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> held = {"coefficients": (1.0, 2.0), "intercepts": (3.0,)}
    >>> node = Node("LinearRegressor", TABLES, 1, "fit", ("x",), ("y",), held)
    >>> port = Port("x", "float32", (None, 2))
    >>> graph = with_weights_as_inputs(Graph((node,), (port,), (Port("y", "float32", None),), {}))
    >>> graph.nodes[0].inputs, graph.tensors["fit.coefficients"].tolist()
    (('x', 'fit.coefficients', 'fit.intercepts'), [[1.0, 2.0]])
    """
    tensors, nodes = dict(graph.tensors), list[Node]()
    shares: set[str] = set()
    for index, node in enumerate(graph.nodes):
        if node.domain != TABLES:
            nodes.append(node)
        elif node.op in _WEIGHTS:
            nodes.append(_with_inputs(node, index, tensors))
            if node.attributes.get("post_transform") == "SOFTMAX":
                shares.update(node.outputs[1:2])
        elif node.op == "Normalizer" and shares.issuperset(node.inputs[:1]) and _by_sum(node):
            # What adds up to 1 already stays; left in, it would hide the softmax.
            nodes.append(replace(node, op="Identity", domain="", attributes={}))
        else:
            nodes.append(node)
    return replace(graph, nodes=tuple(nodes), tensors=tensors)


def _by_sum(node: Node) -> bool:
    return node.attributes.get("norm") == "L1"


def _with_inputs(node: Node, index: int, tensors: dict[str, np.ndarray]) -> Node:
    held = {
        name: np.array(node.attributes[name], np.float32)
        for name in _WEIGHTS[node.op]
        if node.attributes.get(name)
    }
    try:
        held = _shaped(node, held)
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise Problem(
            f"{node} does not hold as many numbers as it must. Export the model again."
        ) from error
    inputs = list(node.inputs[:1])
    for name in _WEIGHTS[node.op]:
        path = f"{node.name or f'{node.op}_{index}'}.{name}"
        while name in held and path in tensors:
            path = f"{index}/{path}"
        inputs.append(path if name in held else "")
        if name in held:
            tensors[path] = held[name]
    while not inputs[-1]:
        inputs.pop()
    kept = {name: v for name, v in node.attributes.items() if name not in _WEIGHTS[node.op]}
    return replace(node, inputs=tuple(inputs), attributes=kept)


def _shaped(node: Node, held: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    shaped = dict(held)
    numbers = held["coefficients"]
    if node.op == "LinearRegressor":
        shaped["coefficients"] = numbers.reshape(int(node.attributes.get("targets", 1)), -1)
    elif node.op == "LinearClassifier":
        shaped["coefficients"] = numbers.reshape(len(held["intercepts"]), -1)
    elif "support_vectors" in held:
        vectors = int(node.attributes.get("n_supports", 0))
        if node.op == "SVMClassifier":
            each = node.attributes["vectors_per_class"]
            vectors, classes = sum(each), len(each)
            if min(each) < 0 or len(held["rho"]) != classes * (classes - 1) // 2:
                raise ValueError
            shaped["coefficients"] = numbers.reshape(classes - 1, vectors)
        elif len(numbers) != vectors:
            raise ValueError
        shaped["support_vectors"] = held["support_vectors"].reshape(vectors, -1)
    outputs = len(shaped["coefficients"])
    if "intercepts" in held and len(held["intercepts"]) != outputs:
        raise ValueError
    if any(len(held[name]) != len(held["rho"]) for name in ("prob_a", "prob_b") if name in held):
        raise ValueError
    return shaped
