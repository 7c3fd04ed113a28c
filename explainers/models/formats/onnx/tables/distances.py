"""Nearest neighbours and Gaussian processes: distances between rows, and equations solved."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, affordable, operation
from explainers.models.formats.onnx.rewriting.pairwise import OURS

MICROSOFT = "com.microsoft"


@operation("Pairwise", domain=OURS)
def pairwise(a: Tensor, b: Tensor, *, power: float = 2.0) -> Tensor:
    """Σ |a − b|^power over the columns, of all pairs of rows of a (M, F) and b (N, F): (M, N)."""
    affordable(float(a.shape[0]) * b.shape[0] * a.shape[-1])
    difference = a.unsqueeze(1) - b.unsqueeze(0)
    if power == 2:
        return (difference * difference).sum(-1)
    size = difference.abs()
    return (size if power == 1 else size**power).sum(-1)


@operation("Sqrt", domain=OURS)
def distance(squares: Tensor) -> Tensor:
    """√x of a sum of squares; at 0, where the distance has its lowest point, the slope is 0."""
    same = squares == 0
    return torch.where(same, 0.0, torch.where(same, 1.0, squares).sqrt())


@operation("CDist", domain=MICROSOFT)
def all_distances(a: Tensor, b: Tensor, *, metric: str = "sqeuclidean") -> Tensor:
    """Distances of all pairs of rows of a (M, F) and b (N, F): (M, N)."""
    if metric not in ("euclidean", "sqeuclidean"):
        raise NotCovered(f"the metric {metric[:20]!r}")
    squares = pairwise(a, b)
    return distance(squares) if metric == "euclidean" else squares


@operation("Solve", domain=MICROSOFT)
def solve(a: Tensor, b: Tensor, *, lower: int = 0, transposed: int = 0) -> Tensor:
    """The x of a x = b, or of aᵀ x = b, for a (…, N, N); of a only the lower half, if asked."""
    a = torch.tril(a) if lower else a
    return torch.linalg.solve(a.mT if transposed else a, b)
