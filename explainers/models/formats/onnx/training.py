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


_DRAWING = {
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Bernoulli",
    "Multinomial",
}


def drawing(graph: Graph) -> list[str]:
    """A sentence on the operations that draw random numbers, where there are any.

    Examples
    --------
    >>> node = Node("Bernoulli", "", 18, "", ("x",), ("y",))
    >>> drawing(Graph((node,), (), (), {}))[0][:46]
    'The network draws random numbers (Bernoulli): '
    """
    drawn = sorted({node.op for node in graph.nodes if node.op in _DRAWING and not node.domain})
    if not drawn:
        return []
    return [
        f"The network draws random numbers ({', '.join(drawn)}): asked again, it may answer "
        "otherwise, and its scores are those of one run. Export it without them, or in evaluation "
        "mode."
    ]
