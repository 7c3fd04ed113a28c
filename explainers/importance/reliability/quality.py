"""How good the network is on the rows: importance of a bad model is worth little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

ENOUGH = 0.3
"""Of the way from the commonest class to no mistake."""

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext


def quality(context: DatasetContext) -> dict[str, float]:
    """The network's error against the labels, beside that of saying always the same; {} without.

    Parameters
    ----------
    context : DatasetContext

    Returns
    -------
    dict
        "error", mean cross-entropy or squared error; "constant_error", that of the commonest share
        of classes, or of the mean; of numbers "r2"; of classes "accuracy" and "commonest".
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
    constant = float(-(shares[shares > 0] * shares[shares > 0].log()).sum())
    if outputs.shape[1] == 1:
        said = (outputs[:, 0] > (0.5 if labels.probabilities else 0.0)).long().cpu()
    else:
        said = outputs.argmax(1).cpu()
    return {
        "error": error,
        "constant_error": constant,
        "accuracy": float((said == labels.values.long()).double().mean()),
        "commonest": float(shares.max()),
    }


def standardised_error(context: DatasetContext) -> float | None:
    """The error if the columns of a table with labels were standardised first; else None."""
    if context.layout.kind != "table" or not quality(context):
        return None
    inputs = context.inputs
    size = context.deviation.to(inputs)
    even = (inputs - inputs.mean(0)) / torch.where(size > 0, size, torch.ones_like(size))
    return _quality(context, context.passes.outputs(even))["error"]


def _mostly_right(found: dict[str, float]) -> bool:
    """Whether a network of classes is often right though it is too sure, or not sure enough."""
    missed = 1 - found.get("commonest", 1.0)
    return found.get("accuracy", 0.0) - found.get("commonest", 1.0) > ENOUGH * missed > 0


def sentences(context: DatasetContext, found: dict[str, float]) -> list[str]:
    """What its quality says of the importance: too bad a model, columns of the wrong scale."""
    if not found or found["error"] < found["constant_error"] or _mostly_right(found):
        return []
    even = standardised_error(context)
    if even is not None and even < 0.5 * found["error"] and even < found["constant_error"]:
        return [
            f"The network's error on the columns as they are is {found['error']:.3g}, and "
            f"{even:.3g} once they are standardised: it was trained on standardised columns. Give "
            "them so, or a network with the standardisation inside; the numbers below are of rows "
            "that it never saw the like of."
        ]
    what = "the commonest classes" if "accuracy" in found else "always the labels' mean"
    return [
        f"The network's error on these rows ({found['error']:.3g}) is no better than that of "
        f"saying {what} ({found['constant_error']:.3g}): what matters to it says nothing of the "
        "labels."
    ]
