"""An ONNX graph as plain data: what is computed in which order, and with which numbers.

Follows the ONNX intermediate representation (https://onnx.ai/onnx/repo-docs/IR.html). A graph
splits into JSON facts and named arrays, so that a process that may hand back nothing else can read
the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.onnx.plain import array_of, decoded, encoded
from explainers.models.formats.several_inputs import Held

MOST_NODES = 20_000
DEEPEST = 8


@dataclass(frozen=True, eq=False)
class Node:
    """One operation: its type, the domain and version it comes from, what it takes and makes.

    Parameters
    ----------
    op, domain : str
        As "Conv", ""; the domain of ONNX's own operations is "".
    version : int
        Of the operator set.
    name : str
    inputs, outputs : tuple of str
        Names of tensors; an empty one is left out.
    attributes : mapping
        int, float, str, tuples of them, arrays, or graphs, by name.
    """

    op: str
    domain: str
    version: int
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        prefix = f"{self.domain}." if self.domain else ""
        return f"{prefix}{self.op} ({self.name or next(filter(None, self.outputs), 'no name')})"

    def graphs(self) -> Iterator[Graph]:
        """The graphs among the attributes."""
        return (value for value in self.attributes.values() if isinstance(value, Graph))

    def needs(self) -> Iterator[str]:
        """Names that must exist before it can run, also those its graphs take from outside."""
        yield from filter(None, self.inputs)
        for graph in self.graphs():
            yield from graph.outer_names()


@dataclass(frozen=True, eq=False)
class Graph:
    """An ONNX graph.

    Parameters
    ----------
    nodes : tuple of Node
        In an order in which they can run.
    inputs, outputs : tuple of Port
    tensors : Mapping[str, np.ndarray]
        The numbers that the file holds, by name.
    opsets : Mapping[str, int]
        Versions of the operator sets, by domain.
    producer : str
        The program that wrote the file.
    notes : tuple of str
        Sentences for people.
    held : tuple of Held
        Inputs of the file that are among the tensors now, see `with_held_inputs`.

    Examples
    --------
    >>> port = Port("x", "float32", (None, 4))
    >>> node = Node("Relu", "", 14, "", ("x",), ("y",))
    >>> graph = Graph((node,), (port,), (Port("y", "float32", (None, 4)),), {})
    >>> facts, arrays = graph.to_facts()
    >>> str(Graph.from_facts(facts, arrays).nodes[0])
    'Relu (y)'
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    tensors: Mapping[str, np.ndarray]
    opsets: Mapping[str, int] = field(default_factory=dict)
    producer: str = ""
    notes: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()

    def outer_names(self) -> Iterator[str]:
        """Names that the graph uses and does not define: those of the graph around it."""
        defined = {port.name for port in self.inputs} | set(self.tensors)
        for node in self.nodes:
            yield from (name for name in node.needs() if name not in defined)
            defined.update(node.outputs)
        yield from (port.name for port in self.outputs if port.name not in defined)

    def followers(self) -> set[str]:
        """Names of the inputs, and of all tensors that are computed from them."""
        found = {port.name for port in self.inputs}
        for node in self.nodes:
            if not found.isdisjoint(node.needs()):
                found.update(node.outputs)
        return found

    def up_to(self, output: str) -> Graph:
        """The part of the graph that the tensor named `output` needs, with it as only output."""
        wanted, kept = {output}, []
        for node in reversed(self.nodes):
            if not wanted.isdisjoint(node.outputs):
                kept.append(node)
                wanted.update(node.needs())
        known = {port.name: port for port in self.outputs}
        return Graph(
            tuple(reversed(kept)),
            self.inputs,
            (known.get(output, Port(output, "float32", None)),),
            {name: array for name, array in self.tensors.items() if name in wanted},
            self.opsets,
            self.producer,
            self.notes,
        )

    def to_facts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """(what JSON can hold, the arrays by the names used there), for `from_facts`."""
        arrays: dict[str, np.ndarray] = {}
        return _facts(self, arrays), arrays

    @staticmethod
    def from_facts(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Graph:
        """The graph that `to_facts` split; Problem where it is not well formed."""
        try:
            graph = _graph(facts, arrays)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise Problem("The model's description is damaged. Upload the file again.") from error
        return checked(graph)


def checked(graph: Graph) -> Graph:
    """The graph itself; Problem where it is too large, too deep, or not in an order to run in."""
    count = _count(graph, 0)
    if count > MOST_NODES:
        raise Problem(
            f"The model has {count:,} operations; up to {MOST_NODES:,} are accepted. Loops may "
            "have been unrolled: export with a shorter input, or a simplified graph (onnxsim)."
        )
    _in_order(graph, frozenset())
    return graph


def _count(graph: Graph, depth: int) -> int:
    if depth > DEEPEST:
        raise Problem(f"Graphs within graphs go deeper than {DEEPEST}; this is not accepted.")
    return len(graph.nodes) + sum(
        _count(inner, depth + 1) for node in graph.nodes for inner in node.graphs()
    )


def _in_order(graph: Graph, outside: frozenset[str]) -> None:
    inputs = [port.name for port in graph.inputs]
    made = [name for node in graph.nodes for name in node.outputs if name]
    names = [*(name for name in inputs if name not in graph.tensors), *graph.tensors, *made]
    if len(set(names)) != len(names) or len(set(inputs)) != len(inputs):
        twice = next(
            name for name in (*names, *inputs) if names.count(name) + inputs.count(name) > 1
        )
        raise Problem(
            f"The name {_short(twice)} is given to two tensors of the model, so the file is "
            "ambiguous. Export the model again."
        )
    known = outside | set(inputs) | set(graph.tensors)
    seen = set(known)
    for node in graph.nodes:
        for name in filter(None, node.inputs):
            if name not in seen:
                raise Problem(
                    f"{_short(str(node))} uses {_short(name)} before anything makes it: the graph "
                    "has a circle, a gap, or the wrong order. Export the model again."
                )
        for inner in node.graphs():
            _in_order(inner, frozenset(seen))
        seen.update(filter(None, node.outputs))
    lost = [port.name for port in graph.outputs if port.name not in seen]
    if lost:
        raise Problem(f"Nothing makes the output {_short(lost[0])}. Export the model again.")


def _short(name: str) -> str:
    return repr(name if len(name) < 80 else name[:77] + "…")


def _facts(graph: Graph, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "nodes": [
            [
                node.op,
                node.domain,
                node.version,
                node.name,
                list(node.inputs),
                list(node.outputs),
                {key: _encoded(value, arrays) for key, value in node.attributes.items()},
            ]
            for node in graph.nodes
        ],
        "inputs": [_port(port) for port in graph.inputs],
        "outputs": [_port(port) for port in graph.outputs],
        "tensors": {name: encoded(array, arrays) for name, array in graph.tensors.items()},
        "opsets": dict(graph.opsets),
        "producer": graph.producer,
        "notes": list(graph.notes),
    }


def _port(port: Port) -> list[Any]:
    return [port.name, port.dtype, None if port.shape is None else list(port.shape)]


def _encoded(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    return {"graph": _facts(value, arrays)} if isinstance(value, Graph) else encoded(value, arrays)


def _decoded(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    nested = isinstance(value, dict) and "graph" in value
    return _graph(value["graph"], arrays) if nested else decoded(value, arrays)


def _graph(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Graph:
    def ports(rows: list[Any]) -> tuple[Port, ...]:
        return tuple(
            Port(str(name), str(dtype), None if shape is None else tuple(shape))
            for name, dtype, shape in rows
        )

    nodes = tuple(
        Node(
            str(op),
            str(domain),
            int(version),
            str(name),
            tuple(map(str, inputs)),
            tuple(map(str, outputs)),
            {str(key): _decoded(value, arrays) for key, value in attributes.items()},
        )
        for op, domain, version, name, inputs, outputs, attributes in facts["nodes"]
    )
    return Graph(
        nodes,
        ports(facts["inputs"]),
        ports(facts["outputs"]),
        {str(name): array_of(held, arrays) for name, held in facts["tensors"].items()},
        {str(key): int(value) for key, value in facts["opsets"].items()},
        str(facts["producer"]),
        tuple(map(str, facts["notes"])),
    )
