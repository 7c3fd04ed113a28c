"""DNA sequences: FASTA files, lines of letters, and one-hot arrays."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from explainers.errors import Problem
from explainers.kinds.alphabet import (
    INVALID,
    codes_of_columns,
    codes_of_text,
    one_hot,
)
from explainers.kinds.files.arrays import read_arrays
from explainers.kinds.files.formats import declare
from explainers.kinds.files.labels import checked_size, label
from explainers.kinds.registry import KINDS, Arrays, InputSpec, Items, Kind, ParsedFile

SUFFIXES = (".fa", ".fasta", ".fna", ".txt", ".npy", ".npz")
MOST_LETTERS, MOST_SEQUENCES, LONG = 1_000_000, 20_000, 10_000
_ONLY_PROTEIN = set("EFILPQXZ*")
"""Letters of amino acids that no DNA has."""
_AMINO = set("ABCDEFGHIKLMNPQRSTUVWXYZ*-")
_ACCEPTED = "Accepted are A, C, G, T and N, small or capital."

Record: TypeAlias = list[tuple[int, bytes]]
"""The lines of one sequence with their numbers in the file, from 1."""


def read(data: bytes, suffix: str) -> ParsedFile:
    """The DNA sequences in a file of text or of one-hot arrays.

    A file of text holds FASTA records, or a sequence a line. U counts as T. A file of arrays holds
    one-hot letters (N, 4, L), (N, L, 4), (4, L) or (L, 4); a place of all zeros, or of all
    quarters, is N. Where both ways are possible, rows are letters.

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
        raise Problem(
            f"DNA comes in files named {', '.join(SUFFIXES)}. Save yours as one of these."
        )
    if suffix in (".npy", ".npz"):
        return _from_arrays(read_arrays(data, suffix))
    return _from_text(data)


def sequence_codes(parsed: ParsedFile, index: int) -> np.ndarray:
    """The codes of one sequence of a file, uint8 (L,); see `explainers.kinds.alphabet`."""
    _, arrays = parsed
    return arrays["letters"][arrays["starts"][index] : arrays["starts"][index + 1]]


def _parsed(names: list[str], parts: list[np.ndarray], notes: list[str]) -> ParsedFile:
    lengths = [len(part) for part in parts]
    _demand_size(len(parts), sum(lengths))
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


def _demand_size(sequences: int, letters: int) -> None:
    for count, most, what in (
        (sequences, MOST_SEQUENCES, "sequences"),
        (letters, MOST_LETTERS, "letters"),
    ):
        if count > most:
            raise Problem(
                f"This file holds {count:,} {what} or more; up to {most:,} are accepted. "
                "Upload a part of it."
            )


def _from_text(data: bytes) -> ParsedFile:
    data = data.removeprefix(b"\xef\xbb\xbf")
    if len(data) > 40 * MOST_LETTERS:
        _demand_size(1, len(data))
    fasta = data.lstrip().startswith(b">")
    names: list[str] = []
    records: list[Record] = []
    for number, line in enumerate(data.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(b";"):
            continue
        if fasta and line.startswith(b">"):
            words = line[1:].decode("utf-8", "replace").split()
            names.append(label(words[0], 60) if words else f"sequence {len(names) + 1}")
            records.append([])
        elif fasta:
            records[-1].append((number, line))
        else:
            names.append(f"sequence {len(names) + 1}")
            records.append([(number, line)])
        _demand_size(len(records), 0)
    if not records:
        raise Problem(f"This file holds no sequence. {_ACCEPTED}")
    for name, record in zip(names, records, strict=True):
        if not record:
            raise Problem(f'The record "{name}" has no letters. Leave it out, or add them.')
    _demand_size(len(records), sum(len(line) for record in records for _, line in record))
    _demand_no_protein(records)
    parts = [_codes(name, record) for name, record in zip(names, records, strict=True)]
    notes = [] if fasta else ["Each line is taken as a sequence of its own."]
    if any(b"U" in line.upper() for record in records for _, line in record):
        notes.append("This looks like RNA; U was read as T.")
    return _parsed(names, parts, notes)


def _codes(name: str, record: Record) -> np.ndarray:
    """The codes (L,) of one record; Problem names the place of what is no letter."""
    parts, before = [], 0
    for number, line in record:
        codes = codes_of_text(line)
        if (codes == INVALID).any():
            at = int(np.argmax(codes == INVALID))
            letter = label(line[at : at + 4].decode("utf-8", "replace")[0])
            what = f'The letter "{letter}"' if letter else "A sign that cannot be shown"
            raise Problem(
                f'{what} is no DNA: record "{name}", line {number}, position {at + 1} (letter '
                f"{before + at + 1} of the record). {_ACCEPTED} Write N for unknown letters."
            )
        parts.append(codes)
        before += len(line)
    return np.concatenate(parts)


def _demand_no_protein(records: list[Record]) -> None:
    """Problem where the letters are those of proteins: many, and some that no DNA has."""
    lines = (line for record in records for _, line in record)
    start = b"".join(line for line, _ in zip(lines, range(200), strict=False))[:20_000]
    text = start.decode("latin-1").upper()
    strange = sum(letter not in "ACGTUN" for letter in text)
    if set(text) & _ONLY_PROTEIN and set(text) <= _AMINO and strange > 0.3 * len(text):
        raise Problem(
            "This looks like protein, not DNA: it has letters such as "
            f"{', '.join(sorted(set(text) & _ONLY_PROTEIN)[:4])}. {_ACCEPTED} Upload the DNA that "
            "codes for it."
        )


def _from_arrays(arrays: Arrays) -> ParsedFile:
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
    _demand_size(count, count * length)
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
            f"{shown}. Expected is a single 1 and zeros, or all zeros for N."
        )
    given_names = arrays.get("names")
    named = given_names is not None and given_names.dtype.kind == "U"
    if given_names is not None and named and given_names.shape == (count,):
        names = [label(name, 60) for name in given_names.tolist()]
    else:
        names = [f"sequence {index + 1}" for index in range(count)]
    return _parsed(names, list(codes), notes)


def _inputs(parsed: ParsedFile, spec: InputSpec, items: Items) -> np.ndarray:
    return np.stack([one_hot(sequence_codes(parsed, int(item))) for item in items])


def _items(parsed: ParsedFile, spec: InputSpec) -> np.ndarray:
    """Those of the length that the network takes, where it is known; else of the first's."""
    lengths = np.diff(parsed[1]["starts"])
    wanted = spec.shape[1] if len(spec.shape) == 2 and spec.shape[1] else lengths[0]
    return np.flatnonzero(lengths == wanted)


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

declare("DNA", "FASTA", ".fa", ".fasta", ".fna")
declare("DNA", "text", ".txt", says="a sequence a line")
declare("DNA", "NumPy", ".npy", ".npz", says="one-hot, either way round")
