"""Volumes as pictures of many channels: one channel for each slice, as files of slices are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from explainers.models.formats.model import Model

DEPTHS = (16, 32, 8, 64, 10, 20, 24, 48, 96, 128)
"""Tried where a file leaves the number of slices free."""


def as_volume(pictures: Tensor, depth: int) -> Tensor:
    """Pictures (N, C · depth, H, W), channel by channel, as volumes (N, C, depth, H, W).

    Examples
    --------
    >>> import torch
    >>> as_volume(torch.zeros(2, 12, 5, 6), 4).shape
    torch.Size([2, 3, 4, 5, 6])
    """
    return pictures.unflatten(1, (-1, depth))


class OfSlices(nn.Module):
    """A network of volumes that is given pictures of many channels.

    Parameters
    ----------
    network : Model
        From volumes (N, C, depth, H, W), or (N, depth, H, W, C) where they are swapped.
    depth : int
    swapped : bool
        Whether it wants its channels last.

    Examples
    --------
    >>> import torch
    >>> OfSlices(nn.AvgPool3d(2), 4)(torch.ones(1, 4, 2, 2)).shape
    torch.Size([1, 1, 2, 1, 1])
    """

    def __init__(self, network: Model, depth: int, swapped: bool = False) -> None:
        super().__init__()
        self.network: Callable[[Tensor], Tensor] = network
        self.depth, self.swapped = depth, swapped

    def forward(self, pictures: Tensor) -> Tensor:
        """The network's answers to the volumes that these are the slices of."""
        volumes = as_volume(pictures, self.depth)
        return self.network(volumes.movedim(1, -1) if self.swapped else volumes)
