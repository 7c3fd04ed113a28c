"""Texts inside a graph as whole numbers: each text that the file knows has one of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.operations.registry import TABLES

_MAPS = ("CategoryMapper", "LabelEncoder")
_VERSION = 2
"""Since then a LabelEncoder holds keys and values."""
_UNUSED = "_Unused"
_MOVES = ("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Concat")
_TAKES = ("Gather", "Slice", "Where")


@dataclass
class _Codes:
    """The number of each text, in the order in which they were asked for."""

    known: dict[str, int] = field(default_factory=dict)

    def __call__(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))

    def all(self, texts: Sequence[str]) -> tuple[int, ...]:
        return tuple(map(self, texts))


def with_codes(graph: Graph) -> Graph:
    """The graph with all texts that lie between its operations as whole numbers.

    A file whose columns are numbers may turn them into texts, and these into numbers again: a
    CategoryMapper or LabelEncoder before a OneHotEncoder of words. What is computed stays the same.

    Examples
    --------
    >>> held = {"cats_int64s": (1, 2), "cats_strings": ("low", "high")}
    >>> first = Node("CategoryMapper", TABLES, 1, "", ("x",), ("word",), held)
    >>> hot = Node("OneHotEncoder", TABLES, 1, "", ("word",), ("y",), {"cats_strings": ("high",)})
    >>> one, other = with_codes(Graph((first, hot), (), (), {})).nodes
    >>> one.op, one.attributes["values_int64s"], other.attributes["cats_int64s"]
    ('LabelEncoder', (1, 2), (2,))
    """
    if not any(
        node.domain == TABLES and node.op in (*_MAPS, "OneHotEncoder") for node in graph.nodes
    ):
        return graph
    codes, tensors, texts = _Codes(), dict(graph.tensors), set[str]()
    for name, array in graph.tensors.items():
        if array.dtype.kind == "U":
            texts.add(name)
            tensors[name] = np.vectorize(codes, otypes=[np.int64])(array)
    codes(_UNUSED)
    nodes = []
    for node in graph.nodes:
        if node.domain == TABLES and node.op in _MAPS:
            made = _looked_up(node, texts, codes)
            texts |= set(node.outputs) if _gives_texts(node, texts) else set()
            node = made
        elif node.domain == TABLES and node.op == "OneHotEncoder":
            node = _hot(node, codes)
        elif not node.domain and node.op in (*_MOVES, *_TAKES) and texts & set(node.inputs):
            texts |= set(node.outputs)
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes), tensors=tensors)


def _gives_texts(node: Node, texts: set[str]) -> bool:
    if node.op == "CategoryMapper" or "classes_strings" in node.attributes:
        return node.inputs[0] not in texts
    values = node.attributes.get("values_tensor")
    held = isinstance(values, np.ndarray) and values.dtype.kind == "U"
    return bool(node.attributes.get("values_strings")) or held


def _looked_up(node: Node, texts: set[str], codes: _Codes) -> Node:
    """A CategoryMapper or LabelEncoder as a LabelEncoder of numbers."""
    held = _listed(node.attributes)
    unused = held.get("default_string", _UNUSED)
    words = held.get("cats_strings" if node.op == "CategoryMapper" else "classes_strings", ())
    made: dict[str, Any]
    if words:
        numbers = held.get("cats_int64s") or tuple(range(len(words)))
        both = numbers, codes.all(words)
        from_text = node.inputs[0] in texts
        keys, values = reversed(both) if from_text else both
        default = held.get("default_int64", -1) if from_text else codes(unused)
        made = {"keys_int64s": keys, "values_int64s": values, "default_int64": default}
    else:
        made = {
            key: value for key, value in held.items() if not key.endswith(("strings", "string"))
        }
        if held.get("keys_strings"):
            made["keys_int64s"] = codes.all(held["keys_strings"])
        if held.get("values_strings"):
            made |= {"values_int64s": codes.all(held["values_strings"])}
            made["default_int64"] = codes(unused)
    version = max(node.version, _VERSION)
    return replace(node, op="LabelEncoder", version=version, attributes=made)


def _listed(attributes: Any) -> dict[str, Any]:
    """The attributes, with keys, values and default of a tensor as lists of their type."""
    listed: dict[str, Any] = {}
    names: dict[str, tuple[str, Callable]] = {
        "i": ("int64", int),
        "u": ("int64", int),
        "f": ("float", float),
        "U": ("string", str),
    }
    for key, value in attributes.items():
        of, _, tensor = key.rpartition("_")
        if tensor != "tensor" or not isinstance(value, np.ndarray) or value.dtype.kind not in names:
            listed[key] = value
            continue
        name, number = names[value.dtype.kind]
        numbers = tuple(number(one) for one in value.ravel().tolist())
        one = of == "default"
        listed[f"{of}_{name}{'' if one else 's'}"] = numbers[0] if one and numbers else numbers
    return listed


def _hot(node: Node, codes: _Codes) -> Node:
    words = node.attributes.get("cats_strings")
    if not words or node.attributes.get("cats_int64s"):
        return node
    kept = {key: value for key, value in node.attributes.items() if key != "cats_strings"}
    return replace(node, attributes=kept | {"cats_int64s": codes.all(words)})
