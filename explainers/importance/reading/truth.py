"""A column of truth as labels: numbers as they are, classes by name or by number, or a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import listed


def labels_from(
    values: np.ndarray,
    levels: Sequence[str],
    answers: str,
    outputs: int,
    classes: Sequence[str] = (),
    name: str = "truth",
) -> tuple[np.ndarray, str]:
    """What `explain_dataset` takes as labels, of a column of a table.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Of a column of text the places of its levels.
    levels : sequence of str
        The texts of such a column; () of one of numbers.
    answers : str
        What the network answers, see `ModelSpec`.
    outputs : int
        How many outputs it has.
    classes : sequence of str
        Names of its outputs; () where they are not known.
    name : str
        The column's, for sentences.

    Returns
    -------
    labels : ndarray, int64 (N,) of classes; float64 (N,) or (N, outputs) of numbers
    note : str
        How they were read where that is a guess, or "".

    Raises
    ------
    Problem
        Where the column cannot be the truth for such a network.

    Examples
    --------
    >>> labels_from(np.array([1.0, 0.0]), ["cat", "dog"], "classes", 2, ["dog", "cat"])
    (array([0, 1]), '')
    >>> labels_from(np.array([1.0, 3.0, 2.0]), [], "classes", 3)[0]
    array([0, 2, 1])
    """
    if answers == "numbers":
        if levels:
            raise Problem(
                f'The column "{name}" holds text, such as {levels[0]!r}, and the network answers '
                "with numbers. Choose the column of the numbers that it should give, or none."
            )
        # Numbers for every output are not taken for classes, also where they are whole.
        return np.repeat(values[:, None], outputs, 1) if outputs > 1 else values, ""
    if answers == "labels" and outputs > 1:
        raise Problem(
            "Each of the network's outputs is right or not for itself, so one column cannot hold "
            "the truth of all of them. Go on without."
        )
    width = max(outputs, 2)
    texts = [levels[int(value)] for value in np.unique(values)] if levels else _texts(values)
    codes = np.unique(values, return_inverse=True)[1].astype(np.int64)
    if len(classes) == outputs > 1 and set(texts) <= set(classes):
        return np.array([list(classes).index(text) for text in texts])[codes], ""
    whole = not levels and bool((values == values.round()).all())
    if whole and values.min() >= 0 and values.max() < width:
        return values.astype(np.int64), ""
    if len(texts) == width and (levels or whole):
        return codes, (
            f'The values of "{name}" are taken for the network\'s {width} classes in this order: '
            f"{listed(texts)}."
        )
    raise Problem(
        f'The column "{name}" has {len(texts)} different values{_some(texts)}, and the network '
        f"tells {width} classes apart. Choose the column that holds these classes, by name or "
        "numbered from 0, or none."
    )


def _texts(values: np.ndarray) -> list[str]:
    return [f"{value:g}" for value in np.unique(values)]


def _some(texts: Sequence[str]) -> str:
    return f", such as {', '.join(texts[:3])}" if texts else ""
