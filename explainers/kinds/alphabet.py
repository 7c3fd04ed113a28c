"""The one DNA alphabet: letters as text, as codes and as one-hot columns.

=======  ====  ==========================================================================
letter   code  column (rows A, C, G, T)
=======  ====  ==========================================================================
A C G T  0–3   a single 1 in the letter's row, zeros elsewhere
N        4     0.25 in every row: the expectation over four equally likely letters. This is
               how N is encoded here; a column of zeros, as other tools write it, is read as
               N too.
R Y S W  5–8   0.5 for each of the two letters it stands for: A G, C T, C G, A T,
K M      9–10  G T, A C
B D H V  11–14 1/3 for each of the three: all but A, but C, but G, but T
=======  ====  ==========================================================================

An unknown letter (N) is no evidence: baselines keep its column as it is, so that it contributes
exactly 0, shuffles leave it in its place, and letter counts ignore it. The other letters of the
IUPAC code that stand for several are evidence in part: what stands for letters is compared with a
baseline as their expectation; shuffles leave it in its place too.

Cornish-Bowden 1985, "Nomenclature for incompletely specified bases in nucleic acid sequences",
doi:10.1093/nar/13.9.3021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

LETTERS = "ACGTNRYSWKMBDHV"
"""A letter's place in it is its code."""

_TWO, _THREE = ("AG", "CT", "CG", "AT", "GT", "AC"), ("CGT", "AGT", "ACT", "ACG")
STANDS_FOR = ("A", "C", "G", "T", "ACGT", *_TWO, *_THREE)
"""The letters that a letter stands for, in the order of LETTERS."""

UNKNOWN = 4
"""The code of N."""

INVALID = 255
"""The code of what is no letter."""

_CODE_OF_BYTE = np.full(256, INVALID, np.uint8)
for _code, _letter in enumerate(LETTERS):
    _CODE_OF_BYTE[[ord(_letter), ord(_letter.lower())]] = _code
_CODE_OF_BYTE[list(b"Uu")] = LETTERS.index("T")

_MEMBERS = np.array([[letter in those for letter in "ACGT"] for those in STANDS_FOR])
_COLUMNS = (_MEMBERS / _MEMBERS.sum(1, keepdims=True)).astype(np.float32)
_BITS = np.array([1, 2, 4, 8], np.uint8)
# Which letters a column holds, as bits, → its code; none of them: N.
_CODE_OF_MEMBERS = np.full(16, UNKNOWN, np.uint8)
_CODE_OF_MEMBERS[_MEMBERS @ _BITS] = np.arange(len(LETTERS))
_COMPLEMENT = _CODE_OF_MEMBERS[_MEMBERS[:, ::-1] @ _BITS]
_ROUNDING = 1e-3
"""How far a third may be from 1/3, as it is in numbers of 16 bits."""


def codes_of_text(text: str | bytes) -> np.ndarray:
    """The code of each letter of a text, small or capital; U (of RNA) counts as T.

    Parameters
    ----------
    text : str or bytes, of length L

    Returns
    -------
    ndarray, uint8, shape (L,)
        0 to 14, and INVALID where the text holds something else.

    Examples
    --------
    >>> codes_of_text("ACGUnR-").tolist()
    [0, 1, 2, 3, 4, 5, 255]
    """
    data = text.encode("ascii", "replace") if isinstance(text, str) else text
    return _CODE_OF_BYTE[np.frombuffer(data, np.uint8)]


