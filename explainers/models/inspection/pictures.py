"""What the inspection tries on networks that take pictures: their sizes, their normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from explainers import eval_mode
from explainers.kinds import picture as kind
from explainers.models.inspection.guesses import Guess
from explainers.models.spec import NORMALISATIONS

if TYPE_CHECKING:
    from PIL import Image

    from explainers.models.formats.model import Model

SIZES = (224, 32, 28, 64, 96, 128, 192, 256, 299, 320, 384, 448, 512)
# How much nearer than the next the best normalisation must be to be taken for certain.
MARGIN = 0.5
USUAL = "ImageNet"


class Normalisation(TypedDict):
    """A key of NORMALISATIONS, and its numbers for each channel."""

    name: str
    mean: list[float]
    std: list[float]


def accepted_sizes(network: Model, guess: Guess, first: int) -> tuple[list[int], str]:
    """Sides of square pictures that a network takes.

    Only the side that the file declares is tried, where it declares one.

    Parameters
    ----------
    network : Model
        From pictures (N, channels, side, side) to (N, outputs).
    guess : Guess
        Its shape as declared, 0 for a free side.
    first : int
        The side, in px, that is tried first.

    Returns
    -------
    sizes : list of int
        In px, in the order in which they were tried.
    complaint : str
        What the network said to the first side that it did not take.

    Examples
    --------
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2))
    >>> accepted_sizes(network, Guess("picture", (3, 0, 0)), 224)[0]
    [32]
    """
    accepted: list[int] = []
    complaint = ""
    fixed = next((side for side in guess.shape[1:] if side), None)
    for size in [fixed] if fixed else dict.fromkeys((first, *SIZES)):
        try:
            square = Guess("picture", (guess.shape[0] or 3, size, size), guess.swapped)
            network(square.random_inputs(network))
            accepted.append(size)
        except Exception as error:
            complaint = complaint or (str(error).strip().splitlines() or [""])[0][:200]
    return accepted, complaint


def guess_normalisation(
    network: Model, guess: Guess, samples: Sequence[Image.Image]
) -> tuple[Normalisation, bool]:
    """The normalisation that a network most likely expects, and whether that is sure."""
    channels = guess.shape[0]
    name, sure = None, False
    if channels == 3 and not guess.swapped:
        name, sure = likely_normalisation(network, samples, guess.shape[-1])
    name = name or (USUAL if channels == 3 else "0–1")
    mean, std = (values[:channels] for values in NORMALISATIONS[name])
    return {"name": name, "mean": list(mean), "std": list(std)}, sure


def likely_normalisation(
    network: Model, samples: Sequence[Image.Image], size: int
) -> tuple[str | None, bool]:
    """The normalisation that the network was most likely trained with, and whether that is sure.

    Its first batch normalisation remembers means and variances from training; the normalisation
    under which the sample pictures come nearest to them is the likely one.

    Parameters
    ----------
    network : Model
        From pictures (N, 3, size, size) to (N, outputs).
    samples : sequence of PIL.Image.Image
        Pictures like those that it was trained on.
    size : int
        The side that it sees, in px.

    Returns
    -------
    name : str or None
        A key of NORMALISATIONS; None for networks that remember nothing.
    sure : bool
        Whether no other normalisation comes nearly as near.
    """
    norm = _first_batch_norm(network)
    if norm is None or not samples:
        return None, False
    device, dtype = eval_mode.device_and_dtype(network)
    pixels = torch.from_numpy(np.stack([kind.pixels(s, size, "crop") for s in samples]))
    pixels = pixels.to(device=device, dtype=dtype)
    distances: dict[str, float] = {}
    for name, values in NORMALISATIONS.items():
        mean, std = (torch.tensor(value).view(1, -1, 1, 1).to(pixels) for value in values)
        seen: list[Tensor] = []
        hook = norm.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0]))
        try:
            network((pixels - mean) / std)
        finally:
            hook.remove()
        distances[name] = _distance(norm, seen[0])
    best, second = sorted(distances, key=lambda name: distances[name])[:2]
    return best, distances[best] < MARGIN * distances[second]


def _first_batch_norm(network: Model) -> nn.BatchNorm2d | None:
    """The first batch normalisation that remembers means and variances."""
    for module in network.modules() if isinstance(network, nn.Module) else ():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            return module
    return None


def _distance(norm: nn.BatchNorm2d, given: Tensor) -> float:
    """How far means and variances (per channel) are from those that the layer remembers."""
    assert norm.running_mean is not None and norm.running_var is not None
    across = (0, 2, 3)
    variance = norm.running_var + norm.eps
    shift = (given.mean(across) - norm.running_mean).abs() / variance.sqrt()
    spread = ((given.var(across) + norm.eps) / variance).log().abs()
    return float((shift + spread).median())
