"""Linear models (ai.onnx.ml), as onnxruntime computes them.

Their weights, which the file keeps in attributes, come as inputs: see `tables.weights`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    TABLES,
    Ints,
    NotCovered,
    operation,
)


@operation("LinearRegressor", domain=TABLES)
def linear_regressor(
    x: Tensor,
    coefficients: Tensor,
    intercepts: Tensor | None = None,
    *,
    targets: int = 1,
    post_transform: str = "NONE",
) -> Tensor:
    """x · coefficients + intercepts: (N, targets)."""
    made = F.linear(x.to(coefficients.dtype), coefficients, intercepts)
    if targets == 1 and post_transform != "NONE":
        raise NotCovered(f"{post_transform[:20]} of one number")
    return transformed(made, post_transform)


@operation("LinearClassifier", domain=TABLES)
def linear_classifier(
    x: Tensor,
    coefficients: Tensor,
    intercepts: Tensor,
    *,
    classlabels_ints: Ints = (),
    classlabels_strings: tuple[str, ...] = (),
    multi_class: int = 0,
    post_transform: str = "NONE",
) -> tuple[Tensor | None, Tensor]:
    """Labels, and a score for each class: one row of coefficients for two classes is the second's.

    The labels are None where they are text.
    """
    scores = F.linear(x.to(coefficients.dtype), coefficients, intercepts)
    count = len(classlabels_ints or classlabels_strings)
    if scores.shape[1] > 1:
        best = scores.argmax(1)
        shares = transformed(scores, post_transform)
    elif count == 2 and post_transform in ("NONE", "LOGISTIC"):
        best = (scores[:, 0] > 0).long()
        second = transformed(scores, post_transform)
        shares = torch.cat([1 - second, second], 1)
    else:
        raise NotCovered(f"{post_transform[:20]} of one number for {count} classes")
    if len(classlabels_ints) < shares.shape[1]:
        return None, shares
    return torch.tensor(classlabels_ints, device=x.device)[best], shares


def transformed(scores: Tensor, how: str) -> Tensor:
    """Scores (N, classes) after a transform of ONNX's.

    Examples
    --------
    >>> transformed(torch.tensor([[0.0, 0.0]]), "SOFTMAX")
    tensor([[0.5000, 0.5000]])
    """
    if how == "NONE":
        return scores
    if how == "LOGISTIC":
        return torch.sigmoid(scores)
    if how == "SOFTMAX":
        return torch.softmax(scores, 1)
    raise NotCovered(f"the transform {how[:20]!r}")
