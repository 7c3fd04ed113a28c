"""Whether a graph may take any number of rows at once: found out by trying, never assumed."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from explainers.models.onnx.graph import Graph, Node, Port
from explainers.problems import Problem

ROWS = 3
_SIDES = (32, 224, 16, 100)


def freed(graph: Graph, rows: int) -> Graph:
    """The graph with `rows` taken out of the constant shapes of its Reshape operations.

    Only a guess at what the exporter meant: compare its answers before use, see `together`.
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


def examples(port: Port) -> Iterator[Tensor]:
    """Random inputs (ROWS, …) of the port's shape; free sides get several usual lengths."""
    dice = torch.Generator().manual_seed(0)
    shape = port.shape[1:] if port.shape else ()
    if not port.shape:
        return
    for side in _SIDES if None in shape else (0,):
        sides = [side if known is None else known for known in shape]
        yield torch.randn(ROWS, *sides, generator=dice, dtype=torch.float64)


def together(model: Callable, x: Tensor, rows: int, apart: Callable | None = None) -> bool:
    """Whether the model's answer to all of x is that of `apart` to each row of x, `rows` times.

    apart   the model itself unless given.
    Compared in float64 where it is a module, to 1e-7 of the largest; else to 1e-4.
    """
    precise = isinstance(model, torch.nn.Module)
    apart = apart or model
    if precise:
        model, apart = (copy.deepcopy(m).double() for m in (model, apart))
    with torch.no_grad():
        try:
            whole = model(x)
            parts = torch.cat([apart(torch.cat([row[None]] * rows))[:1] for row in x])
        except (Problem, RuntimeError):
            return False
    if whole.shape != parts.shape or not bool(torch.isfinite(whole).all()):
        return False
    scale = parts.abs().max().clamp(min=1e-30)
    return bool((whole - parts).abs().max() <= (1e-7 if precise else 1e-4) * scale)


def works(model: Callable, inputs: Iterator[Tensor], rows: int) -> Tensor | None:
    """The first of the inputs whose first `rows` rows the model can answer, or None."""
    for x in itertools.islice(inputs, len(_SIDES)):
        with torch.no_grad():
            try:
                model(x[:1].expand(rows, *x.shape[1:]).float())
                return x
            except (Problem, RuntimeError):
                continue
    return None
