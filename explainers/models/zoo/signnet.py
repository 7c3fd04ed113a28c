"""A small convolutional network that names a traffic sign: the demo model."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional


class Blur(nn.Module):
    """Halves a picture (N, C, H, W) to (N, C, H/2, W/2), blurred first so that nothing aliases.

    A fixed filter over 4 × 4 cells, the outer product of (1, 3, 3, 1) / 8 with itself (Zhang 2019,
    "Making Convolutional Networks Shift-Invariant Again", arXiv:1904.11486). Each cell counts as
    much as its neighbours, 1/4 in all, which a convolution with stride does not promise: its
    gradient draws a chessboard. It has nothing to learn and is in no file of weights.

    Parameters
    ----------
    channels : int
        C; written down, as exports to ONNX want it.

    Examples
    --------
    >>> Blur(1)(torch.ones(1, 1, 8, 8))[0, 0, 1:3, 1:3]
    tensor([[1., 1.],
            [1., 1.]])
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        kernel = torch.outer(row, row).repeat(channels, 1, 1, 1)
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        return functional.conv2d(
            pictures, self.kernel, stride=2, padding=1, groups=len(self.kernel)
        )


def _stage(inputs: int, outputs: int, *halved: nn.Module) -> list[nn.Module]:
    """Convolution 3 × 3, batch normalisation, ReLU; a Blur behind it halves the resolution."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(), *halved]


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
        first, *others = _stage(3, 16)
        self.features = nn.Sequential(
            first,
            Blur(16),  # before the ReLU, which at full resolution would take a third of the time
            *others,
            *_stage(16, 16, Blur(16)),
            *_stage(16, 32),
            *_stage(32, 32, Blur(32)),
            *_stage(32, 96),
            *_stage(96, 96),
            *_stage(96, 96),
            *_stage(96, 96),
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
