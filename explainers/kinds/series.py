"""Time series: files of values over time, one series or many of the same length."""

from __future__ import annotations

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files import delimited
from explainers.kinds.files.arrays import read_arrays
from explainers.kinds.files.formats import declare
from explainers.kinds.files.labels import checked_size, label, unique
from explainers.kinds.files.long_table import (
    TIMES,
    SeriesValues,
    check_size,
    is_date,
    long_columns,
    missing_value,
    read_long,
)
from explainers.kinds.files.numerals import parse_numbers
from explainers.kinds.registry import KINDS, Arrays, Facts, InputSpec, Items, Kind, ParsedFile

SUFFIXES = (".csv", ".tsv", ".txt", ".npz", ".npy")
LAYOUTS = ("time first", "variables first")
_VALUES = ("values", "x", "data", "X")
_TEXT = ("variables", "steps", "names")


def read(
    data: bytes,
    suffix: str,
    layout: str = "time first",
    delimiter: str = "auto",
    header: str = "auto",
) -> ParsedFile:
    """The time series in a file of text or of arrays: N series of T steps and V variables.

    A CSV is wide (a row a step, a column a variable: one series) or long (columns for series, time
    and values, recognised by names such as id, time, variable, value). A .npy or .npz holds one
    array (N, T, V) or (T, V), named values, x or data where there are several, and perhaps text
    arrays named variables, steps and names.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    suffix : str
        One of SUFFIXES.
    layout : str
        Of arrays: "time first", or "variables first" for (N, V, T) and (V, T).
    delimiter, header : str
        Of text, see `explainers.kinds.files.delimited.open_text`.

    Returns
    -------
    facts : dict
        variables, steps, names (of the series), notes (sentences for people).
    arrays : dict of ndarray
        "values", float64, shape (N, T, V).

    Raises
    ------
    Problem
        Names the place of what is missing or infinite, series of unequal lengths, and shapes.

    Examples
    --------
    >>> facts, arrays = read(b"time,x,y\\n0,1,2\\n1,3,4\\n", ".csv")
    >>> facts["variables"], arrays["values"].tolist()
    (['x', 'y'], [[[1.0, 2.0], [3.0, 4.0]]])
    """
    if suffix not in SUFFIXES or layout not in LAYOUTS:
        raise Problem(
            f"Time series are files named {', '.join(SUFFIXES)}, with a layout of "
            f"{' or '.join(LAYOUTS)}. Save yours as one of these."
        )
    if suffix in (".npy", ".npz"):
        return _parsed(_from_arrays(read_arrays(data, suffix), layout))
    sheet = delimited.open_text(data, suffix, delimiter, header)
    first = next(sheet.blocks, None)
    if first is None:
        raise Problem("This table has names but no rows. Add a row for each step.")
    parts = long_columns(sheet.names, first)
    return _parsed(_wide(sheet, first) if parts is None else read_long(sheet, first, parts))


def _parsed(series: SeriesValues) -> ParsedFile:
    variables, steps, names = (
        [label(name, 60) for name in group]
        for group in (series.variables, series.steps, series.names)
    )
    facts: Facts = {
        "variables": unique(variables)[0],
        "steps": steps,
        "names": names,
        "notes": series.notes,
    }
    return checked_size(facts), {"values": np.ascontiguousarray(series.values, np.float64)}


def _wide(sheet: delimited.Sheet, first: delimited.Block) -> SeriesValues:
    """One series: the first column may be the time."""
    labels: list[str] = []
    places: list[int] = []
    parts: list[np.ndarray] = []
    block: delimited.Block | None = first
    while block is not None:
        labels += block.columns[0]
        places += block.places
        columns = [parse_numbers(cells, sheet.comma)[0] for cells in block.columns]
        parts.append(np.stack(columns, axis=1))
        check_size(1, len(labels), len(sheet.names))
        block = next(sheet.blocks, None)
    values, variables, notes = np.concatenate(parts), sheet.names, list(sheet.notes)
    steps = _counted(len(labels))
    if len(variables) > 1 and _is_time(variables[0], labels, values[:, 0]):
        notes.append(f'The first column, "{variables[0]}", is taken as the time of each step.')
        values, variables, steps = values[:, 1:], variables[1:], labels
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0]
        raise missing_value(variables[column], f"line {places[row]}", values[row, column])
    return SeriesValues(values[None], variables, steps, ["series 1"], notes)


