"""The blurred baseline: the input with its details washed out."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.baselines.registry import baseline
from explainers.errors import Problem
from explainers.options import option


@dataclass(frozen=True)
class Options:
    """Options of `blur`."""

    sigma: float = option(
        0.08, "Blur", "Width of the blur, as a share of the longer side.", low=0.001, high=1.0
    )


@baseline(
    key="blur",
    name="Blurred picture",
    says="The same picture, out of focus: colours stay, details go.",
    options=Options,
    order=40,
)
def blur(inputs, options: Options):
    """Gaussian blur of inputs (N, C, …) along every dimension after the channels.

    σ = options.sigma × the longest of those dimensions; weights at the border are normalised, so
    a flat picture stays flat.
    """
    if inputs.ndim < 3:
        raise Problem("The blurred baseline needs inputs with space or time: (N, channels, …).")
    sigma = options.sigma * max(inputs.shape[2:])
    for dimension in range(2, inputs.ndim):
        moved = inputs.movedim(dimension, -1)
        inputs = (moved @ _weights(moved, sigma).T).movedim(-1, dimension)
    return inputs


def _weights(like, sigma: float):
    import torch

    place = torch.arange(like.shape[-1], dtype=like.dtype, device=like.device)
    weights = torch.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return weights / weights.sum(1, keepdim=True)
