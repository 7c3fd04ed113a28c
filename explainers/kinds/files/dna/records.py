"""DNA as text: FASTA, FASTQ, or a sequence a line, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from explainers.errors import Problem
from explainers.kinds.alphabet import INVALID, LETTERS, STANDS_FOR, UNKNOWN, codes_of_text
from explainers.kinds.files.labels import label, listed

MOST_LETTERS, MOST_SEQUENCES = 1_000_000, 20_000
_ONLY_PROTEIN = set("EFILPQXZ*")
"""Letters of amino acids that no DNA has."""
_AMINO = set("ABCDEFGHIKLMNPQRSTUVWXYZ*-")
_ACCEPTED = (
    "Accepted are A, C, G, T and N, small or capital, and the letters of the IUPAC code that stand "
    f"for several ({', '.join(LETTERS[UNKNOWN + 1 :])})."
)
_PART = "Upload a part of it: samtools faidx genome.fa chr1:1001-3000 > part.fa cuts one out"
_FORMS = (
    (b"LOCUS ", "GenBank", "genbank"),
    (b"ID   ", "EMBL", "embl"),
    (b"#NEXUS", "Nexus", "nexus"),
    (b"CLUSTAL", "Clustal", "clustal"),
)


@dataclass
class Record:
    """One sequence of a file of text.

    Attributes
    ----------
    name : str
    lines : list of (int, bytes)
        Its letters, with the number of their line in the file, from 1.
    wrong : str
        What is wrong with it before its letters are looked at; "" where nothing is.
    """

    name: str
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    wrong: str = ""


def read_text(data: bytes) -> tuple[list[str], list[np.ndarray], list[str]]:
    """The names, the codes and the notes of the sequences in a text.

    A record that is no DNA is left out, and a note names it; so is one without letters.

    Parameters
    ----------
    data : bytes
        FASTA, FASTQ, or a sequence a line.

    Raises
    ------
    Problem
        Where no record is DNA, with the place in the first, and where there is too much.

    Examples
    --------
    >>> names, codes, notes = read_text(b">a\\nACGT\\n>b\\n>c\\nAC!\\n>d\\nTN\\n")
    >>> names, [part.tolist() for part in codes], len(notes)
    (['a', 'd'], [[0, 1, 2, 3], [3, 4]], 2)
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if len(data) > 40 * MOST_LETTERS:
        demand_size(1, len(data))
    for begin, name, key in _FORMS:
        if data.lstrip()[:10].startswith(begin):
            raise Problem(
                f"This is a {name} file; DNA is read from FASTA. In Python with Biopython: "
                f"Bio.SeqIO.convert('own.txt', '{key}', 'own.fa', 'fasta')."
            )
    lines = data.splitlines()
    head = next((line for _, line in _present(lines)), b"")
    form = {b">": _fasta, b"@": _fastq}.get(head[:1], _plain)
    records: list[Record] = []
    for record in form(lines):
        records.append(record)
        demand_size(len(records), 0)
    if not records:
        raise Problem(f"This file holds no sequence. {_ACCEPTED}")
    demand_size(len(records), sum(len(line) for record in records for _, line in record.lines))
    _demand_no_protein(records)
    notes = {
        _plain: ["Each line is taken as a sequence of its own."],
        _fastq: ["The qualities in this FASTQ file are not used."],
    }.get(form, [])
    return _sound(records, notes)


def demand_size(sequences: int, letters: int) -> None:
    """Problem where there is more than can be read."""
    for count, most, what in (
        (sequences, MOST_SEQUENCES, "sequences"),
        (letters, MOST_LETTERS, "letters"),
    ):
        if count > most:
            raise Problem(
                f"This file holds {count:,} {what} or more; up to {most:,} are accepted. {_PART}."
            )


def _fasta(lines: list[bytes]) -> Iterator[Record]:
    record: Record | None = None
    count = 0
    for number, line in _present(lines):
        if line.startswith(b">"):
            if record is not None:
                yield record
            count += 1
            record = Record(_name(line, count))
        else:
            assert record is not None, "the text starts with a head"
            record.lines.append((number, line))
    if record is not None:
        yield record


