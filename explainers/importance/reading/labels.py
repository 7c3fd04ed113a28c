"""The truth beside the rows: what labels mean to a network, and the error of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explainers.attribution import Target
from explainers.errors import Problem
from explainers.references import as_tensor

ALMOST = 1e-3
_LEAST = 1e-12
SQUARED = (
    "The labels are only 0 and 1, and are taken for numbers: the error is the squared one. Give "
    "whole numbers, such as labels.astype(int), if they are classes."
)


@dataclass(frozen=True)
class Labels:
    """The truth of every row, and how a network's outputs are compared with it.

    Attributes
    ----------
    values : Tensor on the CPU, shape (N,) or that of the outputs
        Classes, int64; or numbers, float64.
    classes : bool
        Whether they are classes: the error is the cross-entropy. Else the squared error.
    probabilities : bool
        Of classes: whether the outputs are probabilities; else scores, or their logarithms, before
        a softmax, or a sigmoid for a single output.
    whole : bool
        Of numbers: whether they belong to all outputs, and the error is the mean over these.
    note : str
        What people should know of how the labels were read, or "".
    """

    values: Tensor
    classes: bool
    probabilities: bool = False
    whole: bool = False
    note: str = ""

    def error(self, outputs: Tensor, labels: Tensor, target: Target | None) -> Tensor:
        """The error of each row, float64 (M,): cross-entropy or squared error.

        Parameters
        ----------
        outputs : Tensor, shape (M, outputs…)
        labels : Tensor, shape (M,) or that of the outputs
            Rows of `values`.
        target : Target or None
            Which output numbers are about.
        """
        outputs = outputs.detach().to("cpu", torch.float64)
        return self.loss(outputs, labels, target)

    def loss(self, outputs: Tensor, labels: Tensor, target: Target | None) -> Tensor:
        """`error` in the type and on the device of the outputs, with autograd's graph."""
        labels = labels.to(outputs.device)
        if not self.classes:
            if not self.whole:
                assert target is not None
                rows = torch.zeros(len(outputs), dtype=torch.int64, device=outputs.device)
                outputs = target.select(outputs, rows)
            away = (outputs - labels.to(outputs)).square()
            return away.flatten(1).mean(1) if away.ndim > 1 else away
        if outputs.shape[1] == 1:
            score = outputs[:, 0]
            if self.probabilities:
                right = torch.where(labels == 1, score, 1 - score)
                return -right.clamp(min=_LEAST).log()
            return torch.nn.functional.softplus(torch.where(labels == 1, -score, score))
        logs = outputs.clamp(min=_LEAST).log() if self.probabilities else outputs.log_softmax(1)
        return -logs.gather(1, labels.unsqueeze(1)).squeeze(1)


@dataclass(frozen=True)
class ErrorTarget(Target):
    """The error of each row as what is explained: its slopes are those of the loss."""

    labels: Labels | None = None
    explained: Target | None = None

    def select(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """The errors (n,) of outputs (n, outputs…) that belong to these rows."""
        assert self.labels is not None
        return self.labels.loss(outputs, self.labels.values[rows.cpu()], self.explained)


def read_labels(given: Any, outputs: Tensor, target: Target | None) -> Labels:
    """What labels mean to the network that gave these outputs.

    Parameters
    ----------
    given : array-like, shape (N,), (N, 1), or that of the outputs
        Whole numbers or truth values are classes where the network can mean them, and one-hot rows
        too. Other numbers are what the explained output should be, or all outputs where there is a
        number for each.
    outputs : Tensor, shape (N, outputs…)
    target : Target or None
        The explained output.

    Raises
    ------
    Problem
        For text, missing values, another number of rows, or classes that the network does not have.

    Examples
    --------
    >>> labels = read_labels([0, 1], torch.tensor([[2.0, 0.0], [0.0, 0.0]]), None)
    >>> labels.classes, labels.error(torch.zeros(1, 2), labels.values[:1], None)
    (True, tensor([0.6931], dtype=torch.float64))
    """
    values = _numbers(given)
    if len(values) != len(outputs):
        raise Problem(
            f"{len(values)} labels were given for {len(outputs)} rows. Give one for each row."
        )
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim > 1 and _without_ones(values) == _without_ones(outputs):
        values = values.view(outputs.shape)
    if values.ndim > 1 and values.shape != outputs.shape:
        raise Problem(
            f"The labels have shape {tuple(values.shape)}; the network's outputs on the rows have "
            f"{tuple(outputs.shape)}. Give one label a row, or one for each output."
        )
    if values.ndim > 1:
        if outputs.ndim == 2 and _one_hot(values):
            return _classes(values.argmax(1), outputs, "The labels are read as one-hot classes.")
        values = values.double()
        if target is None:
            return Labels(values, classes=False, whole=True)
        rows = torch.zeros(len(values), dtype=torch.int64)
        return Labels(target.select(values, rows), classes=False)
    whole = not values.is_floating_point()
    if outputs.ndim == 2 and (outputs.shape[1] > 1 or (whole and bool(_binary(values)))):
        if whole:
            return _classes(values.long(), outputs, "")
        numbers = bool((values == values.round()).all())
        if numbers and float(values.min()) >= 0 and float(values.max()) < outputs.shape[1]:
            return _classes(
                values.long(),
                outputs,
                "The labels are whole numbers, one for each of the network's outputs or less, and "
                "are read as classes.",
            )
    if target is None:
        raise Problem(
            "One number for each row as label, and several outputs: say by output= which one the "
            "labels are about, or give a label for each output."
        )
    zeros_and_ones = _binary(values) and len(values.unique()) == 2
    return Labels(values.double(), classes=False, note=SQUARED if zeros_and_ones else "")


def _without_ones(values: Tensor) -> list[int]:
    return [side for side in values.shape[1:] if side != 1]


def _numbers(given: Any) -> Tensor:
    array = given if isinstance(given, Tensor) else np.asarray(given)
    if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
        try:
            array = array.astype(float)
        except (TypeError, ValueError):
            example = next((v for v in array.ravel().tolist() if isinstance(v, str)), None)
            raise Problem(
                f"The labels are text{f', such as {example!r}' if example else ''}. Give the "
                "numbers of the classes, from 0 in the order of the network's outputs, or the "
                "numbers to be predicted."
            ) from None
    values = as_tensor(array, "labels").detach().cpu()
    if values.ndim == 0:
        raise Problem("The labels are one number. Give one for each row.")
    if values.is_floating_point() and not bool(torch.isfinite(values).all()):
        bad = int((~torch.isfinite(values)).sum())
        raise Problem(
            f"{bad} labels are NaN or infinite. Leave their rows out, or fill them first."
        )
    return values


def _binary(values: Tensor) -> bool:
    return values.dtype == torch.bool or bool(((values == 0) | (values == 1)).all())


def _one_hot(values: Tensor) -> bool:
    return _binary(values) and values.shape[1] > 1 and bool((values.double().sum(1) == 1).all())


def _classes(values: Tensor, outputs: Tensor, note: str) -> Labels:
    width = max(outputs.shape[1], 2)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= width:
        wrong = low if low < 0 else high
        raise Problem(
            f"Label {wrong} is no class of a network with outputs 0 to {width - 1}. Number the "
            "classes from 0 in the order of the outputs; numbers to be predicted are given as "
            "floating-point numbers."
        )
    inside = bool(((outputs >= 0) & (outputs <= 1)).all())
    alone = outputs.shape[1] == 1
    sums = alone or bool(((outputs.double().sum(1) - 1).abs() < ALMOST).all())
    return replace(Labels(values, classes=True), probabilities=inside and sums, note=note)
