"""The network in an uploaded file, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from torch import nn

from explainers.models.spec import RECOGNISE, ModelSpec
from explainers.models.zoo.architectures import PLAIN_CHAIN


def uploaded(
    spec: ModelSpec, weights, elsewhere: Callable | None = None
) -> tuple[nn.Module, ModelSpec]:
    """The network, and the spec with what the file itself says of its input.

    `weights`: named tensors, a graph, or (bytes, suffix) of one's own file. `elsewhere` (graph,
    output) runs a graph that torch cannot run.
    """
    from explainers.models.formats.onnx import Graph, read_graph
    from explainers.models.formats.pt2 import Program
    from explainers.models.formats.pt2.reading import read_program
    from explainers.models.formats.recognise import recognised
    from explainers.models.formats.state_dict import fitted, read_state_dict

    data = None
    if isinstance(weights, tuple):
        data, suffix = weights
        readers = {".onnx": read_graph, ".pt2": read_program}
        weights = readers[suffix](data) if suffix in readers else read_state_dict(data, suffix)
    if isinstance(weights, Graph):
        from explainers.models.formats.onnx import loaded

        return _declaring(spec, "ONNX network", *loaded(weights, data, elsewhere=elsewhere))
    if isinstance(weights, Program):
        from explainers.models.formats.pt2 import loaded

        return _declaring(spec, "Exported network", *loaded(weights))
    if isinstance(weights, nn.Module):  # it runs elsewhere, and says nothing of its input
        return weights, replace(spec, name="TorchScript network")
    state: Mapping = weights
    if spec.name == RECOGNISE:
        spec = replace(spec, name=recognised(state))
    if spec.name == PLAIN_CHAIN:
        return _plain_chain(spec, state)
    return fitted(spec.name, state), spec


def _plain_chain(spec: ModelSpec, state: Mapping) -> tuple[nn.Module, ModelSpec]:
    """The network that the weights' own shapes tell, with the answers to what they leave open."""
    from explainers.models.formats.inferred import built, describe, input_of

    description, answers = describe(state), dict(spec.choices)
    network = built(description, state, answers)
    network.description = description  # for the doctor, who asks what is left open
    return network, declared(spec, (None, *input_of(description, answers)[1]), False)


def _declaring(spec: ModelSpec, name: str, network: nn.Module, card) -> tuple:
    last = card.layout == "channels last"
    return network, declared(replace(spec, name=name), card.input.shape, last)


def declared(spec: ModelSpec, shape: tuple | None, channels_last: bool) -> ModelSpec:
    """The spec with what a file declares of its input (N, …), None being a free side."""
    sides = tuple(side or 0 for side in shape[1:]) if shape else ()
    if spec.kind != "picture":
        return spec if spec.shape else replace(spec, shape=sides)
    if len(sides) == 3:
        fixed = sides[0 if channels_last else 1]
        return replace(spec, shape=sides, size=fixed or spec.size, swapped=channels_last)
    return replace(spec, shape=sides)
