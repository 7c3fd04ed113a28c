"""Whether a network that takes a table was plainly trained on standardised columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from explainers import eval_mode
from explainers.eval_mode import Model

MOST_COLUMNS = 100
# The share of one column from which it carries all, and up to which no column does.
_ALL, _FAIR = 0.95, 0.7
# The share of rows with the same answer from which they are all alike, and up to which not.
_ALIKE, _VARIED = 0.99, 0.9


class ScaleDoubt(NamedTuple):
    """Why the columns may have to be standardised.

    Attributes
    ----------
    column : int
        The column that carries all, as they are; -1 where none does.
    share : float
        Its share of what moves the answers.
    same_class : bool
        Whether nearly all rows get the same class as they are, and not once standardised.
    """

    column: int = -1
    share: float = 0.0
    same_class: bool = False

    @property
    def any(self) -> bool:
        """Whether there is a doubt at all."""
        return self.column >= 0 or self.same_class


def scale_doubt(
    model: Model, values: np.ndarray, mean: np.ndarray, std: np.ndarray, classes: bool
) -> ScaleDoubt:
    """Signs that a network wants standardised columns and gets them as they are.

    A column moves the answers by what they change where its values are those of another row. Where
    one column, and the one of the largest spread, moves them almost alone, but none does once all
    are standardised, the scale decides and not the network. So it does where all rows are surely
    of one class as they are, and of several once standardised.

    Parameters
    ----------
    model : Model
        From columns as they are (N, F) to (N, outputs).
    values : ndarray, shape (N, F)
    mean, std : ndarray, shape (F,)
        What standardises the columns.
    classes : bool
        Whether the outputs are scores or shares of classes.

    Examples
    --------
    >>> table = np.random.default_rng(0).normal([40, 50_000], [10, 20_000], (100, 2))
    >>> mean, std = table.mean(0), table.std(0)
    >>> scale_doubt(lambda x: x @ torch.tensor([[1.0], [2.0]]), table, mean, std, False).column
    1
    >>> own = torch.tensor([[1 / 10], [2 / 20_000]])
    >>> scale_doubt(lambda x: x @ own, table, mean, std, False).any
    False
    """
    device, dtype = eval_mode.device_and_dtype(model)

    def answers(rows: np.ndarray) -> Tensor:
        found: Tensor = model(
            torch.from_numpy(rows).to(device=device, dtype=dtype or torch.float32)
        )
        return found

    with eval_mode.evaluating(model), torch.no_grad():
        return doubt_of(answers, values, mean, std, classes)


def doubt_of(
    answers: Callable[[np.ndarray], Tensor],
    values: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
    classes: bool,
) -> ScaleDoubt:
    """`scale_doubt` of what answers rows (n, F) with outputs (n, …), however that is done."""
    if len(values) < 10 or is_standard(values):
        return ScaleDoubt()
    even, spread = (values - mean) / std, values.std(axis=0)
    columns = np.sort(np.argsort(-spread)[:MOST_COLUMNS]).tolist()
    as_is, after = answers(values), answers(even)
    if as_is.ndim == 1:
        as_is, after = as_is[:, None], after[:, None]
    same = classes and as_is.ndim == 2 and as_is.shape[1] > 1 and _same_class(as_is, after)
    before = _shares(answers, values, columns)
    best = int(before.argmax())
    column, share = columns[best], float(before[best])
    alone = len(columns) > 1 and share >= _ALL and spread[column] == spread.max()
    if not (alone and float(_shares(answers, even, columns).max()) <= _FAIR):
        column = -1
    return ScaleDoubt(column, share if column >= 0 else 0.0, same)


def is_standard(values: np.ndarray) -> bool:
    """Whether the columns (rows, F) are of one scale already.

    Examples
    --------
    >>> is_standard(np.array([[0.0, 1.0], [1.0, -1.0]])), is_standard(np.array([[0, 1], [1, 900]]))
    (True, False)
    """
    spread = values.std(axis=0)
    moving = spread > 0
    near = np.abs(values.mean(axis=0)) <= 3 * np.maximum(spread, 1)
    return bool(moving.any() and near.all() and spread[moving].max() <= 5)


def _shares(answers: Callable[[np.ndarray], Tensor], x: np.ndarray, columns: list[int]) -> Tensor:
    """The share of each of the columns in what moves the answers."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).numpy()
    own, moved = answers(x), []
    for column in columns:
        other = x.copy()
        other[:, column] = x[order, column]
        moved.append((answers(other) - own).double().square().mean().sqrt())
    effects = torch.nan_to_num(torch.stack(moved))
    return effects / effects.sum().clamp(min=1e-300)


def _same_class(as_is: Tensor, after: Tensor) -> bool:
    """Whether all rows get one class for sure as they are, and several once standardised."""
    shares = as_is if _are_shares(as_is) else as_is.softmax(1)
    sure = float((shares.amax(1) > 0.999).double().mean()) >= _VARIED
    first, then = (_commonest(answers) for answers in (as_is, after))
    return sure and first >= _ALIKE and then <= _VARIED


def _are_shares(answers: Tensor) -> bool:
    return bool((answers >= 0).all() and (answers.sum(1) - 1).abs().max() < 1e-3)


def _commonest(answers: Tensor) -> float:
    return float(answers.argmax(1).bincount().max() / len(answers))
