"""What the inspection tries on networks that take pictures: their sizes, their normalisation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from explainers import eval_mode
from explainers.errors import first_line
from explainers.kinds import picture as kind
from explainers.models.inspection.guesses import Guess
from explainers.models.prepared import Prepared
from explainers.models.spec import PREPARATIONS, ModelSpec, preparation

if TYPE_CHECKING:
    from PIL import Image

    from explainers.models.formats.model import Model

SIZES = (224, 32, 28, 64, 96, 128, 192, 256, 299, 320, 384, 448, 512)
CHANNELS = (3, 1, 4, 2, 6, 5, 7, 8, 10, 12, 13)
"""Tried where the file leaves their number free."""
# How much nearer than the next the best normalisation must be to be taken for certain.
MARGIN = 0.5
USUAL = "ImageNet"


class Normalisation(TypedDict):
    """A key of PREPARATIONS, and what it is for the network's channels."""

    name: str
    mean: list[float]
    std: list[float]
    white: float
    order: str


def accepted_pictures(
    network: Model, guess: Guess, first: tuple[int, int]
) -> tuple[list[Guess], str]:
    """Pictures that a network takes, in the order in which they were tried.

    Only the sides that the file declares are tried, where it declares them.

    Parameters
    ----------
    network : Model
        From pictures (N, channels, height, width) to (N, outputs).
    guess : Guess
        Its shape as declared, 0 for a free side.
    first : (int, int)
        The height and width, in px, that are tried first.

    Returns
    -------
    taken : list of Guess
        With their shape; all of one number of channels.
    complaint : str
        What the network said to the first picture that it did not take.

    Examples
    --------
    >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2))
    >>> taken, _ = accepted_pictures(network, Guess("picture", (3, 0, 0)), (8, 8))
    >>> [guess.shape for guess in taken]
    [(3, 32, 32)]
    """
    taken: list[Guess] = []
    complaint = ""
    for channels in CHANNELS if guess.shape[0] == 0 else guess.shape[:1]:
        for sides in dict.fromkeys(_sides(guess, first)):
            one = replace(guess, shape=(channels, *sides))
            said = objection(network, one)
            complaint = complaint or said
            taken += [] if said else [one]
        if taken:
            break
    return taken, complaint


def objection(network: Model, guess: Guess) -> str:
    """What a network says to an input that it does not take, in one line; "" where it takes it.

    An answer that is empty or NaN is none: what cuts off a margin gives it to what is too short.
    """
    try:
        output = network(guess.random_inputs(network))
    except Exception as error:
        return first_line(error) if str(error).strip() else f"it stops with {type(error).__name__}"
    if isinstance(output, Tensor) and not output.numel():
        return "its answer is empty"
    if isinstance(output, Tensor) and output.is_floating_point() and bool(output.isnan().any()):
        return "its answer holds NaN"
    return ""


def _sides(guess: Guess, first: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Heights and widths to try: a free side is as long as the other, or of a usual length."""
    height, width = guess.shape[1:]
    if height and width:
        yield height, width
        return
    if not (height or width):
        yield first
    for side in (*(side for side in (height, width) if side), *SIZES):
        yield height or side, width or side


def guess_normalisation(
    network: Model, guess: Guess, samples: Sequence[Image.Image]
) -> tuple[Normalisation, bool]:
    """The normalisation that a network most likely expects, and whether that is sure."""
    channels = guess.shape[0]
    name, sure = None, False
    if channels == 3:
        sides = (guess.shape[1], guess.shape[2])
        name, sure = likely_normalisation(network, samples, sides, guess.swapped)
    name = name or (USUAL if channels == 3 else "0–1")
    found = preparation(name, channels)
    assert found is not None
    mean, std = list(found.mean), list(found.std)
    return {"name": name, "mean": mean, "std": std, "white": found.white, "order": found.order}, (
        sure
    )


def likely_normalisation(
    network: Model,
    samples: Sequence[Image.Image],
    size: int | tuple[int, int],
    swapped: bool = False,
) -> tuple[str | None, bool]:
    """The normalisation that the network was most likely trained with, and whether that is sure.

    Its first batch normalisation remembers means and variances from training; the normalisation
    under which the sample pictures come nearest to them is the likely one.

    Parameters
    ----------
    network : Model
        From pictures (N, 3, height, width) to (N, outputs).
    samples : sequence of PIL.Image.Image
        Pictures like those that it was trained on.
    size : int or (int, int)
        The height and width that it sees, in px; one number for a square.
    swapped : bool
        Whether it wants the channels last.

    Returns
    -------
    name : str or None
        A key of PREPARATIONS; None for networks that remember nothing.
    sure : bool
        Whether no other normalisation comes nearly as near.
    """
    if not samples:
        return None, False
    device, dtype = eval_mode.device_and_dtype(network)
    pixels = torch.from_numpy(np.stack([kind.pixels(s, size, "crop") for s in samples]))
    pixels = pixels.to(device=device, dtype=dtype)
    distances: dict[str, float] = {}
    for name, values in PREPARATIONS.items():
        spec = ModelSpec("upload", "", swapped=swapped, **values._asdict())
        seen = _FirstBatchNorm()
        prepared = Prepared(network, spec)
        prepared.mean, prepared.std = prepared.mean.to(pixels), prepared.std.to(pixels)
        with torch.no_grad(), seen, contextlib.suppress(_SeenEnough):
            prepared(pixels)
        if seen.distance is None:
            return None, False
        distances[name] = seen.distance
    best, second = sorted(distances, key=lambda name: distances[name])[:2]
    return best, distances[best] < MARGIN * distances[second]


class _SeenEnough(BaseException):
    """Ends a run of a network once its first batch normalisation has been met."""


class _FirstBatchNorm(TorchDispatchMode):
    """Meets the first batch normalisation with remembered statistics, whatever runs it.

    `distance` is how far means and variances (per channel) of what goes into it are from those that
    it remembers; None where there is none.
    """

    distance: float | None = None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if "batch_norm" in func.__name__ and len(args) > 4:
            given, _, _, mean, variance = args[:5]
            if isinstance(mean, Tensor) and isinstance(variance, Tensor) and given.ndim == 4:
                self.distance = _distance(given, mean, variance)
                raise _SeenEnough
        return func(*args, **kwargs or {})


def _distance(given: Tensor, mean: Tensor, variance: Tensor, eps: float = 1e-5) -> float:
    across = (0, 2, 3)
    remembered = variance + eps
    shift = (given.mean(across) - mean).abs() / remembered.sqrt()
    spread = ((given.var(across) + eps) / remembered).log().abs()
    return float((shift + spread).median())
