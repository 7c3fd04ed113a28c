"""Networks: what they are, read from files of any format, and those that come with Evident."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import nn


def load_model(path: str | Path, architecture: str = "") -> nn.Module:
    """The classifier `architecture` with the weights in a file, in evaluation mode.

    Or, by its name alone, one whose weights are a package: `load_model("efficientnet_lite0")`, from
    pictures (N, 3, 224, 224) from −1 to 1.

    Parameters
    ----------
    path : str or Path
        Ends in .safetensors, .pt or .pth, and holds a state dict; no code in it is run. Or a name
        of `explainers.models.zoo.imagenet.packaged.PACKAGED`.
    architecture : str
        A torchvision classifier, as "resnet18"; or "timm/NAME" where timm is installed; or "plain
        chain" for a chain of layers that is rebuilt from the shapes of its weights.

    Returns
    -------
    nn.Module
        From inputs (N, …) to (N, classes); the number of classes is read from the file.

    Raises
    ------
    Problem
        With what is wrong with the file, or what differs from the architecture; or how to install
        the package.

    Examples
    --------
    >>> import tempfile, torch
    >>> from torch import nn
    >>> from safetensors.torch import save_file
    >>> path = f"{tempfile.mkdtemp()}/weights.safetensors"
    >>> save_file(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).state_dict(), path)
    >>> tuple(load_model(path, "plain chain")(torch.zeros(3, 4)).shape)
    (3, 2)
    """
    from explainers.models.formats.state_dict import read_state_dict
    from explainers.models.uploaded import load_architecture
    from explainers.models.zoo.imagenet.packaged import PACKAGED, load_packaged

    if not architecture:
        if str(path) not in PACKAGED:
            raise Problem(
                f"Without an architecture, `load_model` takes a name, {', '.join(PACKAGED)}; "
                f"{str(path)!r} is none. To read a file, name its architecture too, as "
                "load_model('weights.pth', 'resnet18')."
            )
        return load_packaged(str(path))
    path = Path(path)
    return load_architecture(architecture, read_state_dict(path.read_bytes(), path.suffix.lower()))
