"""k-means: centres of groups of similar points.

Lloyd 1982 (doi:10.1109/TIT.1982.1056489); started as by Arthur & Vassilvitskii 2007 (k-means++).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

RESTARTS = 10
MAX_ROUNDS = 300


def k_means(points: Tensor, count: int, seed: int) -> Tensor:
    """The centres of `count` groups of similar points: the best of several starts.

    The best has the smallest sum of squared distances of the points to their nearest centre.

    Parameters
    ----------
    points : Tensor, shape (M, D)
    count : int
        At most M.
    seed : int

    Returns
    -------
    Tensor, shape (count, D)

    References
    ----------
    Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur & Vassilvitskii 2007, "k-means++: the
    advantages of careful seeding".

    Examples
    --------
    >>> import torch
    >>> k_means(torch.tensor([[0.0], [2.0], [90.0], [94.0]]), 2, seed=0).sort(0).values.tolist()
    [[1.0], [92.0]]
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    runs = [_lloyd(points, _plus_plus(points, count, generator)) for _ in range(RESTARTS)]
    return min(runs, key=lambda run: run[0])[1]


def _plus_plus(points: Tensor, count: int, generator: Generator) -> Tensor:
    """Each next centre is a point, drawn by its squared distance to the nearest one so far."""
    import torch

    nearest = points.new_ones(len(points))
    chosen: list[Tensor] = []
    for _ in range(count):
        weights = nearest if nearest.sum() > 0 else torch.ones_like(nearest)
        (index,) = torch.multinomial(weights.cpu(), 1, generator=generator).tolist()
        chosen.append(points[index])
        distance = (points - points[index]).square().sum(1)
        nearest = distance if len(chosen) == 1 else torch.minimum(nearest, distance)
    return torch.stack(chosen)


def _lloyd(points: Tensor, centre: Tensor) -> tuple[float, Tensor]:
    """(sum of squared distances, centres) after moving centres to the means of their points."""
    import torch

    for _ in range(MAX_ROUNDS):
        nearest = torch.cdist(points, centre).argmin(1)
        many = torch.bincount(nearest, minlength=len(centre)).to(points)
        sums = torch.zeros_like(centre).index_add_(0, nearest, points)
        # A centre that no point is nearest to stays.
        moved = torch.where(many[:, None] > 0, sums / many.clamp(min=1)[:, None], centre)
        if torch.equal(moved, centre):
            break
        centre = moved
    return torch.cdist(points, centre).amin(1).square().sum().item(), centre
