"""What kind of input a network may take, guessed from the shape that its file declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explainers import eval_mode
from explainers.models.spec import ModelSpec

LETTERS = 4
# Tried for a side that the file leaves free.
STEPS, LENGTHS, FEATURES = (50, 10, 24, 100), (200, 500, 1000, 100), (8, 10, 16, 32, 96)


@dataclass(frozen=True)
class Guess:
    """A kind of input, its shape, and whether the network wants the first dimension last."""

    kind: str
    shape: tuple[int, ...]
    swapped: bool = False

    def trial(self, network: nn.Module, count: int = 1) -> Tensor:
        """Random inputs (count, …) as the network itself takes them."""
        x = self.sample(network, (), count)
        return x.movedim(1, -1) if self.swapped else x

    def sample(self, model: nn.Module, photos: Sequence = (), count: int = 1) -> Tensor:
        """Inputs (count, …) as people know them: a photo where there is one, else random ones."""
        generator = torch.Generator().manual_seed(0)
        if self.kind == "picture":
            x = torch.rand(count, *self.shape, generator=generator)
            if len(photos):
                x = _pixels(photos[0], self.shape)
        elif self.kind == "sequence":
            letters = torch.randint(LETTERS, (count, self.shape[1]), generator=generator)
            x = torch.nn.functional.one_hot(letters, LETTERS).movedim(-1, 1).float()
        else:
            x = torch.randn(count, *self.shape, generator=generator)
        device, dtype = eval_mode.device_and_dtype(model)
        return x.to(device=device, dtype=dtype)


def guesses(spec: ModelSpec) -> list[Guess]:
    """What one input may be, likeliest first, for the declared shape in `spec`; 0 is a free side.

    Without a declared shape: a colour picture.
    """
    shape = spec.shape
    if not shape:
        return [Guess("picture", (3, 0, 0)), Guess("picture", (1, 0, 0))]
    if len(shape) == 1:
        return [Guess("table", (side,)) for side in ([shape[0]] if shape[0] else FEATURES)]
    if len(shape) == 3:
        first = [Guess("picture", shape)] if shape[0] in (0, 1, 3) else []
        last = (shape[2], *shape[:2])
        return first + ([Guess("picture", last, True)] if shape[2] in (0, 1, 3) else [])
    return _two(*shape) if len(shape) == 2 else []


def _two(first: int, last: int) -> list[Guess]:
    """DNA where one side has four; a series either way, time being the free or the longer side."""
    found = []
    if first == LETTERS:
        found += [Guess("sequence", (LETTERS, side)) for side in ([last] if last else LENGTHS)]
    if last == LETTERS:
        found += [Guess("sequence", (LETTERS, side), True) for side in _sides(first, LENGTHS)]
    straight = [Guess("series", (side, last)) for side in _sides(first, STEPS) if last]
    turned = [Guess("series", (side, first), True) for side in _sides(last, STEPS) if first]
    time_last = first and (not last or last > first)
    return found + (turned + straight if time_last else straight + turned)


def _sides(side: int, tried: tuple[int, ...]) -> tuple[int, ...]:
    return (side,) if side else tried


def _pixels(photo, shape: tuple[int, ...]) -> Tensor:
    from explainers.kinds import KINDS

    spec = ModelSpec("upload", "", size=shape[1], mean=(0.0,) * shape[0])
    found = ({}, {"pixels": np.asarray(photo)})
    return torch.from_numpy(KINDS["picture"].inputs(found, spec, [0]))
