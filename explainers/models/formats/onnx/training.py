"""Whether a graph was exported while its network trained."""

from __future__ import annotations

from explainers.models.formats.onnx.graph import Graph, Node

# From this operator set on, an attribute says it; before, outputs that only training has.
_SAID = 14


def trains(graph: Graph) -> bool:
    """Whether batch normalisation or dropout trains somewhere in the graph.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> port = Port("x", "float32", (None, 4))
    >>> inputs = ("x", "scale", "bias", "mean", "var")
    >>> node = Node("BatchNormalization", "", 15, "", inputs, ("y",), {"training_mode": 1})
    >>> trains(Graph((node,), (port,), (), {}))
    True
    """
    return any(_trains(node, graph) for node in graph.nodes)


def _trains(node: Node, graph: Graph) -> bool:
    if any(trains(inner) for inner in node.graphs()):
        return True
    if node.domain:
        return False
    if node.op == "BatchNormalization":
        if node.version >= _SAID:
            return bool(node.attributes.get("training_mode"))
        return node.version >= 7 and any(node.outputs[1:])
    if node.op == "Dropout" and len(node.inputs) > 2:
        training = graph.tensors.get(node.inputs[2])
        return training is not None and training.size == 1 and bool(training.reshape(-1)[0])
    return False
