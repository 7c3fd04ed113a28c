"""Explanations as tables and arrays: CSV and Parquet a row a value, NPZ, BED, TF-MoDISco's pair."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from explainers.errors import Problem
from explainers.figures.sequences import bed, stretches
from explainers.reports.explanation import Explanation

Column: TypeAlias = "np.ndarray | list[str]"

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_MAPS = ("positive", "negative", "spread")


def table(explanation: Explanation) -> dict[str, Column]:
    """The explanation a row a value (of DNA a row a letter): places by name, values, scores.

    Parameters
    ----------
    explanation : Explanation

    Returns
    -------
    dict of str to ndarray or list of str
        Columns of equal length. Places in pictures and sequences count from 1 and are called row,
        column, channel, position; steps, variables and features go by their names.

    Examples
    --------
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> one = Explanation("table", "deeplift", scores, True, "risk", 2.0, names=("age", "mass"))
    >>> table(one)
    {'feature': ['age', 'mass'], 'score': array([ 3., -1.], dtype=float32)}
    """
    if explanation.kind == "sequence":
        return _letters(explanation)
    columns: dict[str, Column] = dict(_places(explanation))
    for name, values in (("input", explanation.input), ("baseline", explanation.baseline)):
        if values is not None:
            columns[name] = values.ravel()
    columns["score"] = explanation.scores.ravel()
    for name, part in explanation.parts.items():
        if part.shape == explanation.scores.shape:
            columns[name] = part.ravel()
    return columns


def _places(explanation: Explanation) -> dict[str, Column]:
    shape, names = explanation.scores.shape, explanation.names
    at = [axis.ravel() for axis in np.indices(shape)]
    if explanation.kind == "table":
        return {"feature": [names[i] for i in at[0]]}
    if explanation.kind == "series":
        steps = explanation.steps
        return {"step": [steps[i] for i in at[0]], "variable": [names[i] for i in at[1]]}
    if explanation.kind == "picture":
        channels = [names[i] for i in at[0]]
        return {"row": at[1] + 1, "column": at[2] + 1, "channel": channels}
    return {f"axis {axis + 1}": places + 1 for axis, places in enumerate(at)}


def _letters(explanation: Explanation) -> dict[str, Column]:
    """Of DNA, a row a letter: its score is the column's sum, as it is drawn."""
    heat = explanation.heat
    columns: dict[str, Column] = {"position": np.arange(len(heat)) + 1 + explanation.start}
    if explanation.letters:
        columns["letter"] = list(explanation.letters)
    if explanation.baseline is not None:
        for letter, values in zip("ACGT", explanation.baseline, strict=True):
            columns[f"baseline {letter}"] = values
    columns["score"] = heat.astype(np.float32)
    for name, part in explanation.parts.items():
        if name in _MAPS:
            columns[name] = part.sum(0)
        elif part.shape == explanation.scores.shape:
            for letter, values in zip("ACGT", part, strict=True):
                columns[f"{name} {letter}"] = values
    return columns


def _together(explanations: Sequence[Explanation]) -> dict[str, Column]:
    """The tables of several inputs under each other, told apart by the first column."""
    tables = [table(one) for one in explanations]
    if len(tables) == 1:
        return tables[0]
    titles = [
        one.title
        for one, columns in zip(explanations, tables, strict=True)
        for _ in columns["score"]
    ]
    joined: dict[str, Column] = {"of": titles}
    for name in dict.fromkeys(name for columns in tables for name in columns):
        first = next(columns[name] for columns in tables if name in columns)
        if isinstance(first, list):
            parts = [columns.get(name, [""] * len(columns["score"])) for columns in tables]
            joined[name] = [text for part in parts for text in part]
        else:  # what another method does not tell is not a number
            none = [np.full(len(columns["score"]), np.nan) for columns in tables]
            filled = [c.get(name, missing) for c, missing in zip(tables, none, strict=True)]
            joined[name] = np.concatenate([np.asarray(part) for part in filled])
    return joined


def as_csv(explanations: Sequence[Explanation]) -> bytes:
    """Their tables as CSV: comma, point, UTF-8; no text in it is a formula to a spreadsheet.

    Text that begins as a formula does gets a ' in front, in names of columns too; numbers stay as
    they are, with all their digits.

    Examples
    --------
    >>> scores = np.array([3.0, -1.0], np.float32)
    >>> one = Explanation("table", "deeplift", scores, True, "risk", 2.0, names=("=1+1", "mass"))
    >>> print(as_csv([one]).decode().replace(chr(13), ""), end="")
    feature,score
    '=1+1,3.0
    mass,-1.0
    """
    return csv_of(_together(explanations))