def _is_time(name: str, labels: list[str], values: np.ndarray) -> bool:
    """Whether a first column is the time: by its name, as dates, or since it rises all along."""
    if name.lower() in TIMES or all(is_date(text) for text in labels):
        return True
    return len(values) > 2 and bool(np.isfinite(values).all() and (np.diff(values) > 0).all())


def _from_arrays(arrays: Arrays, layout: str) -> SeriesValues:
    data = {name: array for name, array in arrays.items() if array.dtype.kind != "U"}
    name = next((name for name in _VALUES if name in data), None)
    if name is None:
        if len(data) != 1:
            raise Problem(
                f"This file holds {len(data)} arrays of numbers: {', '.join(data)}. Name "
                "the one with the series values, or leave out the others."
            )
        name = next(iter(data))
    values, given = data[name], data[name].shape
    shapes = ("(N, T, V)", "(T, V)") if layout == "time first" else ("(N, V, T)", "(V, T)")
    if values.ndim not in (2, 3) or not values.size:
        raise Problem(
            f"The array has the shape {given}; expected is {shapes[0]} or {shapes[1]}: N series, T "
            "steps in time, V variables, none of them 0. Reshape it and save it again."
        )
    values = values if values.ndim == 3 else values[None]
    values = values if layout == "time first" else values.swapaxes(1, 2)
    check_size(*values.shape)
    values = values.astype(np.float64)
    named: list[list[str]] = []
    words = ("variable", "step", "series")
    for key, word, size in zip(_TEXT, words, (values.shape[i] for i in (2, 1, 0)), strict=True):
        text = arrays.get(key)
        if text is None:
            named.append([f"{word} {n}" if word != "step" else n for n in _counted(size)])
        elif text.ndim != 1 or len(text) != size:
            raise Problem(
                f'The array "{key}" has the shape {text.shape}; expected is ({size},), as the '
                f"values have the shape {given} ({shapes[len(given) == 2]}). If they lie the other "
                f"way, say that they are {LAYOUTS[layout == LAYOUTS[0]]}."
            )
        else:
            named.append(text.tolist())
    variables, steps, names = named
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        series, step, variable = wrong[0]
        raise Problem(
            f'Series "{label(names[series], 60)}", step "{label(steps[step], 60)}", variable '
            f'"{label(variables[variable], 60)}": this is {values[series, step, variable]}; every '
            "step of a series needs a finite number. Fill the gap and save it again."
        )
    return SeriesValues(values, variables, steps, names, [])


def _counted(count: int) -> list[str]:
    return [str(index + 1) for index in range(count)]


def _inputs(parsed: ParsedFile, spec: InputSpec, items: Items) -> np.ndarray:
    facts, arrays = parsed
    names = list(spec.columns) or facts["variables"]
    missing = [name for name in names if name not in facts["variables"]]
    if missing:
        raise Problem(
            f"The file has no variable {missing[0]!r}; it has {', '.join(facts['variables'][:12])}."
            " Choose the variables in the order in which the network takes them."
        )
    places = [facts["variables"].index(name) for name in names]
    return arrays["values"][np.asarray(items)][:, :, places].astype(np.float32)


KINDS["series"] = Kind(
    "series",
    "series",
    "cell",
    "cells",
    dimensions=2,
    scaled_axis=1,
    channels=False,
    default_baseline="data_mean",
    inputs=_inputs,
    items=lambda parsed, spec: np.arange(len(parsed[1]["values"])),
)

declare("time series", "CSV", ".csv", ".tsv", ".txt", says="wide or long")
declare("time series", "NumPy", ".npy", ".npz", says="(series, time, variables), either way round")