def checked_codes(letters: str | np.ndarray) -> np.ndarray:
    """The codes of a sequence that is given as text or as codes already.

    Parameters
    ----------
    letters : str of length L, or ndarray of whole numbers 0 to 14, shape (L,)

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
                "Letters are A, C, G, T, N and those of the IUPAC code that stand for several "
                f"({', '.join(LETTERS[5:])}); letter {wrong[0] + 1} is {letters[wrong[0]]!r}."
            )
    else:
        codes = np.asarray(letters)
        whole = codes.ndim == 1 and codes.dtype.kind in "iu"
        if not whole or (codes.size and (codes.min() < 0 or codes.max() >= len(LETTERS))):
            raise ValueError(
                "Codes of letters are whole numbers from 0 to 14 in one row (L,);"
                f" got {codes.dtype} {codes.shape}."
            )
    if not len(codes):
        raise ValueError("A sequence has at least one letter.")
    return codes.astype(np.uint8)


def text_of(codes: np.ndarray) -> str:
    """Codes as text.

    Parameters
    ----------
    codes : ndarray of whole numbers 0 to 14, shape (L,)

    Examples
    --------
    >>> text_of(np.array([3, 4, 0]))
    'TNA'
    """
    return np.frombuffer(LETTERS.encode(), np.uint8)[codes].tobytes().decode()


def one_hot(codes: np.ndarray) -> np.ndarray:
    """Codes as columns: one-hot, or equal shares of the letters that one stands for.

    Parameters
    ----------
    codes : ndarray of whole numbers 0 to 14, shape (…, L)

    Returns
    -------
    ndarray, float32, shape (…, 4, L)

    Examples
    --------
    >>> one_hot(codes_of_text("CN")).tolist()
    [[0.0, 0.25], [1.0, 0.25], [0.0, 0.25], [0.0, 0.25]]
    """
    return np.ascontiguousarray(_COLUMNS[codes].swapaxes(-1, -2))


def reverse_complement(codes: np.ndarray) -> np.ndarray:
    """The other strand, read in its own direction.

    Parameters
    ----------
    codes : ndarray of whole numbers 0 to 14, shape (L,)

    Examples
    --------
    >>> text_of(reverse_complement(codes_of_text("AACGNRB")))
    'VYNCGTT'
    """
    return _COMPLEMENT[codes[::-1]]


def codes_of_columns(columns: Tensor | np.ndarray) -> np.ndarray:
    """The code of each column: the opposite of `one_hot`, for either encoding of N.

    Parameters
    ----------
    columns : Tensor or ndarray, shape (N, 4, L)

    Returns
    -------
    ndarray, uint8, shape (N, L)
        0 to 3 where a column holds a single 1 and zeros, 4 where it holds only zeros or only
        quarters, 5 to 14 where it holds two halves or three thirds, INVALID where it holds anything
        else.

    Examples
    --------
    >>> columns = np.array([[0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 0, 0], [0.5, 0.4, 0, 0]])
    >>> codes_of_columns(columns.T[None]).tolist()
    [[1, 4, 4, 255]]
    """
    there = _array(columns != 0)
    among = there.sum(1)
    codes = _CODE_OF_MEMBERS[np.tensordot(_BITS, there, (0, 1))]
    right = np.zeros(among.shape, bool)
    for count, share in ((1, 1.0), (2, 0.5), (4, 0.25)):
        right |= (among == count) & (_array(columns == share).sum(1) == count)
    if (among == 3).any():
        apart: Any = columns - 1 / 3
        right |= (among == 3) & (_array(abs(apart) <= _ROUNDING).sum(1) == 3)
    codes[~(right | (among == 0))] = INVALID
    return codes


def is_dna(inputs: Tensor) -> bool:
    """Whether a batch is DNA: shape (N, 4, L), each column a letter, or what stands for several.

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


def ambiguous_columns(inputs: Tensor) -> Tensor:
    """Where there is no one letter: unknown, or one that stands for several.

    Parameters
    ----------
    inputs : Tensor, shape (N, 4, L)
        DNA, see `is_dna`.

    Returns
    -------
    Tensor, bool, shape (N, 1, L)

    Examples
    --------
    >>> import torch
    >>> ambiguous_columns(torch.from_numpy(one_hot(codes_of_text("ARN")))[None]).tolist()
    [[[False, True, True]]]
    """
    return ~(inputs == 1).any(1, keepdim=True)


def _array(mask: Tensor | np.ndarray) -> np.ndarray:
    return mask if isinstance(mask, np.ndarray) else mask.cpu().numpy()
