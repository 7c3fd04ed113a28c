"""How good the network is on the rows: importance of a bad model is worth little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

ENOUGH = 0.3
"""Of the way from the commonest class to no mistake."""
BINS = 10
"""Of confidence."""

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext


def quality(context: DatasetContext) -> dict[str, float]:
    """How right the network is by the labels, beside saying always the same; {} without labels.

    Parameters
    ----------
    context : DatasetContext

    Returns
    -------
    dict
        "error", mean cross-entropy or squared error; "constant_error", that of the commonest share
        of classes, or of the mean; of numbers "r2"; of classes "accuracy" and "commonest", the
        accuracy of always the same one; "confidence", the mean probability of the answered class,
        and "calibration_error".
    """
    labels = context.labels
    if labels is None or (not labels.classes and not labels.whole and context.target is None):
        return {}
    return _quality(context, context.outputs)


def _quality(context: DatasetContext, outputs: Tensor) -> dict[str, float]:
    labels = context.labels
    assert labels is not None
    error = float(context.error(outputs, labels.values).mean())
    if not labels.classes:
        constant = float(labels.values.var(0, unbiased=False).mean())
        r2 = {"r2": 1 - error / constant} if constant > 0 else {}
        return {"error": error, "constant_error": constant, **r2}
    shares = labels.values.long().bincount().double() / len(labels.values)
    constant = abs(float((shares[shares > 0] * shares[shares > 0].log()).sum()))
    answers = outputs.detach().to("cpu", torch.float64)
    if outputs.shape[1] == 1:
        second = answers if labels.probabilities else answers.sigmoid()
        answers = torch.cat([1 - second, second], 1)
    elif not labels.probabilities:
        answers = answers.softmax(1)
    confidence, said = answers.max(1)
    right = (said == labels.values.long()).double()
    return {
        "error": error,
        "constant_error": constant,
        "accuracy": float(right.mean()),
        "commonest": float(shares.max()),
        "confidence": float(confidence.mean()),
        "calibration_error": calibration_error(confidence, right),
    }


def calibration_error(confidence: Tensor, right: Tensor) -> float:
    """The expected calibration error: how far confidence is from the share of right answers.

    Rows are put into ten bins of confidence; the mean over rows of the distance in their bin.

    Parameters
    ----------
    confidence : Tensor, shape (N,)
        The probability of the class that is answered.
    right : Tensor, shape (N,)
        1 where it is the true one, else 0.

    References
    ----------
    Guo et al. 2017, arXiv:1706.04599.

    Examples
    --------
    >>> round(calibration_error(torch.tensor([0.9, 0.9, 0.6]), torch.tensor([1.0, 0.0, 1.0])), 3)
    0.4
    """
    bins = (confidence * BINS).long().clamp(max=BINS - 1)
    away = (confidence - right).double()
    sums = torch.zeros(BINS, dtype=torch.float64).index_add_(0, bins, away)
    return float(sums.abs().sum() / len(away))


def standardised_error(context: DatasetContext) -> float | None:
    """The error if the columns of a table with labels were standardised first; else None."""
    if context.layout.kind != "table" or not quality(context):
        return None
    inputs = context.inputs
    size = context.deviation.to(inputs)
    even = (inputs - inputs.mean(0)) / torch.where(size > 0, size, torch.ones_like(size))
    return _quality(context, context.passes.outputs(even))["error"]


def mostly_right(found: dict[str, float]) -> bool:
    """Whether a network of classes is often right though it is too sure, or not sure enough."""
    missed = 1 - found.get("commonest", 1.0)
    return found.get("accuracy", 0.0) - found.get("commonest", 1.0) > ENOUGH * missed > 0


def is_bad(found: dict[str, float]) -> bool:
    """Whether it is no better than always the same answer; not where nothing is known."""
    if not found or found["error"] < found["constant_error"]:
        return False
    return not mostly_right(found)


def sentences(found: dict[str, float]) -> list[str]:
    """What its quality says of the importance: too bad a model."""
    if not is_bad(found):
        return []
    what = "the commonest classes" if "accuracy" in found else "always the labels' mean"
    return [
        f"The network's error on these rows ({found['error']:.3g}) is no better than that of "
        f"saying {what} ({found['constant_error']:.3g}): what matters to it says nothing of the "
        "labels."
    ]
