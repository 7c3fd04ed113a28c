"""The network in an uploaded file, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from explainers.models.spec import RECOGNISE, ModelSpec


def uploaded(spec: ModelSpec, weights) -> tuple[nn.Module, ModelSpec]:
    """The network, and the spec with what the file itself says of its input.

    `weights`: named tensors, a graph, or (bytes, suffix) of one's own file.
    """
    from explainers.models.onnx import Graph, read_graph
    from explainers.models.recognise import recognised
    from explainers.models.state_dicts import fitted, read_state_dict

    if isinstance(weights, tuple):
        data, suffix = weights
        weights = read_graph(data) if suffix == ".onnx" else read_state_dict(data, suffix)
    if isinstance(weights, Graph):
        return _from_graph(weights, spec)
    state: Mapping = weights
    if spec.name == RECOGNISE:
        spec = replace(spec, name=recognised(state))
    return fitted(spec.name, state), spec


def _from_graph(graph, spec: ModelSpec) -> tuple[nn.Module, ModelSpec]:
    from explainers.models.onnx import loaded

    network, card = loaded(graph)
    return network, declared(replace(spec, name="ONNX network"), card.input.shape,
                             card.layout == "channels last")  # fmt: skip


def declared(spec: ModelSpec, shape: tuple | None, channels_last: bool) -> ModelSpec:
    """The spec with what a file declares of its input (N, …), None being a free side."""
    sides = tuple(side or 0 for side in shape[1:]) if shape else ()
    if spec.kind != "picture":
        return spec if spec.shape else replace(spec, shape=sides)
    if len(sides) == 3:
        fixed = sides[0 if channels_last else 1]
        return replace(spec, shape=sides, size=fixed or spec.size, swapped=channels_last)
    return replace(spec, shape=sides)
