"""A network with its normalisation in front, so that its input is pixels from 0 to 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explainers.models.spec import ModelSpec
from explainers.problems import Problem


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
    spec: ModelSpec, weights: tuple[bytes, str] | None
) -> tuple[PictureModel, tuple, ModelSpec]:
    """The model that `spec` names, its class names (or ()), and the spec with what it knows itself.

    `weights` is (bytes, suffix) of an uploaded file, or None.
    """
    if spec.source == "demo":
        from explainers.models.demo import CLASSES, load_demo

        network, classes = load_demo(spec.name), CLASSES
    elif spec.source == "torchvision":
        from explainers.models.pretrained import pretrained

        network, classes, spec = pretrained(spec.name)
    else:
        from explainers.models.state_dicts import fitted, read_state_dict

        network, classes = fitted(spec.name, read_state_dict(*weights)), ()
    return PictureModel(network, spec.mean, spec.std).eval(), classes, spec
