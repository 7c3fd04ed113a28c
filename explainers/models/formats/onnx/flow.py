"""What each tensor of a graph depends on: the input's values, the weights, or the shapes alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.operations import entries, find

# Inputs that decide what is computed, and must not depend on the values of the model's input.
DECIDING = {"If": (0,), "Range": (0, 1, 2), "NonZero": (0,), "Compress": (1,)}
# Depth 0: the shape alone. 1: the weights too. 2: the values of the input.
SHAPE, WEIGHTS, VALUES = 0, 1, 2


def is_weight(array: np.ndarray) -> bool:
    """Whether a tensor of the file is a weight: floating-point and more than a lone number."""
    return array.dtype.kind == "f" and array.ndim > 0


def depths(graph: Graph, outside: Mapping[str, int]) -> dict[str, int]:
    """What each tensor of a graph depends on: SHAPE, WEIGHTS or VALUES, by name.

    Parameters
    ----------
    graph : Graph
    outside : Mapping[str, int]
        The same for the names of the graph around this one.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> node = Node("Shape", "", 13, "", ("x",), ("sides",))
    >>> graph = Graph((node,), (Port("x", "float32", (None, 4)),), (), {})
    >>> depths(graph, {}) == {"x": VALUES, "sides": SHAPE}
    True
    """
    depth_of = dict(outside)
    depth_of |= {port.name: VALUES for port in graph.inputs}
    depth_of |= {n: WEIGHTS if is_weight(a) else SHAPE for n, a in graph.tensors.items()}
    for node in graph.nodes:
        depth = SHAPE
        if node.op not in ("Shape", "Size"):
            depth = max((depth_of.get(name, SHAPE) for name in node.needs()), default=SHAPE)
            depth = max([depth, *(_inner(inner, depth_of) for inner in node.graphs())])
        depth_of.update(dict.fromkeys(node.outputs, depth))
    return depth_of


def _inner(graph: Graph, outside: Mapping[str, int]) -> int:
    depth_of = depths(graph, outside)
    return max((depth_of[port.name] for port in graph.outputs), default=SHAPE)


def untranslated(graph: Graph, outside: Mapping[str, int] | None = None) -> list[str]:
    """Every operation that torch cannot run, with where it stands; [] if it can run them all.

    Parameters
    ----------
    graph : Graph
    outside : Mapping[str, int], optional
        What the names of the graph around it depend on, as `depths` gives it.
    """
    depth_of = depths(graph, outside or {})
    names = []
    for node in graph.nodes:
        if node.op == "If" and not node.domain:
            names += [name for inner in node.graphs() for name in untranslated(inner, depth_of)]
        elif find(node) is None:
            names.append(_reason(node))
            continue
        entry = find(node)
        for place in DECIDING.get(node.op, entry.lists if entry else ()):
            taken = node.inputs[place] if place < len(node.inputs) else ""
            if taken and depth_of.get(taken, SHAPE) == VALUES:
                names.append(f"{node}, where what is computed depends on the input's values")
                break
    return names


def _reason(node: Node) -> str:
    if not entries(node):
        return str(node)
    known = {name for entry in entries(node) for name in entry.attributes}
    extra = sorted(set(node.attributes) - known)
    return f"{node} {'with ' + ', '.join(extra) if extra else f'of operator set {node.version}'}"