def _fastq(lines: list[bytes]) -> Iterator[Record]:
    """Records of a head, letters, a plus, and as many qualities, which may start with an @."""
    count, rest = 0, iter(enumerate(lines, 1))
    for number, line in rest:
        line = line.strip()
        if not line:
            continue
        count += 1
        record = Record(_name(line, count))
        if not line.startswith(b"@"):
            record.wrong = f"Line {number} is no head of a FASTQ record: it does not start with @"
            yield record
            return
        for number, line in rest:
            line = line.strip()
            if line.startswith(b"+"):
                break
            record.lines += [(number, line)] * bool(line)
        else:
            record.wrong = f'The record "{record.name}" is cut off before its qualities'
        wanted = sum(len(line) for _, line in record.lines)
        while wanted > 0 and not record.wrong:
            number, line = next(rest, (0, b""))
            wanted -= len(line.strip())
            if not number or wanted < 0:
                record.wrong = (
                    f'The record "{record.name}" has another number of qualities than of letters'
                )
        yield record


def _plain(lines: list[bytes]) -> Iterator[Record]:
    for count, (number, line) in enumerate(_present(lines), 1):
        yield Record(f"sequence {count}", [(number, line)])


def _present(lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line and not line.startswith(b";"):
            yield number, line


def _name(head: bytes, count: int) -> str:
    words = head[1:].decode("utf-8", "replace").split()
    return label(words[0], 60) if words else f"sequence {count}"


def _sound(
    records: list[Record], notes: list[str]
) -> tuple[list[str], list[np.ndarray], list[str]]:
    """The records that are DNA, and notes on the others; Problem where there are none."""
    names: list[str] = []
    parts: list[np.ndarray] = []
    empty: list[str] = []
    wrong: list[tuple[str, str]] = []
    for record in records:
        complaint = record.wrong or _complaint(record)
        if complaint:
            wrong.append((record.name, complaint))
        elif not record.lines:
            empty.append(record.name)
        else:
            names.append(record.name)
            parts.append(codes_of_text(b"".join(line for _, line in record.lines)))
    if wrong and not names:
        raise Problem(f"{wrong[0][1]}. {_ACCEPTED} Write N for unknown letters.")
    if not names:
        raise Problem(f'The record "{empty[0]}" has no letters. Leave it out, or add them.')
    if empty:
        notes.append(f"Records without letters are left out: {listed(empty)}.")
    if wrong:
        left = listed(name for name, _ in wrong)
        notes.append(f"Records that are no DNA are left out: {left}. {wrong[0][1]}.")
    notes += _ambiguous(parts)
    if any(b"U" in line.upper() for record in records for _, line in record.lines):
        notes.append("This looks like RNA; U was read as T.")
    return names, parts, notes


def _complaint(record: Record) -> str:
    """The place of what is no letter; "" where there is none."""
    before = 0
    for number, line in record.lines:
        codes = codes_of_text(line)
        if (codes == INVALID).any():
            at = int(np.argmax(codes == INVALID))
            letter = label(line[at : at + 4].decode("utf-8", "replace")[0])
            what = f'The letter "{letter}"' if letter else "A sign that cannot be shown"
            return (
                f'{what} is no DNA: record "{record.name}", line {number}, position {at + 1} '
                f"(letter {before + at + 1} of the record)"
            )
        before += len(line)
    return ""


def _ambiguous(parts: list[np.ndarray]) -> list[str]:
    """A note on the letters that stand for several, but for N."""
    counts = np.bincount(np.concatenate(parts), minlength=len(LETTERS))
    several = [code for code in range(UNKNOWN + 1, len(LETTERS)) if counts[code]]
    if not several:
        return []
    total = sum(int(counts[code]) for code in several)
    meanings = ", ".join(f"{LETTERS[code]} ({' or '.join(STANDS_FOR[code])})" for code in several)
    return [
        f"{total:,} of {counts.sum():,} letters stand for several: {meanings}. The network is "
        "given equal shares of the letters that each stands for."
    ]


def _demand_no_protein(records: list[Record]) -> None:
    """Problem where the letters are those of proteins: many, and some that no DNA has."""
    lines = (line for record in records for _, line in record.lines)
    start = b"".join(line for line, _ in zip(lines, range(200), strict=False))[:20_000]
    text = start.decode("latin-1").upper()
    strange = sum(letter not in "ACGTUN" for letter in text)
    if set(text) & _ONLY_PROTEIN and set(text) <= _AMINO and strange > 0.3 * len(text):
        raise Problem(
            "This looks like protein, not DNA: it has letters such as "
            f"{', '.join(sorted(set(text) & _ONLY_PROTEIN)[:4])}. {_ACCEPTED} Upload the DNA that "
            "codes for it."
        )
