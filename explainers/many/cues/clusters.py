"""Groups of alike evidence, by spectral clustering; and how unlike the rest each of them is.

Spectral relevance analysis: Lapuschkin et al. 2019, "Unmasking Clever Hans predictors and assessing
what machines really learn", doi:10.1038/s41467-019-08987-4. Spectral clustering with the eigengap:
von Luxburg 2007, "A tutorial on spectral clustering", doi:10.1007/s11222-007-9033-z.
"""

from __future__ import annotations

import numpy as np

NEIGHBOURS, MOST_GROUPS, FEWEST = 7, 6, 8
"""Of the graph of neighbours; of the groups of one class; fewer pictures are one group."""
CLEAR_GAP = 0.15
"""A smaller gap between eigenvalues does not tell groups apart."""


def grouped(points: np.ndarray, seed: int = 0) -> np.ndarray:
    """Which group each point is in, from 0; one group where none are told apart.

    Parameters
    ----------
    points : ndarray, shape (N, features)
    seed : int

    Returns
    -------
    ndarray, int64, shape (N,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = np.concatenate([rng.normal(0, 1, (20, 6)), rng.normal(9, 1, (10, 6))])
    >>> found = grouped(points)
    >>> sorted(np.bincount(found).tolist())
    [10, 20]
    """
    count = len(points)
    if count < FEWEST:
        return np.zeros(count, np.int64)
    distances = ((points[:, None] - points[None]) ** 2).sum(-1)
    near = np.argsort(distances, 1)[:, 1 : NEIGHBOURS + 1]
    graph = np.zeros((count, count))
    scale = np.take_along_axis(distances, near[:, -1:], 1)
    alike = np.exp(-distances / np.maximum(np.sqrt(scale * scale.T), np.finfo(float).tiny))
    graph[np.arange(count)[:, None], near] = 1
    graph = np.where((graph + graph.T) > 0, alike, 0.0)
    degree = np.maximum(graph.sum(1), np.finfo(float).tiny)
    laplacian = np.eye(count) - graph / np.sqrt(degree[:, None] * degree[None])
    values, vectors = np.linalg.eigh(laplacian)
    gaps = np.diff(values[: MOST_GROUPS + 1])
    groups = int(gaps.argmax()) + 1
    if groups == 1 or gaps[groups - 1] < CLEAR_GAP:
        return np.zeros(count, np.int64)
    import torch

    from explainers.baselines.kmeans import k_means

    rows = vectors[:, :groups]
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
    centres = k_means(torch.from_numpy(rows), groups, seed).numpy()
    nearest: np.ndarray = ((rows[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
    return nearest


def unlikeness(points: np.ndarray, members: np.ndarray) -> float:
    """Mean squared distance of members to others, over that of members to one another.

    About 1 for points drawn at random; infinite for members that are all the same.

    Parameters
    ----------
    points : ndarray, shape (N, features)
    members : ndarray of bool, shape (N,)

    Examples
    --------
    >>> points = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> unlikeness(points, np.array([True, True, False, False]))
    51.0
    """
    ours, others = points[members], points[~members]
    if not len(others):
        return 1.0
    within, beyond = (part.var(0).sum() for part in (ours, others))
    between = ((ours.mean(0) - others.mean(0)) ** 2).sum() + within + beyond
    return float(between / (2 * within)) if within > 0 else float("inf")
