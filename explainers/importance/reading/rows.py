"""The rows of a data set as they were given: an array, a tensor, a data frame; or a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.references import as_tensor

_GAPS = ("NAType", "NaTType", "NoneType")


def read_rows(given: Any, names: Sequence[str] | None) -> tuple[Tensor, Sequence[str] | None]:
    """Rows as floating-point numbers, and the names of the columns where they have any.

    Parameters
    ----------
    given : Tensor, array, data frame or nested lists, shape (N, …)
    names : sequence of str, optional

    Returns
    -------
    rows : Tensor, floating point, shape (N, …)
    names : sequence of str or None
        As given, else those of a data frame.

    Raises
    ------
    Problem
        For text, missing or infinite values, fewer than two rows, or no columns.

    Examples
    --------
    >>> read_rows([[1, 2], [3, 4]], None)[0]
    tensor([[1., 2.],
            [3., 4.]])
    """
    columns = getattr(given, "columns", None)
    if names is None and columns is not None and not callable(columns):
        names = [str(name) for name in columns]
    if not isinstance(given, Tensor):
        given = _numbers(given, names)
    rows = as_tensor(given, "inputs").detach()
    if rows.ndim < 2 or 0 in rows.shape:
        raise Problem(
            f"inputs have shape {tuple(rows.shape)}; a data set is (rows, columns), or (rows, …) "
            "for series and pictures, with at least two rows. One column is inputs[:, None]."
        )
    if len(rows) < 2:
        raise Problem("One row alone is no data set. Give more rows, or ask `explain` about it.")
    if rows.is_complex():
        raise Problem("inputs are complex numbers; give real ones.")
    if not rows.is_floating_point():
        rows = rows.to(torch.get_default_dtype())
    bad = ~torch.isfinite(rows)
    if bool(bad.any()):
        raise Problem(_missing(bad, names))
    return rows, names


def _numbers(given: Any, names: Sequence[str] | None) -> np.ndarray:
    if isinstance(given, (list, tuple)) and any(isinstance(row, Tensor) for row in given):
        return torch.stack([torch.as_tensor(row) for row in given]).numpy()
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise Problem(
            "inputs must be a table of numbers: every row as long as the others."
        ) from error
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind in "mM":
        raise Problem(
            f"The columns hold {array.flat[0]!s}: dates are no numbers. Code them as the network "
            "got them, such as the day of the year."
        )
    # A frame's own kinds of gaps are no numbers yet.
    gaps = np.frompyfunc(lambda value: type(value).__name__ in _GAPS, 1, 1)
    try:
        return np.where(np.asarray(gaps(array), bool), np.nan, array).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise Problem(_text(array, names)) from error


def _text(array: np.ndarray, names: Sequence[str] | None) -> str:
    for place in np.ndindex(array.shape):
        try:
            float(array[place])
        except (TypeError, ValueError):
            column = place[-1] if len(place) > 1 else 0
            known = names is not None and column < len(names)
            called = repr(names[column]) if names is not None and known else f"number {column}"
            return (
                f"The column {called} holds {_shown(array[place])}, which is no number. Leave the "
                "column out, or code it as the network got it."
            )
    return "inputs must be a table of numbers."


def _shown(value: object) -> str:
    return repr(str(value)) if isinstance(value, str) else repr(value)


def _missing(bad: Tensor, names: Sequence[str] | None) -> str:
    by_row = int(bad.flatten(1).any(1).sum())
    said = f"{by_row} of {len(bad)} rows hold{'s' * (by_row == 1)} NaN or infinite values"
    if bad.ndim == 2:
        columns = bad.any(0).nonzero().flatten().tolist()
        called = [
            repr(names[c]) if names is not None and c < len(names) else f"number {c}"
            for c in columns[:5]
        ]
        more = ", …" if len(columns) > 5 else ""
        said += f", in the column{'s' * (len(columns) > 1)} {', '.join(called)}{more}"
    return f"{said}. Leave these rows out, or fill the gaps before."
