"""Baselines of one value: zeros, and for pictures white and the mean colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explainers.baselines.registry import NoOptions, baseline
from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor


@baseline(
    key="zeros", options=NoOptions, order=10, kinds=("picture", "table", "series", "sequence")
)
def zeros(inputs: Tensor, data: Tensor | None, options: NoOptions) -> Tensor:
    """Zeros like the inputs, shape (N, …)."""
    return inputs.new_zeros(inputs.shape)


@baseline(key="white", options=NoOptions, order=20)
def white(inputs: Tensor, data: Tensor | None, options: NoOptions) -> Tensor:
    """Ones like the inputs, shape (N, …)."""
    return inputs.new_ones(inputs.shape)


@baseline(key="mean", options=NoOptions, order=30)
def mean(inputs: Tensor, data: Tensor | None, options: NoOptions) -> Tensor:
    """The mean of each input's channels, constant over space.

    Parameters
    ----------
    inputs : Tensor, shape (N, C, …)
    data, options : not used

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
    >>> mean(torch.tensor([[[0.0, 1.0], [2.0, 4.0]]]), None, NoOptions()).tolist()
    [[[0.5, 0.5], [3.0, 3.0]]]
    """
    if inputs.ndim < 3:
        raise Problem("The mean colour needs inputs with space or time: (N, channels, …).")
    return inputs.mean(tuple(range(2, inputs.ndim)), keepdim=True).expand_as(inputs).clone()
