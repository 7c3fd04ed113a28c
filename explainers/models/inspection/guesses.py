"""What kind of input a network may take, guessed from the shape that its file declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from explainers import eval_mode
from explainers.models.answers import steps_first
from explainers.models.formats.file_card import layout_by_sides
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from PIL import Image

    from explainers.models.formats.model import Model

LETTERS = 4
PHOTO_CHANNELS = (1, 3)
"""Of networks that a photo can be shown to: in grey, or in colour."""
# Tried for a side that the file leaves free.
FEATURES = (8, 10, 16, 32, 96)
STEPS: tuple[int, ...] = (50, 10, 24, 100, 200, 500, 1000, 4000, 16_000)
LENGTHS: tuple[int, ...] = (
    200,
    500,
    1000,
    100,
    600,
    1344,
    2000,
    2114,
    3000,
    4096,
    5000,
    6000,
    8192,
    10_000,
)
LENGTHS += (8192, 10_000, 10_001, 10_500, 11_000, 12_000, 15_000, 16_384, 20_000, 32_768)


@dataclass(frozen=True)
class Guess:
    """What one input of a network may be.

    Parameters
    ----------
    kind : str
        A key of KINDS.
    shape : tuple of int
        As people know it: (channels, height, width), (F,), (T, V) or (4, L); 0 for a free side.
    swapped : bool
        Whether the network wants the first dimension last.
    free : bool
        Whether it takes inputs of other lengths or sizes too.
    """

    kind: str
    shape: tuple[int, ...]
    swapped: bool = False
    free: bool = False

    def random_inputs(self, network: Model, count: int = 1) -> Tensor:
        """Random inputs (count, …) as the network itself takes them.

        Examples
        --------
        >>> Guess("sequence", (4, 50), swapped=True).random_inputs(torch.tanh, 2).shape
        torch.Size([2, 50, 4])
        """
        x = self.sample(network, (), count)
        return x.movedim(1, -1) if self.swapped else x

    def steps_first(self, output: Tensor) -> Tensor:
        """An answer of series with its steps before its outputs; others as they are."""
        if self.kind not in ("series", "sequence"):
            return output
        letters = self.kind == "sequence"
        return steps_first(output, self.shape[letters], letters != self.swapped)

    def sample(self, model: Model, photos: Sequence[Image.Image] = (), count: int = 1) -> Tensor:
        """Inputs (count, …) as people know them: a photo where there is one, else random ones."""
        generator = torch.Generator().manual_seed(0)
        if self.kind == "picture":
            x = torch.rand(count, *self.shape, generator=generator)
            if len(photos) and self.shape[0] in PHOTO_CHANNELS:
                x = _pixels(photos[0], self.shape)
        elif self.kind == "sequence":
            letters = torch.randint(LETTERS, (count, self.shape[1]), generator=generator)
            x = torch.nn.functional.one_hot(letters, LETTERS).movedim(-1, 1).float()
        else:
            x = torch.randn(count, *self.shape, generator=generator)
        device, dtype = eval_mode.device_and_dtype(model)
        return x.to(device=device, dtype=dtype)


def guesses(spec: ModelSpec) -> list[Guess]:
    """What one input may be, the likeliest first.

    Parameters
    ----------
    spec : ModelSpec
        Its `shape` is the declared one, 0 for a free side; without one: a picture.

    Examples
    --------
    >>> [(guess.kind, guess.swapped) for guess in guesses(ModelSpec("upload", "", shape=(4, 200)))]
    [('sequence', False), ('series', True), ('series', False)]
    """
    shape = spec.shape
    if not shape:
        return [Guess("picture", (0, 0, 0))]
    if len(shape) == 1:
        return [Guess("table", (side,)) for side in ([shape[0]] if shape[0] else FEATURES)]
    if len(shape) == 3:
        first = Guess("picture", shape)
        last = Guess("picture", (shape[2], *shape[:2]), True)
        layout = layout_by_sides((None, *shape))
        if spec.swapped or layout == "channels last":
            return [last]
        return [first] if layout else [first, last]
    return _two(*shape) if len(shape) == 2 else []


def _two(first: int, last: int) -> list[Guess]:
    """DNA where one side has four; a series either way, time being the free or the longer side."""
    sequences: list[Guess] = []
    if first == LETTERS:
        sequences += [Guess("sequence", (LETTERS, side)) for side in ([last] if last else LENGTHS)]
    if last == LETTERS:
        sequences += [Guess("sequence", (LETTERS, side), True) for side in _sides(first, LENGTHS)]
    straight = [Guess("series", (side, last)) for side in _sides(first, STEPS) if last]
    turned = [Guess("series", (side, first), True) for side in _sides(last, STEPS) if first]
    time_last = first and (not last or last > first)
    return sequences + (turned + straight if time_last else straight + turned)


def _sides(side: int, tried: tuple[int, ...]) -> tuple[int, ...]:
    return (side,) if side else tried


def _pixels(photo: Image.Image, shape: tuple[int, ...]) -> Tensor:
    """The photo as people's input (1, channels, height, width)."""
    from explainers.kinds import KINDS

    spec = ModelSpec("upload", "", size=shape[1], width=shape[2], mean=(0.0,) * shape[0])
    parsed: tuple[dict, dict] = ({}, {"pixels": np.asarray(photo)})
    return torch.from_numpy(KINDS["picture"].inputs(parsed, spec, [0]))
