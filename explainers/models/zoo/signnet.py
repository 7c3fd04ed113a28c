"""A small convolutional network that names a traffic sign: the demo model."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn


def _stage(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    """Convolution 3 × 3, batch normalisation, ReLU."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


class SignNet(nn.Module):
    """A convolutional network, from RGB pictures (N, 3, 96, 96) in [0, 1] to logits (N, classes).

    Pictures need no other preparation. Four resolutions (96, 48, 24, 12 px); the last convolution
    gives (N, 96, 12, 12). About 0.3 million parameters.

    Parameters
    ----------
    classes : int
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_stage(3, 16, 2),
            *_stage(16, 16, 1),
            *_stage(16, 32, 2),
            *_stage(32, 32, 1),
            *_stage(32, 96, 2),
            *_stage(96, 96, 1),
            *_stage(96, 96, 1),
            *_stage(96, 96, 1),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(96, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.pool(self.features(pictures)).flatten(1))


def prepare(picture: Image.Image, size: int = 96) -> Tensor:
    """Any square picture as the network's input (1, 3, size, size), RGB in [0, 1].

    Examples
    --------
    >>> prepare(Image.new("L", (10, 10)), 96).shape
    torch.Size([1, 3, 96, 96])
    """
    small = picture.convert("RGB").resize((size, size), Image.Resampling.BOX)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