def csv_of(columns: Mapping[str, Column]) -> bytes:
    """Columns of equal length as CSV: comma, point, UTF-8; no text in it is a formula.

    Examples
    --------
    >>> csv_of({"@a": ["=1", "b"], "n": np.array([0.5, 1.0])})
    b"'@a,n\\r\\n'=1,0.5\\r\\nb,1.0\\r\\n"
    """
    written = [
        [_plain(text) for text in column]
        if isinstance(column, list)
        else column.astype(str).tolist()
        for column in columns.values()
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_plain(name) for name in columns])
    writer.writerows(zip(*written, strict=True))
    whole = text.getvalue()
    # Excel takes what begins so for UTF-8, and other letters would be garbled without.
    return whole.encode("utf-8" if whole.isascii() else "utf-8-sig")


def _plain(text: str) -> str:
    """Text that a spreadsheet does not run."""
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def as_parquet(explanations: Sequence[Explanation]) -> bytes:
    """Their tables as one Parquet file, whose metadata "evident" holds the settings as JSON."""
    return parquet_of(_together(explanations), _described_all(explanations))


def parquet_of(columns: Mapping[str, Column], told: str) -> bytes:
    """Columns of equal length as a Parquet file, whose metadata "evident" is `told`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = {name: pa.array(values) for name, values in columns.items()}
    written = pa.table(found).replace_schema_metadata({"evident": told})
    buffer = io.BytesIO()
    pq.write_table(written, buffer)
    return buffer.getvalue()


def as_npz(explanations: Sequence[Explanation]) -> bytes:
    """Their arrays as a NumPy archive without pickles.

    Of inputs of one shape; parts that only some of the methods tell are left out.

    `scores`, `input`, `baseline` and what else the method tells are (N, …) of N inputs; `output`,
    `baseline_output` and `gap` (N,); `names`, `steps`, `titles` and `about` text; `settings` JSON,
    of one question or a list.
    """
    first = explanations[0]
    arrays: dict[str, Any] = {
        "scores": np.stack([one.scores for one in explanations]),
        "output": np.array([one.output for one in explanations]),
        "names": np.array(first.names, dtype=str),
        "steps": np.array(first.steps, dtype=str),
        "titles": np.array([one.title for one in explanations], dtype=str),
        "about": np.array([one.about for one in explanations], dtype=str),
        "settings": np.array(_described_all(explanations)),
    }
    for name in ("input", "baseline", "baseline_output", "gap"):
        values = [getattr(one, name) for one in explanations]
        if all(value is not None for value in values):
            arrays[name] = np.stack([np.asarray(value) for value in values])
    for name in first.parts:
        if all(name in one.parts for one in explanations):
            arrays[name] = np.stack([one.parts[name] for one in explanations])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def described(explanation: Explanation) -> str:
    """What was asked, as JSON: the settings, the kind, the method, and what is explained."""
    told = {"kind": explanation.kind, "method": explanation.method, "about": explanation.about}
    return json.dumps(dict(explanation.settings) | told, default=str, ensure_ascii=False)


def _described_all(explanations: Sequence[Explanation]) -> str:
    """What was asked: once where only the answers' names differ, else a list."""
    first = explanations[0]
    if all((one.method, one.settings) == (first.method, first.settings) for one in explanations):
        return described(first)
    return f"[{', '.join(described(one) for one in explanations)}]"


def as_bed(explanation: Explanation, name: str) -> str:
    """The strongest supporting and opposing stretches of DNA as BED; see `figures.sequences.bed`.

    Parameters
    ----------
    explanation : Explanation
    name : str
        The sequence's; positions count within it.
    """
    letters = explanation.letters or None
    heat = explanation.heat
    found = stretches(heat, letters) + stretches(heat, letters, opposing=True)
    found.sort(key=lambda one: one.start)
    start = explanation.start
    return bed(
        [replace(one, start=one.start + start, stop=one.stop + start) for one in found], name
    )


def modisco_pair(explanations: Sequence[Explanation]) -> tuple[bytes, bytes]:
    """What TF-MoDISco reads: one-hot letters and their attributions, two NPZ of `arr_0` (N, 4, L).

    The attributions are the hypothetical ones where the method gives them, as TF-MoDISco wants
    them; else the scores.

    Raises
    ------
    Problem
        For what is no DNA.

    References
    ----------
    `modisco motifs -s ONE_HOT -a ATTRIBUTIONS`, github.com/jmschrei/tfmodisco-lite
    """
    if any(one.kind != "sequence" or one.input is None for one in explanations):
        raise Problem("TF-MoDISco reads DNA; this is none. Save it as .npz, .csv or .parquet.")
    letters = np.stack([np.asarray(one.input) for one in explanations])
    scores = np.stack([one.parts.get("hypothetical", one.scores) for one in explanations])
    pair = []
    for values in (letters, scores):
        buffer = io.BytesIO()
        np.savez_compressed(buffer, values.astype(np.float32))
        pair.append(buffer.getvalue())
    return pair[0], pair[1]
