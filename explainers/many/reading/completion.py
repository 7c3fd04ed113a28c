"""What only the data can tell: a file's content, which inputs it holds, and the spec they fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explainers.errors import Problem, first_line
from explainers.kinds import KINDS, ParsedFile, picture, sequence, series, table
from explainers.models.spec import ModelSpec


def parsed_file(
    spec: ModelSpec, data: bytes, suffix: str, *, start: int | None = None
) -> ParsedFile:
    """What is in a file, read in this process.

    Parameters
    ----------
    spec : ModelSpec
        Of the network that is to take it.
    data : bytes
    suffix : str
        What its name ends in.
    start : int, optional
        Of a table: the first row that is read, see `explainers.kinds.table.read`.

    Raises
    ------
    Problem
        Where it cannot be read.

    Examples
    --------
    >>> spec = ModelSpec("upload", "", kind="sequence")
    >>> parsed_file(spec, b">a\\nACGT\\n", ".fa")[0]["names"]
    ['a']
    """
    try:
        if spec.kind == "picture":
            return picture.parse(data)
        if spec.kind == "series":
            return series.read(data, suffix, takes=takes(spec))
        if spec.kind == "table":
            return table.read(data, suffix, start=start)
        return sequence.read(data, suffix)
    except Problem:
        raise
    except Exception as error:
        raise Problem(
            f"This file cannot be read as a {KINDS[spec.kind].one}: {first_line(error)}."
        ) from error


def takes(spec: ModelSpec) -> tuple[int, int]:
    """Steps and variables of the series that a network declares; 0 for what is free."""
    return (spec.shape[0], spec.shape[1]) if len(spec.shape) == 2 else (0, 0)


def completed(spec: ModelSpec, content: ParsedFile, name: str) -> ModelSpec:
    """The spec with what only the data can tell: columns, variables, length.

    Parameters
    ----------
    spec : ModelSpec
    content : ParsedFile
        Of a file of the spec's kind.
    name : str
        Of that file.

    Raises
    ------
    Problem
        Where a table has another number of columns than the network takes.

    Examples
    --------
    >>> rows = "".join(f"{n},{n * n}\\n" for n in range(30))
    >>> spec = ModelSpec("upload", "", kind="table")
    >>> content = parsed_file(spec, f"a,b\\n{rows}".encode(), ".csv")
    >>> completed(spec, content, "rows.csv").columns
    ('a', 'b')
    """
    facts = content[0]
    if spec.kind == "table" and not spec.columns:
        columns = [
            n for n, t in zip(facts["columns"], facts["types"], strict=True) if t == "number"
        ]
        wanted = spec.shape[0] if spec.shape and spec.shape[0] else len(columns)
        if len(columns) != wanted:
            raise Problem(
                f"The network takes {wanted} numbers; {name} has {len(columns)} columns of "
                "numbers. Say which, and in which order, in a card: “columns”."
            )
        return replace(spec, columns=tuple(columns), shape=(wanted,))
    if spec.kind == "series":
        names = spec.columns or tuple(facts["variables"])
        return replace(spec, columns=names, shape=(series.window(content, spec, 0), len(names)))
    if spec.kind == "sequence" and not (len(spec.shape) == 2 and spec.shape[1]):
        return replace(spec, shape=(4, len(sequence.sequence_codes(content, 0))))
    return spec


def all_items(content: ParsedFile, spec: ModelSpec) -> np.ndarray:
    """Every input that a file holds, those that the network cannot take included.

    Parameters
    ----------
    content : ParsedFile
    spec : ModelSpec
        Complete for it.

    Returns
    -------
    ndarray, int64
        Their numbers, as `Kind.inputs` takes them, in the order of the file: rows; or series and
        sequences, and each window of longer ones.

    Examples
    --------
    >>> spec = ModelSpec("upload", "", kind="sequence", shape=(4, 4))
    >>> content = parsed_file(spec, b">a\\nACGTAC\\n>b\\nT\\n", ".fa")
    >>> all_items(content, spec).tolist()
    [0, 4, 1]
    """
    arrays = content[1]
    if spec.kind == "picture":
        return np.arange(len(arrays["stack"]) if "stack" in arrays else 1)
    whole = len(arrays["starts"]) - 1 if "starts" in arrays else len(arrays["values"])
    found = np.asarray(KINDS[spec.kind].items(content, spec), np.int64)
    lost = np.setdiff1d(np.arange(whole), found % whole)
    items = np.concatenate([found, lost])
    return items[np.lexsort((items // whole, items % whole))]


def item_name(content: ParsedFile, spec: ModelSpec, item: int) -> str:
    """What one input of a file is called: "row 3", or a sequence's name and where a window starts.

    A picture in a .zip of many by its name there, and one that is alone in its file "".

    Examples
    --------
    >>> spec = ModelSpec("upload", "", kind="sequence", shape=(4, 4))
    >>> content = parsed_file(spec, b">a\\nACGTAC\\n>b\\nT\\n", ".fa")
    >>> item_name(content, spec, 4)
    'a from 3'
    """
    facts, arrays = content
    if spec.kind == "picture":
        return str(facts["names"][item]) if "stack" in arrays else ""
    if spec.kind == "table":
        return f"row {item + 1}"
    names = facts["names"]
    start, which = divmod(int(item), len(names))
    return f"{names[which]} from {start + 1}" if start else str(names[which])
