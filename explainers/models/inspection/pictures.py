"""What the doctor asks of networks that take pictures: their sizes, and their normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from explainers import eval_mode
from explainers.kinds import picture as kind
from explainers.models.inspection.guesses import Guess
from explainers.models.spec import NORMALISATIONS

if TYPE_CHECKING:
    from PIL import Image

SIZES = (224, 32, 28, 64, 96, 128, 192, 256, 299, 320, 384, 448, 512)
# How much nearer than the next the best normalisation must be to be taken for certain.
MARGIN = 0.5
USUAL = "ImageNet"


def accepted_sizes(network: nn.Module, guess: Guess, first: int) -> tuple[list[int], str]:
    """Sides of square pictures that the network takes, `first` tried first; and its complaint.

    Only the side that the file declares is tried, where it declares one.
    """
    found, complaint = [], ""
    fixed = next((side for side in guess.shape[1:] if side), None)
    for size in [fixed] if fixed else dict.fromkeys((first, *SIZES)):
        try:
            network(
                Guess("picture", (guess.shape[0] or 3, size, size), guess.swapped).trial(network)
            )
            found.append(size)
        except Exception as error:
            complaint = complaint or (str(error).strip().splitlines() or [""])[0][:200]
    return found, complaint


def normalised(
    network: nn.Module, guess: Guess, samples: Sequence[Image.Image]
) -> tuple[dict, bool]:
    """The likely normalisation as {"name", "mean", "std"}, and whether it is sure."""
    channels = guess.shape[0]
    name, sure = None, False
    if channels == 3 and not guess.swapped:
        name, sure = likely_normalisation(network, samples, guess.shape[-1])
    name = name or (USUAL if channels == 3 else "0–1")
    mean, std = (values[:channels] for values in NORMALISATIONS[name])
    return {"name": name, "mean": list(mean), "std": list(std)}, sure


def likely_normalisation(
    network: nn.Module, samples: Sequence[Image.Image], size: int
) -> tuple[str | None, bool]:
    """The normalisation that the network was most likely trained with, and whether that is sure.

    Its first batch normalisation remembers means and variances from training; the normalisation
    under which the sample pictures come nearest to them is the likely one. (None, False) for
    networks that remember nothing.
    """
    norm = next((m for m in network.modules() if _remembers(m)), None)
    if norm is None or not samples:
        return None, False
    device, dtype = eval_mode.device_and_dtype(network)
    pixels = torch.from_numpy(np.stack([kind.pixels(s, size, "crop") for s in samples]))
    pixels = pixels.to(device=device, dtype=dtype)
    distances = {}
    for name, values in NORMALISATIONS.items():
        mean, std = (torch.tensor(value).view(1, -1, 1, 1).to(pixels) for value in values)
        seen: list[Tensor] = []
        hook = norm.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0]))
        try:
            network((pixels - mean) / std)
        finally:
            hook.remove()
        distances[name] = _distance(norm, seen[0])
    best, second = sorted(distances, key=distances.get)[:2]
    return best, distances[best] < MARGIN * distances[second]


def _remembers(module: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm2d) and module.running_mean is not None


def _distance(norm: nn.BatchNorm2d, given: Tensor) -> float:
    """How far means and variances (per channel) are from those that the layer remembers."""
    across = (0, 2, 3)
    variance = norm.running_var + norm.eps
    shift = (given.mean(across) - norm.running_mean).abs() / variance.sqrt()
    spread = ((given.var(across) + norm.eps) / variance).log().abs()
    return float((shift + spread).median())
