"""Which tensor holds the answers to all classes, and what the classes are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from explainers.kinds.files.labels import label
from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.operations.registry import TABLES

_SAME = ("Identity", "Cast", "Reshape", "Squeeze", "Flatten")
_FARTHEST = 30
MOST_CLASSES = 100_000
SWAPPED = (
    "This file gives the score of its second class first, against the names that it writes beside "
    "them. Here each score has the name of the class whose label it leads to."
)


def in_whole(graph: Graph) -> dict[str, str]:
    """Outputs that are parts or other forms of a tensor (N, classes), with that tensor's name.

    These are what scikit-learn's converter makes of the probabilities: a map from class to
    probability (ZipMap), or one output a class.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> node = Node("ZipMap", TABLES, 1, "", ("p",), ("map",))
    >>> ports = (Port("x", "float32", (None, 2)),), (Port("map", "other", None),)
    >>> in_whole(Graph((Node("Identity", "", 18, "", ("x",), ("p",)), node), *ports, {}))
    {'map': 'p'}
    """
    whole = {node.outputs[0]: node.inputs[0] for node in graph.nodes if _is(node, "ZipMap")}
    maker = _makers(graph)
    slices: dict[str, list[str]] = {}
    for port in graph.outputs:
        node = _before(maker, port.name, _SAME)
        if node is not None and node.op == "Slice" and not node.domain:
            slices.setdefault(node.inputs[0], []).append(port.name)
    for source, names in slices.items():
        if len(names) > 1:
            whole |= dict.fromkeys(names, source)
    return whole


def class_names(graph: Graph, output: str) -> tuple[str, ...]:
    """Names of the classes that the numbers of the output (N, classes) belong to; () for none.

    Whole numbers from 0 on are no names, unless the numbers stand in another order.

    Parameters
    ----------
    graph : Graph
        The whole graph, its label included.
    output : str
        The tensor that is explained.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> port = Port("x", "float32", (None, 2))
    >>> held = {"classlabels_strings": ("cat", "dog")}
    >>> node = Node("ZipMap", TABLES, 1, "", ("x",), ("map",), held)
    >>> class_names(Graph((node,), (port,), (Port("map", "other", None),), {}), "x")
    ('cat', 'dog')
    """
    found = next((labels for labels in _labels(graph, output) if len(labels) > 1), ())
    if swapped(graph, output):
        return tuple(label(one) if isinstance(one, str) else f"class {one}" for one in found[::-1])
    if len(found) > MOST_CLASSES or all(isinstance(one, int) for one in found):
        if list(found) == list(range(len(found))) or len(found) > MOST_CLASSES:
            return ()
        return tuple(f"class {one}" for one in found)
    return tuple(label(one) or "(no name)" for one in found)


def swapped(graph: Graph, output: str) -> bool:
    """Whether the output holds the margins of two classes, that of the second one first.

    So onnxruntime answers for a support vector machine without probabilities, whose label is the
    second class where the first number is above 0; scikit-learn's converter hands it on as it is.
    """
    node = _before(_makers(graph), output, _SAME)
    if node is None or not _is(node, "SVMClassifier") or output in node.outputs[:1]:
        return False
    return len(node.attributes.get("vectors_per_class") or ()) == 2 and not _attribute(
        node, "prob_a"
    )


def swapped_note(graph: Graph, output: str) -> list[str]:
    """A sentence where the output is `swapped`."""
    return [SWAPPED] * swapped(graph, output)


def _labels(graph: Graph, output: str) -> Iterator[tuple[Any, ...]]:
    """The labels that the file holds, the surest first."""
    maker = _makers(graph)
    near = {output, *_chain(maker, output)}
    for node in graph.nodes:
        if _is(node, "ZipMap") and near & set(node.inputs):
            yield _attribute(node, "classlabels_strings", "classlabels_int64s")
    for node in graph.nodes:
        if _is(node, "ArrayFeatureExtractor", "LabelEncoder") or node.op == "Gather":
            best = _before(maker, node.inputs[-1], _SAME)
            if best is None or best.op != "ArgMax" or best.domain:
                continue
            if near & {best.inputs[0], *_chain(maker, best.inputs[0])}:
                yield _held(graph, node)
    for node in graph.nodes:
        if near & set(node.outputs[1:2]):
            yield _attribute(node, "classlabels_strings", "classlabels_ints", "classlabels_int64s")


def _held(graph: Graph, node: Node) -> tuple[Any, ...]:
    if node.op == "LabelEncoder":
        return _attribute(node, "values_strings", "values_int64s")
    labels = graph.tensors.get(node.inputs[0])
    if labels is None or labels.dtype.kind not in "Uiu" or labels.ndim != 1:
        return ()
    return tuple(labels.tolist())


def _attribute(node: Node, *names: str) -> tuple[Any, ...]:
    found = next((node.attributes[n] for n in names if node.attributes.get(n)), ())
    return found if isinstance(found, tuple) else ()


def _makers(graph: Graph) -> dict[str, Node]:
    return {name: node for node in graph.nodes for name in node.outputs}


def _before(maker: Mapping[str, Node], name: str, passed: tuple[str, ...]) -> Node | None:
    """What made a tensor, behind operations that only change its form."""
    node = maker.get(name)
    for _ in range(_FARTHEST):
        if node is None or node.op not in passed or node.domain or not node.inputs:
            break
        node = maker.get(node.inputs[0])
    return node


# Between what is the largest and what is given as a probability, the order of classes stays.
_ALIKE = (*_SAME, "Softmax", "LogSoftmax", "Sigmoid", "Exp", "Normalizer", "Div", "Sub")


def _chain(maker: Mapping[str, Node], name: str) -> Iterator[str]:
    """Names of the tensors of which this one is another form, class by class."""
    node = maker.get(name)
    for _ in range(_FARTHEST):
        if node is None or node.op not in _ALIKE or not node.inputs:
            break
        yield node.inputs[0]
        node = maker.get(node.inputs[0])


def _is(node: Node, *ops: str) -> bool:
    return node.domain == TABLES and node.op in ops and bool(node.inputs)
