"""The scale of a table's columns: a mean and a deviation for each, from data or from people."""

from __future__ import annotations

import math
import re

import numpy as np

from explainers.errors import Problem
from explainers.kinds.features import mean_and_std

_LONGEST = 100_000


def is_coded(values: np.ndarray) -> np.ndarray:
    """Which columns hold only 0 and 1, both of them: bool (F,).

    Such columns say whether something is so; scikit-learn's users scale the others and leave them.

    Parameters
    ----------
    values : ndarray, shape (rows, F)

    Examples
    --------
    >>> is_coded(np.array([[0.0, 3.0, 1.0], [1.0, 4.0, 1.0]])).tolist()
    [True, False, False]
    """
    only = ((values == 0) | (values == 1)).all(axis=0)
    return np.asarray(only & (np.ptp(values, axis=0) > 0))


def scale_of(
    values: np.ndarray, categories: np.ndarray | None = None, coded: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What standardises the columns of a table: what is subtracted, and what is divided by.

    Parameters
    ----------
    values : ndarray, shape (rows, F)
    categories : ndarray of bool, shape (F,), optional
        Which columns hold the places of categories.
    coded : bool
        Whether categories, and columns of 0 and 1, are standardised too; else they stay.

    Returns
    -------
    mean, std : ndarray, shape (F,)
        0 and 1 for columns that stay.

    Examples
    --------
    >>> table = np.array([[0.0, 30.0], [1.0, 50.0]])
    >>> [part.tolist() for part in scale_of(table)]
    [[0.0, 40.0], [1.0, 10.0]]
    >>> [part.tolist() for part in scale_of(table, coded=True)]
    [[0.5, 40.0], [0.5, 10.0]]
    """
    mean, std = mean_and_std(values)
    if coded:
        return mean, std
    stays = is_coded(values)
    if categories is not None:
        stays = stays | categories
    return np.where(stays, 0.0, mean), np.where(stays, 1.0, std)


def read_numbers(text: str, count: int, positive: bool = False) -> tuple[float, ...]:
    """Numbers that somebody pasted: a list of Python or JSON, a column, with commas or without.

    Parameters
    ----------
    text : str
    count : int
        How many there must be.
    positive : bool
        Whether each must be above 0.

    Raises
    ------
    Problem
        With what is wrong.

    Examples
    --------
    >>> read_numbers("[1.5, -2e3]", 2), read_numbers("3\\n4", 2)
    ((1.5, -2000.0), (3.0, 4.0))
    """
    parts = [part for part in re.split(r"[\s,;\[\]()]+", text[:_LONGEST]) if part]
    try:
        numbers = tuple(map(float, parts))
    except ValueError as error:
        raise Problem(
            "These are not numbers with commas between them. Paste for example what "
            "scaler.mean_.tolist() prints."
        ) from error
    if len(numbers) != count:
        raise Problem(f"There are {len(numbers)} numbers for {count} columns. Give one each.")
    if not all(math.isfinite(number) and (number > 0 or not positive) for number in numbers):
        raise Problem(f"Every number must be finite{' and above 0' * positive}.")
    return numbers
