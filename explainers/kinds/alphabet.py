"""The one DNA alphabet: letters as text, as codes and as one-hot columns.

=======  ====  ==========================================================================
letter   code  column (rows A, C, G, T)
=======  ====  ==========================================================================
A C G T  0–3   a single 1 in the letter's row, zeros elsewhere
N        4     0.25 in every row: the expectation over four equally likely letters. This is
               how N is encoded here; a column of zeros, as other tools write it, is read as
               N too.
=======  ====  ==========================================================================

An unknown letter (N) is no evidence: baselines keep its column as it is, so that it contributes
exactly 0, shuffles leave it in its place, and letter counts ignore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

LETTERS = "ACGTN"
"""A letter's place in it is its code."""

UNKNOWN = 4
"""The code of N."""

INVALID = 255
"""The code of what is no letter."""

_CODE_OF_BYTE = np.full(256, INVALID, np.uint8)
for _code, _spellings in enumerate((b"Aa", b"Cc", b"Gg", b"TtUu", b"Nn")):
    _CODE_OF_BYTE[list(_spellings)] = _code

_COLUMNS = np.vstack([np.eye(4, dtype=np.float32), np.full((1, 4), 0.25, np.float32)])


def codes_of_text(text: str | bytes) -> np.ndarray:
    """The code of each letter of a text, small or capital; U (of RNA) counts as T.

    Parameters
    ----------
    text : str or bytes, of length L

    Returns
    -------
    ndarray, uint8, shape (L,)
        0 to 4, and INVALID where the text holds something else.

    Examples
    --------
    >>> codes_of_text("ACGUn-").tolist()
    [0, 1, 2, 3, 4, 255]
    """
    data = text.encode("ascii", "replace") if isinstance(text, str) else text
    return _CODE_OF_BYTE[np.frombuffer(data, np.uint8)]


def checked_codes(letters: str | np.ndarray) -> np.ndarray:
    """The codes of a sequence that is given as text or as codes already.

    Parameters
    ----------
    letters : str of length L, or ndarray of whole numbers 0 to 4, shape (L,)

    Returns
    -------
    ndarray, uint8, shape (L,)

    Raises
    ------
    ValueError
        Where there is no letter, or something that is none; the first such place is named.

    Examples
    --------
    >>> checked_codes("acgN").tolist()
    [0, 1, 2, 4]
    """
    if isinstance(letters, str):
        codes = codes_of_text(letters)
        if wrong := np.flatnonzero(codes == INVALID).tolist():
            raise ValueError(
                f"Letters are A, C, G, T and N; letter {wrong[0] + 1} is {letters[wrong[0]]!r}."
            )
    else:
        codes = np.asarray(letters)
        whole = codes.ndim == 1 and codes.dtype.kind in "iu"
        if not whole or (codes.size and (codes.min() < 0 or codes.max() > UNKNOWN)):
            raise ValueError(
                "Codes of letters are whole numbers from 0 to 4 in one row (L,);"
                f" got {codes.dtype} {codes.shape}."
            )
    if not len(codes):
        raise ValueError("A sequence has at least one letter.")
    return codes.astype(np.uint8)


def text_of(codes: np.ndarray) -> str:
    """Codes as text of A, C, G, T and N.

    Parameters
    ----------
    codes : ndarray of whole numbers 0 to 4, shape (L,)

    Examples
    --------
    >>> text_of(np.array([3, 4, 0]))
    'TNA'
    """
    return np.frombuffer(LETTERS.encode(), np.uint8)[codes].tobytes().decode()


def one_hot(codes: np.ndarray) -> np.ndarray:
    """Codes as one-hot columns, N as 0.25 in every row.

    Parameters
    ----------
    codes : ndarray of whole numbers 0 to 4, shape (…, L)

    Returns
    -------
    ndarray, float32, shape (…, 4, L)

    Examples
    --------
    >>> one_hot(codes_of_text("CN")).tolist()
    [[0.0, 0.25], [1.0, 0.25], [0.0, 0.25], [0.0, 0.25]]
    """
    return np.ascontiguousarray(_COLUMNS[codes].swapaxes(-1, -2))


def codes_of_columns(columns: Tensor | np.ndarray) -> np.ndarray:
    """The code of each column: the opposite of `one_hot`, for either encoding of N.

    Parameters
    ----------
    columns : Tensor or ndarray, shape (N, 4, L)

    Returns
    -------
    ndarray, uint8, shape (N, L)
        0 to 3 where a column holds a single 1 and zeros, 4 where it holds only zeros or only
        quarters, INVALID where it holds anything else.

    Examples
    --------
    >>> columns = np.array([[0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 0, 0], [0.5, 0.5, 0, 0]])
    >>> codes_of_columns(columns.T[None]).tolist()
    [[1, 4, 4, 255]]
    """
    ones, zeros = _array(columns == 1), _array(columns == 0)
    codes = np.full((len(ones), ones.shape[2]), INVALID, np.uint8)
    known = (ones.sum(1) == 1) & (zeros.sum(1) == 3)
    codes[known] = ones.argmax(1)[known]
    codes[zeros.all(1) | _array(columns == 0.25).all(1)] = UNKNOWN
    return codes


def is_dna(inputs: Tensor) -> bool:
    """Whether a batch is DNA: shape (N, 4, L), each column a letter or unknown.

    Examples
    --------
    >>> import torch
    >>> is_dna(torch.eye(4)[None]), is_dna(torch.full((1, 4, 9), 0.25)), is_dna(torch.ones(1, 4, 9))
    (True, True, False)
    """
    if inputs.ndim != 3 or inputs.shape[1] != 4:
        return False
    return bool((codes_of_columns(inputs) != INVALID).all())


def unknown_columns(inputs: Tensor) -> Tensor:
    """Where the letter is unknown: columns of zeros, or of quarters.

    Parameters
    ----------
    inputs : Tensor, shape (N, 4, L)

    Returns
    -------
    Tensor, bool, shape (N, 1, L)

    Examples
    --------
    >>> import torch
    >>> unknown_columns(torch.from_numpy(one_hot(codes_of_text("ACN")))[None]).tolist()
    [[[False, False, True]]]
    """
    return (inputs == 0).all(1, keepdim=True) | (inputs == 0.25).all(1, keepdim=True)


def _array(mask: Tensor | np.ndarray) -> np.ndarray:
    return mask if isinstance(mask, np.ndarray) else mask.cpu().numpy()
