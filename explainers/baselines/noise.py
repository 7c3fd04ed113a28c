"""The noise baseline: uniform random values, the same for every input."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.baselines.registry import baseline
from explainers.options import option


@dataclass(frozen=True)
class Options:
    """Options of `noise`."""

    low: float = option(0.0, "From", "Lowest value.")
    high: float = option(1.0, "To", "Highest value.")
    seed: int = option(0, "Seed", "The same seed gives the same noise.", low=0, high=2**31 - 1)


@baseline(
    key="noise",
    name="Uniform noise",
    says="Random pixels: no colour is favoured.",
    options=Options,
    order=50,
)
def noise(inputs, options: Options):
    """Uniform values between low and high (N, …), drawn once and shared by all inputs."""
    import torch

    generator = torch.Generator().manual_seed(options.seed)
    drawn = torch.rand(inputs.shape[1:], generator=generator, dtype=torch.float64)
    drawn = options.low + (options.high - options.low) * drawn
    return drawn.to(inputs).expand_as(inputs).clone()
