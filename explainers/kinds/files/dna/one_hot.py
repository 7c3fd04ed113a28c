"""DNA in arrays: one column or row a letter, one-hot or in equal shares."""

from __future__ import annotations

import numpy as np

from explainers.errors import Problem
from explainers.kinds.alphabet import INVALID, codes_of_columns
from explainers.kinds.files.dna.records import demand_size
from explainers.kinds.files.labels import label
from explainers.kinds.registry import Arrays


def read_one_hot(arrays: Arrays) -> tuple[list[str], list[np.ndarray], list[str]]:
    """The names, the codes and the notes of one-hot sequences.

    Raises
    ------
    Problem
        For other shapes, and where a place holds neither a letter nor equal shares of some.

    Examples
    --------
    >>> names, codes, notes = read_one_hot({"": np.eye(4)[:, [3, 0, 0, 2, 1]]})
    >>> names, codes[0].tolist()
    (['sequence 1'], [3, 0, 0, 2, 1])
    """
    data = {name: array for name, array in arrays.items() if array.dtype.kind != "U"}
    if len(data) != 1:
        raise Problem(
            f"This file holds {len(data)} arrays of numbers; one is expected, of one-hot "
            "letters. Leave out the others."
        )
    given = next(iter(data.values()))
    notes: list[str] = []
    values = given[None] if given.ndim == 2 else given
    if values.ndim != 3 or 4 not in values.shape[1:] or not values.size:
        raise Problem(
            f"The array has the shape {given.shape}; expected is (N, 4, L) or (N, L, 4) for N "
            "sequences of L letters, or (4, L) or (L, 4) for one. Reshape it and save it again."
        )
    count, length = len(values), values.shape[1] * values.shape[2] // 4
    demand_size(count, count * length)
    if values.shape[1:] == (4, 4):
        notes.append("Letters may lie in rows or columns here; rows are taken as A, C, G, T.")
    elif values.shape[1] != 4:
        values = values.swapaxes(1, 2)
    codes = codes_of_columns(values)
    wrong = np.argwhere(codes == INVALID)
    if len(wrong):
        sequence, place = wrong[0]
        shown = ", ".join(f"{float(value):g}" for value in values[sequence, :, place])
        raise Problem(
            f"Sequence {sequence + 1}, position {place + 1} is not one-hot: A, C, G, T are "
            f"{shown}. Expected is a single 1 and zeros, equal shares of the letters that are "
            "possible, or all zeros for N."
        )
    given_names = arrays.get("names")
    named = given_names is not None and given_names.dtype.kind == "U"
    if given_names is not None and named and given_names.shape == (count,):
        names = [label(name, 60) for name in given_names.tolist()]
    else:
        names = [f"sequence {index + 1}" for index in range(count)]
    return names, list(codes), notes
