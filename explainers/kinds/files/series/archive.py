"""Files of the UCR and UEA archives: .ts, as sktime and aeon write them, and .arff of Weka."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import label, listed
from explainers.kinds.files.long_table import SeriesValues, check_size
from explainers.kinds.files.series.gaps import ends

SUFFIXES = (".ts", ".arff")
_MISSING = {"?", "", "nan", "na"}
_NUMBERS = ("numeric", "real", "integer")
_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(.*)", re.IGNORECASE)
_FIELD = re.compile(r"\s*('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^,]*)\s*(?:,|$)")


def read_archive(data: bytes, suffix: str) -> SeriesValues:
    """The series in a .ts or .arff file, with their labels, where it has any.

    Parameters
    ----------
    data : bytes
    suffix : str
        One of SUFFIXES.

    Raises
    ------
    Problem
        Where the file is damaged or of a form that is not read, with the line.

    Examples
    --------
    >>> text = b"@classLabel true a b\\n@data\\n1,2,3:4,5,6:a\\n7,8,9:1,2,?:b\\n"
    >>> series = read_archive(text, ".ts")
    >>> series.values[0].tolist(), series.labels
    ([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], ['a', 'b'])
    """
    lines = enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1)
    kept = ((number, line.strip()) for number, line in lines)
    sound = ((number, line) for number, line in kept if line and line[0] not in "#%")
    parts, labels, notes = (_ts if suffix == ".ts" else _arff)(sound)
    if not parts:
        raise Problem(f"This {suffix} file holds no series after its @data. Save it again.")
    wide = {len(series) for series in parts}
    if len(wide) > 1:
        raise Problem(
            f"The series in this file have {min(wide)} to {max(wide)} dimensions each; every one "
            "needs the same. Leave out those that differ."
        )
    steps = max(len(one) for series in parts for one in series)
    check_size(len(parts), steps, len(parts[0]))
    values = np.full((len(parts), steps, len(parts[0])), np.nan)
    for series, dimensions in enumerate(parts):
        for at, one in enumerate(dimensions):
            values[series, : len(one), at] = one
    lengths = ends(values)
    if not lengths.all():
        raise Problem(
            f"Series {int(np.argmin(lengths)) + 1} holds no number at all. Leave it out and save "
            "the file again."
        )
    if labels:
        kinds = listed(sorted(set(labels)), 8)
        notes.append(f"The file labels its series {kinds}; the network does not see that.")
    count = values.shape[2]
    names = [f"dimension {at + 1}" for at in range(count)] if count > 1 else ["value"]
    counted = [str(step + 1) for step in range(steps)]
    called = [str(at + 1) for at in range(len(parts))]
    return SeriesValues(values, names, counted, called, notes, lengths, labels)


def _ts(
    lines: Iterator[tuple[int, str]],
) -> tuple[list[list[np.ndarray]], list[str], list[str]]:
    """Dimensions between colons, and the label behind the last one."""
    facts: dict[str, str] = {}
    for _, line in lines:
        if not line.startswith("@"):
            raise Problem("This .ts file has no @data before its numbers. Save it again.")
        name, _, value = line[1:].partition(" ")
        if name.lower() == "data":
            break
        facts[name.lower()] = value.strip().lower()
    if facts.get("timestamps", "").startswith("true"):
        raise Problem(
            "This .ts file has a time beside each value. Save it with evenly spaced steps and "
            "@timestamps false, or as a CSV with columns for id, time and value."
        )
    labelled = any(facts.get(key, "").startswith("true") for key in ("classlabel", "targetlabel"))
    parts: list[list[np.ndarray]] = []
    labels: list[str] = []
    for number, line in lines:
        dimensions = line.split(":")
        if labelled:
            labels.append(dimensions.pop().strip())
        if not dimensions:
            raise Problem(f"Line {number} holds a label and no numbers. Leave it out.")
        parts.append([_numbers(one.split(","), number) for one in dimensions])
    return parts, labels, []


def _arff(
    lines: Iterator[tuple[int, str]],
) -> tuple[list[list[np.ndarray]], list[str], list[str]]:
    """A column a step, or a relation whose rows are the dimensions; a nominal column: the label."""
    kinds: list[tuple[str, str]] = []
    inside = False
    for _, line in lines:
        lower = line.lower()
        if lower.startswith("@data"):
            break
        if lower.startswith("@end"):
            inside = False
        elif (found := _ATTRIBUTE.match(line)) and not inside:
            kinds.append((found[1].strip("'\""), found[2].strip().lower()))
            inside = kinds[-1][1].startswith("relational")
    numbers = [at for at, (_, kind) in enumerate(kinds) if kind.split(" ")[0] in _NUMBERS]
    relations = [at for at, (_, kind) in enumerate(kinds) if kind.startswith("relational")]
    words = [at for at in range(len(kinds)) if at not in numbers and at not in relations]
    if len(relations) > 1 or (relations and numbers) or not (relations or numbers):
        raise Problem(
            "This .arff file holds no series: a column of numbers for each step is read, or one "
            "relational attribute with a row for each dimension."
        )
    chosen = words[-1:]
    notes = []
    if words[:-1]:
        left = listed(kinds[at][0] for at in words[:-1])
        notes.append(f"Columns of text are left out: {left}.")
    parts: list[list[np.ndarray]] = []
    labels: list[str] = []
    for number, line in lines:
        if line.startswith("{"):
            raise Problem(f"Line {number} is sparse, which is not read. Save the file in full.")
        fields = _FIELD.findall(line)[: len(kinds)] if words or relations else line.split(",")
        if len(fields) != len(kinds):
            raise Problem(
                f"Line {number} has {len(fields)} fields, but the file declares {len(kinds)}. "
                "Save it again."
            )
        labels += [label(fields[at].strip("'\" "), 60) for at in chosen]
        rows = [fields[at].strip()[1:-1].replace("\\n", "\n").split("\n") for at in relations]
        dimensions = (
            [row.split(",") for row in rows[0]] if rows else [[fields[at] for at in numbers]]
        )
        parts.append([_numbers(one, number) for one in dimensions])
    return parts, labels, notes


def _numbers(cells: list[str], line: int) -> np.ndarray:
    """Numbers, NaN where one is missing."""
    try:
        return np.array([np.nan if c.strip().lower() in _MISSING else _number(c) for c in cells])
    except ValueError as error:
        raise Problem(
            f"Line {line} holds what is no number ({label(error, 80)}). Mend it and save it again."
        ) from error


def _number(cell: str) -> float:
    if "_" in cell:  # Python would read 1_000 as a thousand
        raise ValueError(cell)
    return float(cell)
