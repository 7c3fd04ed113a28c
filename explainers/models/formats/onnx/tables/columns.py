"""Tables that a graph takes in several inputs, as whole numbers, or with an unknown width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from explainers.kinds.files.labels import label, listed
from explainers.models.formats.file_card import Port
from explainers.models.formats.onnx.flow import VALUES, depths
from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.operations.registry import TABLES

_NUMBERS = ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")
_FLOATS = {1: "float32", 10: "float16", 11: "float64"}
JOINED = "all columns"
MOST_COLUMNS = 2000
_FARTHEST = 30
_MOST_STEPS = 2_000_000
_VERSION = 18  # of the operations that are put in front
# These take whole numbers as well and answer with others; these only move them.
_CONVERT = (
    "Scaler",
    "Normalizer",
    "LinearRegressor",
    "LinearClassifier",
    "SVMRegressor",
    "SVMClassifier",
)
_MOVE = ("Identity", "Concat", "Reshape", "Flatten", "Slice", "Gather", "ArrayFeatureExtractor")


@dataclass(frozen=True)
class Columns:
    """A graph that takes a table in one input, and what the file calls its columns.

    Attributes
    ----------
    graph : Graph
        With one input (N, F), unless the file takes no table.
    names : tuple of str
        Of the columns, where the file takes them one by one; else ().
    """

    graph: Graph
    names: tuple[str, ...] = ()


def as_one_input(graph: Graph) -> Columns:
    """The graph with one input, where it takes the columns of a table one by one.

    Several inputs of one column each are joined into one table; whole numbers are taken as
    floating-point numbers where the graph makes such of them before it computes; a width that the
    file leaves free is the one that its first weights have. Any other graph stays as it is.

    Parameters
    ----------
    graph : Graph

    Examples
    --------
    >>> ports = tuple(Port(name, "float32", (None, 1)) for name in ("age", "height"))
    >>> node = Node("Concat", "", 18, "", ("age", "height"), ("y",), {"axis": 1})
    >>> joined = as_one_input(Graph((node,), ports, (Port("y", "float32", None),), {}))
    >>> joined.names, joined.graph.inputs[0].shape
    (('age', 'height'), (None, 2))
    """
    inputs = graph.inputs
    if not 0 < len(inputs) <= MOST_COLUMNS or not all(map(_is_table, inputs)):
        return Columns(graph)
    users = _users(graph)
    if len(inputs) == 1:
        port = inputs[0]
        shape = port.shape and (port.shape[0], port.shape[1] or _width(graph, port.name))
        graph = replace(graph, inputs=(replace(port, shape=shape),))
        return Columns(_taken_as_float(graph, _becoming_float(graph, users)))
    if any((port.shape or ())[1:] != (1,) for port in inputs):
        return Columns(graph)
    return _joined(graph, _becoming_float(graph, users))


def _is_table(port: Port) -> bool:
    return port.dtype in _NUMBERS and port.shape is not None and len(port.shape) == 2


def _joined(graph: Graph, lifted: set[str]) -> Columns:
    kind = next((p.dtype for p in graph.inputs if p.dtype in _FLOATS.values()), "float32")
    graph = _taken_as_float(graph, lifted)
    name = JOINED
    taken = {*graph.tensors, *(n for node in graph.nodes for n in node.outputs)}
    taken |= {port.name for port in graph.inputs}
    while name in taken:
        name += "′"
    tensors, nodes = dict(graph.tensors), list[Node]()
    numbers = {kind: number for number, kind in _FLOATS.items()} | {"int64": 7, "int32": 6}
    numbers |= {"int16": 5, "int8": 3, "uint8": 2, "bool": 9}
    rows = {port.shape[0] for port in graph.inputs if port.shape}
    for place, port in enumerate(graph.inputs):
        at = f"{name}/{place}"
        tensors[at] = np.array([place])
        cast = port.dtype not in _FLOATS.values()
        made = f"{at}/column" if cast else port.name
        nodes.append(Node("Gather", "", _VERSION, at, (name, at), (made,), {"axis": 1}))
        if cast:
            to = {"to": numbers[port.dtype]}
            rounded = f"{at}/rounded"
            nodes.append(Node("Round", "", _VERSION, "", (made,), (rounded,)))
            nodes.append(Node("Cast", "", _VERSION, at, (rounded,), (port.name,), to))
    side = rows.pop() if len(rows) == 1 else None
    joined = replace(
        graph,
        inputs=(Port(name, kind, (side, len(graph.inputs))),),
        nodes=(*nodes, *graph.nodes),
        tensors=tensors,
    )
    return Columns(joined, tuple(label(port.name) for port in graph.inputs))


def _becoming_float(graph: Graph, users: Mapping[str, list[Node]]) -> set[str]:
    """Inputs of whole numbers that are only moved about before they become floating-point ones."""
    if len(graph.inputs) * len(graph.nodes) > _MOST_STEPS:
        return set()
    outputs = {port.name for port in graph.outputs}
    moved: dict[str, set[str]] = {}
    joins: dict[str, list[Node]] = {}
    for port in graph.inputs:
        if port.dtype not in _FLOATS.values():
            found = _moved(port.name, outputs, users)
            if found is not None:
                moved[port.name], joins[port.name] = found
    while True:
        all_moved = set().union(*moved.values())
        alone = [
            name
            for name, nodes in joins.items()
            if name in moved and not all(all_moved.issuperset(node.inputs) for node in nodes)
        ]
        if not alone:
            return set(moved)
        for name in alone:
            del moved[name]


def _moved(
    start: str, outputs: set[str], users: Mapping[str, list[Node]]
) -> tuple[set[str], list[Node]] | None:
    """What holds the numbers of an input, and where others are joined to them.

    None where something computes with them as whole numbers.
    """
    moved, waiting, joins = {start}, [start], list[Node]()
    already: set[str] = set()  # floating-point numbers whatever their inputs are
    while waiting:
        name = waiting.pop()
        if (name in outputs or not users.get(name)) and name not in already:
            return None
        for node in users.get(name, ()):
            if _converts(node) or (name in already and node.op != "CastLike"):
                continue
            if node.op in ("Concat", "CastLike", "FeatureVectorizer"):
                joins.append(node)
                already |= set(node.outputs if node.op == "FeatureVectorizer" else ())
            elif node.op not in _MOVE or name not in node.inputs[:1] or name in node.inputs[1:]:
                return None
            waiting += set(node.outputs) - moved
            moved |= set(node.outputs)
    return moved, joins


def _converts(node: Node) -> bool:
    if node.domain == TABLES:
        return node.op in _CONVERT
    return node.op == "Cast" and not node.domain and node.attributes.get("to") in _FLOATS


def _users(graph: Graph) -> Mapping[str, list[Node]]:
    users: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in set(node.needs()):
            users.setdefault(name, []).append(node)
    return users


def _taken_as_float(graph: Graph, names: set[str]) -> Graph:
    ports = (
        replace(port, dtype="float32") if port.name in names else port for port in graph.inputs
    )
    return replace(graph, inputs=tuple(ports))


def _width(graph: Graph, name: str) -> int | None:
    """How many columns the first operations on the input are made for; None where none tells."""
    return next(filter(None, _widths(graph, name)), None)


def _widths(graph: Graph, name: str) -> Iterator[int]:
    same = {name}
    for node in graph.nodes:
        if same.isdisjoint(node.inputs):
            continue
        if node.op in ("Cast", "Identity") and not node.domain:
            same.update(node.outputs)
        other = next((graph.tensors[n] for n in node.inputs if n in graph.tensors), None)
        if node.domain == TABLES:
            for key in ("offset", "scale", "imputed_value_floats"):
                many = node.attributes.get(key) or ()
                yield len(many) if len(many) > 1 else 0
            if node.op in ("LinearRegressor", "LinearClassifier"):
                rows = len(node.attributes.get("intercepts") or ())
                rows = rows or int(node.attributes.get("targets", 1))
                yield len(node.attributes.get("coefficients") or ()) // max(rows, 1)
        elif other is not None and node.op in ("MatMul", "Gemm") and other.ndim == 2:
            yield other.shape[1 if node.attributes.get("transB") else 0]
        elif other is not None and node.op in ("Sub", "Add", "Mul", "Div") and other.ndim:
            yield other.shape[-1] if other.shape[-1] > 1 else 0


def coded_note(graph: Graph) -> list[str]:
    """A sentence on columns that no slope leads through, where there are any."""
    depth = depths(graph, {})
    coders = [
        node
        for node in graph.nodes
        if node.domain == TABLES
        and node.op in ("OneHotEncoder", "LabelEncoder", "CategoryMapper", "Binarizer")
        and depth.get(node.inputs[0]) == VALUES
    ]
    if not coders:
        return []
    maker = {made: node for node in graph.nodes for made in node.outputs}
    named = (_column(graph, maker, node.inputs[0]) for node in coders)
    found = dict.fromkeys(filter(None, named))
    which = f"The columns {listed(found)}" if len(found) > 1 else f"The column {listed(found)}"
    kinds = ", ".join(dict.fromkeys(node.op for node in coders))
    return [
        f"{which if found else 'Some columns'} enter{'s' * (len(found) == 1)} the network as codes "
        f"({kinds}), through which no slope leads: methods that follow slopes give such columns 0, "
        "whatever they do. Occlusion, ablation and Shapley values see them."
    ]


def _column(graph: Graph, maker: Mapping[str, Node], name: str) -> str:
    """The input column that a tensor is, where the file names it; else ""."""
    for _ in range(_FARTHEST):
        node = maker.get(name)
        if node is None or not node.inputs:
            return ""
        if node.inputs[0] == graph.inputs[0].name:
            return name.removesuffix("/column") if node.name.startswith(JOINED) else ""
        name = node.inputs[0]
    return ""
