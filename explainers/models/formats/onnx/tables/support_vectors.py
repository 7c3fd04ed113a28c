"""Support vector machines (ai.onnx.ml), as onnxruntime and libsvm compute them.

Their weights, which the file keeps in attributes, come as inputs: see `tables.weights`.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    TABLES,
    Ints,
    NotCovered,
    affordable,
    operation,
)

_SMALLEST = 1e-7
"""So far from 0 and 1 are the probabilities of pairs of classes, in libsvm."""


@operation("SVMRegressor", domain=TABLES)
def regressor(
    x: Tensor,
    coefficients: Tensor,
    vectors: Tensor | None,
    rho: Tensor,
    *,
    kernel_type: str = "LINEAR",
    kernel_params: tuple[float, ...] = (),
    n_supports: int = 0,
    one_class: int = 0,
    post_transform: str = "NONE",
) -> Tensor:
    """Σ coefficient · K(x, vector) + rho: (N, 1)."""
    if one_class or post_transform != "NONE":
        raise NotCovered("one class, or a transform")
    near = _kernel(x.to(rho.dtype), vectors, kernel_type, kernel_params)
    return (near @ coefficients + rho[0]).unsqueeze(1)


@operation("SVMClassifier", domain=TABLES)
def classifier(
    x: Tensor,
    coefficients: Tensor,
    vectors: Tensor | None,
    rho: Tensor,
    prob_a: Tensor | None = None,
    prob_b: Tensor | None = None,
    *,
    vectors_per_class: Ints,
    kernel_type: str = "LINEAR",
    kernel_params: tuple[float, ...] = (),
    classlabels_ints: Ints = (),
    classlabels_strings: tuple[str, ...] = (),
    post_transform: str = "NONE",
) -> tuple[None, Tensor]:
    """No labels; and the classes' probabilities, or a score for each pair of several classes.

    The score of classes i < j is Σ over the vectors of both of coefficient · K(x, vector) + rho;
    coefficients (classes − 1, vectors) holds those of vectors of class i against j in row j − 1,
    and of class j against i in row i.
    """
    classes = len(vectors_per_class)
    if post_transform != "NONE" or vectors is None:
        raise NotCovered("a transform, or no support vectors")
    near = _kernel(x.to(rho.dtype), vectors, kernel_type, kernel_params)
    ends = list(itertools.accumulate(vectors_per_class, initial=0))
    places = [slice(first, last) for first, last in itertools.pairwise(ends)]
    pairs = list(itertools.combinations(range(classes), 2))
    scores = [
        near[:, places[i]] @ coefficients[j - 1, places[i]]
        + near[:, places[j]] @ coefficients[i, places[j]]
        + rho[k]
        for k, (i, j) in enumerate(pairs)
    ]
    if prob_a is None or prob_b is None:
        if classes == 2:
            if not bool((coefficients < 0).any()):
                raise NotCovered("two classes without probabilities, and no coefficient below 0")
            # The margin of the first class comes second: see `classes.swapped`.
            return None, torch.stack([-scores[0], scores[0]], 1)
        return None, torch.stack(scores, 1)
    shares = [
        torch.sigmoid(-(score * prob_a[k] + prob_b[k])).clamp(_SMALLEST, 1 - _SMALLEST)
        for k, score in enumerate(scores)
    ]
    return None, _coupled(dict(zip(pairs, shares, strict=True)), classes)


def _kernel(x: Tensor, vectors: Tensor | None, kind: str, params: tuple[float, ...]) -> Tensor:
    """K(x, vector): (N, vectors); x itself where there are none, and the kernel is linear."""
    if vectors is None:
        if kind != "LINEAR":
            raise NotCovered(f"the kernel {kind[:20]!r} without vectors")
        return x
    affordable(len(x) * vectors.numel())
    gamma, shift, degree = (*params, 0.0, 0.0, 3.0)[:3] if len(params) < 3 else params[:3]
    if kind == "RBF":
        return torch.exp(-gamma * ((x.unsqueeze(1) - vectors) ** 2).sum(2))
    product = x @ vectors.mT
    if kind == "LINEAR":
        return product
    if kind == "POLY" and float(degree).is_integer():
        return (gamma * product + shift) ** int(degree)
    if kind == "SIGMOID":
        return torch.tanh(gamma * product + shift)
    raise NotCovered(f"the kernel {kind[:20]!r}")


def _coupled(share: dict[tuple[int, int], Tensor], classes: int) -> Tensor:
    """Probabilities of all classes (N, classes) from those of all pairs.

    They minimise Σ over pairs of (r_ji p_i − r_ij p_j)² with Σ p = 1. libsvm's iteration is
    followed step by step, for it ends as soon as it is near: further on the probabilities would
    differ from the file's own in the third digit.

    References
    ----------
    Wu, Lin & Weng, Probability estimates for multi-class classification by pairwise coupling,
    JMLR 5 (2004), algorithm 2.
    """
    r: dict[tuple[int, int], Tensor] = dict(share)
    r |= {(j, i): 1 - one for (i, j), one in share.items()}
    q = [[torch.zeros_like(share[0, 1])] * classes for _ in range(classes)]
    for i in range(classes):
        q[i][i] = torch.stack([r[j, i] ** 2 for j in range(classes) if j != i]).sum(0)
        for j in range(classes):
            if j != i:
                q[i][j] = -r[j, i] * r[i, j]
    matrix = torch.stack([torch.stack(row, 1) for row in q], 1)
    p = torch.full_like(matrix[:, 0], 1 / classes)
    for _ in range(max(100, classes)):
        slope = (matrix * p.unsqueeze(1)).sum(2)
        level = (p * slope).sum(1)
        near = (slope - level.unsqueeze(1)).abs().amax(1, keepdim=True) < 0.005 / classes
        if near.all():
            break
        p = torch.where(near, p, _stepped(p, slope, level, matrix))
    return p


def _stepped(p: Tensor, slope: Tensor, level: Tensor, matrix: Tensor) -> Tensor:
    """p after one round over its classes; `slope` is Q p, `level` is p Q p."""
    for t in range(p.shape[1]):
        more = (level - slope[:, t]) / matrix[:, t, t]
        level = (level + more * (more * matrix[:, t, t] + 2 * slope[:, t])) / (1 + more) ** 2
        one = torch.zeros_like(p[0])
        one[t] = 1
        scale = (1 + more).unsqueeze(1)
        slope = (slope + more.unsqueeze(1) * matrix[:, t]) / scale
        p = (p + more.unsqueeze(1) * one) / scale
    return p
