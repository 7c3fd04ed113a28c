"""The noise baseline: uniform random values, the same for every input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.baselines.registry import baseline
from explainers.options import option

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Options:
    """Options of `noise`."""

    low: float = option(0.0)
    high: float = option(1.0)
    seed: int = option(0, low=0, high=2**31 - 1)


@baseline(key="noise", options=Options, order=50)
def noise(inputs: Tensor, data: Tensor | None, options: Options) -> Tensor:
    """Uniform values between `low` and `high`, shape (N, …), drawn once and shared by all inputs.

    Examples
    --------
    >>> import torch
    >>> made = noise(torch.zeros(2, 3), None, Options(low=-1.0, high=0.0))
    >>> torch.equal(made[0], made[1]), bool((made < 0).all())
    (True, True)
    """
    import torch

    generator = torch.Generator().manual_seed(options.seed)
    drawn = torch.rand(inputs.shape[1:], generator=generator, dtype=torch.float64)
    drawn = options.low + (options.high - options.low) * drawn
    return drawn.to(inputs).expand_as(inputs).clone()
