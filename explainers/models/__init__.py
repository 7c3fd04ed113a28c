"""Reading models: the demo, torchvision's by name, and uploaded weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def load_model(path: str | Path, architecture: str) -> nn.Module:
    """The torchvision classifier `architecture` with the weights in the file `path`, in eval mode.

    `path` ends in .safetensors, .pt or .pth and holds a state dict; the number of classes is read
    from it. Problem says what is wrong with the file, or what differs from the architecture.
    """
    from explainers.models.formats.state_dict import fitted, read_state_dict

    path = Path(path)
    return fitted(architecture, read_state_dict(path.read_bytes(), path.suffix.lower()))
