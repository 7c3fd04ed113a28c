"""DNA sequences: FASTA and FASTQ files, lines of letters, and one-hot arrays."""

from __future__ import annotations

import numpy as np

from explainers.errors import Problem
from explainers.kinds.alphabet import one_hot
from explainers.kinds.files.arrays import read_arrays
from explainers.kinds.files.conversions import refusal
from explainers.kinds.files.dna.one_hot import read_one_hot
from explainers.kinds.files.dna.records import MOST_LETTERS, MOST_SEQUENCES, demand_size, read_text
from explainers.kinds.files.formats import declare
from explainers.kinds.files.gzipped import PACKED, packed_too, unpacked
from explainers.kinds.files.labels import checked_size
from explainers.kinds.registry import KINDS, InputSpec, Items, Kind, ParsedFile
from explainers.kinds.windows import windows

__all__ = ["MOST_LETTERS", "MOST_SEQUENCES", "SUFFIXES", "read", "sequence_codes"]

SUFFIXES = (*packed_too((".fa", ".fasta", ".fna", ".fq", ".fastq", ".txt")), ".npy", ".npz")
LONG = 10_000


def read(data: bytes, suffix: str) -> ParsedFile:
    """The DNA sequences in a file of text or of one-hot arrays.

    A file of text holds FASTA or FASTQ records, or a sequence a line. U counts as T. Records
    without letters, and those that are no DNA, are left out, and notes name them. A file of arrays
    holds one-hot letters (N, 4, L), (N, L, 4), (4, L) or (L, 4); a place of all zeros, or of all
    quarters, is N, one of halves or thirds a letter that stands for several. Where both ways are
    possible, rows are letters.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    suffix : str
        One of SUFFIXES.

    Returns
    -------
    facts : dict
        names (of the sequences), notes (sentences for people).
    arrays : dict of ndarray
        "letters", uint8, the codes of all sequences one after the other (see
        `explainers.kinds.alphabet`); "starts", int64, shape (sequences + 1,): sequence i is
        letters[starts[i]:starts[i + 1]].

    Raises
    ------
    Problem
        Names other letters, places that are not one-hot, and what is too large.

    Examples
    --------
    >>> facts, arrays = read(b">chr1\\nACGTN\\n>chr2\\nTT\\n", ".fa")
    >>> facts["names"], arrays["letters"].tolist(), arrays["starts"].tolist()
    (['chr1', 'chr2'], [0, 1, 2, 3, 4, 3, 3], [0, 5, 7])
    """
    if suffix not in SUFFIXES:
        raise refusal("DNA", suffix, SUFFIXES)
    if suffix in (".npy", ".npz"):
        return _parsed(*read_one_hot(read_arrays(data, suffix)))
    return _parsed(
        *read_text(unpacked(data, 40 * MOST_LETTERS) if suffix.endswith(PACKED) else data)
    )


def place_of(parsed: ParsedFile, item: int) -> tuple[int, int]:
    """Which sequence an item is of, and at which letter it starts: sequence + sequences · start.

    Examples
    --------
    >>> place_of(read(b">a\\nACGTN\\n>b\\nTT\\n", ".fa"), 6)
    (0, 3)
    """
    start, sequence = divmod(int(item), len(parsed[1]["starts"]) - 1)
    return sequence, start


def sequence_codes(parsed: ParsedFile, item: int, letters: int = 0) -> np.ndarray:
    """The codes of one sequence of a file, or of a window of one; see `explainers.kinds.alphabet`.

    Parameters
    ----------
    parsed : ParsedFile
    item : int
        Which, see `place_of`.
    letters : int
        So many, or all that follow where this is 0.

    Returns
    -------
    ndarray, uint8, shape (L,)

    Raises
    ------
    Problem
        Where there are fewer.
    """
    facts, arrays = parsed
    sequence, start = place_of(parsed, item)
    codes: np.ndarray = arrays["letters"][
        arrays["starts"][sequence] : arrays["starts"][sequence + 1]
    ]
    if len(codes) < start + max(letters, 1):
        raise Problem(
            f"The network takes {letters:,} letters; from letter {start + 1:,} on, "
            f'"{facts["names"][sequence]}" has {max(len(codes) - start, 0):,}. Choose a longer '
            "sequence."
        )
    return codes[start : start + letters] if letters else codes[start:]


def _parsed(names: list[str], parts: list[np.ndarray], notes: list[str]) -> ParsedFile:
    lengths = [len(part) for part in parts]
    demand_size(len(parts), sum(lengths))
    if max(lengths) > LONG:
        notes.append(
            f"The longest sequence has {max(lengths):,} letters; beyond {LONG:,} "
            "explaining takes long."
        )
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return checked_size({"names": names, "notes": notes}), {
        "letters": np.concatenate(parts).astype(np.uint8),
        "starts": starts,
    }


def _letters_wanted(spec: InputSpec) -> int:
    return spec.shape[1] if len(spec.shape) == 2 else 0


def _inputs(parsed: ParsedFile, spec: InputSpec, items: Items) -> np.ndarray:
    wanted = _letters_wanted(spec)
    return np.stack([one_hot(sequence_codes(parsed, item, wanted)) for item in items])


def _items(parsed: ParsedFile, spec: InputSpec) -> np.ndarray:
    """Those as long as the network takes, and windows of longer ones; else as the first one."""
    lengths, wanted = np.diff(parsed[1]["starts"]), _letters_wanted(spec)
    return windows(lengths, wanted) if wanted else np.flatnonzero(lengths == lengths[0])


KINDS["sequence"] = Kind(
    "sequence",
    "sequence",
    "letter",
    "letters",
    dimensions=2,
    scaled_axis=0,
    channels=True,
    default_baseline="frequencies",
    inputs=_inputs,
    items=_items,
)

declare("DNA", "FASTA", ".fa", ".fasta", ".fna", says="IUPAC letters are equal shares")
declare("DNA", "FASTQ", ".fq", ".fastq", says="qualities are not used")
declare("DNA", "text", ".txt", says="a sequence a line")
declare(
    "DNA", "text, packed", *(s for s in SUFFIXES if s.endswith(PACKED)), says="by gzip or bgzip"
)
declare("DNA", "NumPy", ".npy", ".npz", says="one-hot, either way round")
