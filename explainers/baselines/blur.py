"""The blurred baseline: the input with its details washed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.baselines.registry import baseline
from explainers.errors import Problem
from explainers.options import option

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Options:
    """Options of `blur`."""

    sigma: float = option(0.08, low=0.001, high=1.0)


@baseline(key="blur", options=Options, order=40)
def blur(inputs: Tensor, data: Tensor | None, options: Options) -> Tensor:
    """Gaussian blur along every dimension after the channels.

    σ = `sigma` × the longest of those dimensions. Weights at the border are normalised, so a flat
    picture stays flat.

    Parameters
    ----------
    inputs : Tensor, shape (N, C, …)
    data : not used
    options : Options

    Returns
    -------
    Tensor, shape (N, C, …)

    Raises
    ------
    Problem
        Where the inputs have channels only.

    Examples
    --------
    >>> import torch
    >>> blurred = blur(torch.eye(3)[None, None], None, Options(sigma=0.5))
    >>> bool((blurred > 0).all()), blurred.shape
    (True, torch.Size([1, 1, 3, 3]))
    """
    if inputs.ndim < 3:
        raise Problem("The blurred baseline needs inputs with space or time: (N, channels, …).")
    sigma = options.sigma * max(inputs.shape[2:])
    for dimension in range(2, inputs.ndim):
        moved = inputs.movedim(dimension, -1)
        inputs = (moved @ _weights(moved, sigma).T).movedim(-1, dimension)
    return inputs


def _weights(like: Tensor, sigma: float) -> Tensor:
    """Weights (L, L) of the L places along the last dimension for the blur at each of them."""
    import torch

    place = torch.arange(like.shape[-1], dtype=like.dtype, device=like.device)
    weights = torch.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return weights / weights.sum(1, keepdim=True)
