"""A network with its normalisation in front, so that its input is pixels from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explainers.models.spec import RECOGNISE, ModelSpec
from explainers.problems import Problem

if TYPE_CHECKING:
    from explainers.models.onnx import Graph


class PictureModel(nn.Module):
    """Pixels (N, 3, H, W) in [0, 1] to the network's output.

    With the normalisation inside, black is zero and attributions are those of pixels.
    """

    def __init__(self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        if not all(value > 0 for value in std):
            raise Problem(
                f"The normalisation divides by {std}: every standard deviation must be above 0, "
                "else the picture becomes NaN."
            )
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalise, then ask the network."""
        return self.network((pixels - self.mean) / self.std)


def build(
    spec: ModelSpec, weights: tuple[bytes, str] | Mapping[str, Tensor] | Graph | None
) -> tuple[PictureModel, tuple, ModelSpec]:
    """The model that `spec` names, its class names (or ()), and the spec with what it knows itself.

    `weights` of an upload: its named tensors, its graph, or (bytes, suffix) of one's own file; else
    None.
    """
    if spec.source == "demo":
        from explainers.models.demo import CLASSES, load_demo

        network, classes = load_demo(spec.name), CLASSES
    elif spec.source == "torchvision":
        from explainers.models.pretrained import pretrained

        network, classes, spec = pretrained(spec.name)
    else:
        from explainers.models.onnx import Graph
        from explainers.models.recognise import recognised
        from explainers.models.state_dicts import fitted, read_state_dict

        if isinstance(weights, Graph) or (isinstance(weights, tuple) and weights[1] == ".onnx"):
            network, spec = _from_graph(weights, spec)
            return PictureModel(network, spec.mean, spec.std).eval(), (), spec
        state = weights if isinstance(weights, Mapping) else read_state_dict(*weights)
        if spec.name == RECOGNISE:
            spec = replace(spec, name=recognised(state))
        network, classes = fitted(spec.name, state), ()
    return PictureModel(network, spec.mean, spec.std).eval(), classes, spec


class ChannelsLast(nn.Module):
    """A network that takes (N, H, W, 3), as one that takes (N, 3, H, W)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """The channels go last."""
        return self.network(pixels.movedim(1, -1))


def _from_graph(graph: Graph | tuple[bytes, str], spec: ModelSpec) -> tuple[nn.Module, ModelSpec]:
    """The network of an ONNX graph, and the spec with the size that its file fixes, if it does."""
    from explainers.models.onnx import loaded, read_graph

    network, card = loaded(read_graph(graph[0]) if isinstance(graph, tuple) else graph)
    if card.layout == "channels last":
        network = ChannelsLast(network)
    shape = card.input.shape or ()
    side = shape[1 if card.layout == "channels last" else 2] if len(shape) == 4 else None
    return network, replace(spec, name="ONNX network", size=side or spec.size)
