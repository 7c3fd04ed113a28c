"""Time series: files of values over time, one series or many, of any lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files import delimited
from explainers.kinds.files.arrays import MOST_BYTES, read_arrays
from explainers.kinds.files.conversions import refusal
from explainers.kinds.files.formats import declare
from explainers.kinds.files.gzipped import PACKED, packed_too, unpacked
from explainers.kinds.files.labels import checked_size, label, unique
from explainers.kinds.files.long_table import (
    MOST_STEPS,
    SeriesValues,
    check_size,
    long_columns,
    read_long,
)
from explainers.kinds.files.series import archive
from explainers.kinds.files.series.gaps import ends, filled
from explainers.kinds.files.series.layouts import (
    AUTO,
    LAYOUTS,
    ROWS,
    TIME_FIRST,
    VARIABLES_FIRST,
    array_layout,
)
from explainers.kinds.files.series.wide import read_wide
from explainers.kinds.registry import KINDS, Arrays, Facts, InputSpec, Items, Kind, ParsedFile
from explainers.kinds.windows import windows

TEXT = (".csv", ".tsv", ".txt")
SUFFIXES = (*packed_too((*TEXT, *archive.SUFFIXES)), ".npz", ".npy")
_VALUES = ("values", "x", "data", "X")
_TEXT = ("variables", "steps", "names")
_LABELS = ("labels", "label", "y", "target")


def read(
    data: bytes,
    suffix: str,
    layout: str = AUTO,
    delimiter: str = "auto",
    header: str = "auto",
    takes: Sequence[int] = (0, 0),
) -> ParsedFile:
    """The time series in a file of text or of arrays: N series of T steps and V variables.

    A table is long (columns for series, time and values, recognised by names such as id, time,
    variable, value), or wide: a row a step and a column a variable, or a row a series, perhaps
    after its label, as in the files of the UCR archive, or a row a variable. A .npy or .npz holds
    one array (N, T, V), (N, V, T), (T, V), (V, T) or (N, T), named values, x or data where there
    are several, and perhaps text arrays named variables, steps and names, and labels. A .ts or
    .arff holds what the UCR and UEA archives do. Which of these ways it is, what the network takes
    decides, where `layout` does not say it. Missing values are filled, and a note says how.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    suffix : str
        One of SUFFIXES.
    layout : str
        "auto", "time first", "variables first" or "rows are series".
    delimiter, header : str
        Of text, see `explainers.kinds.files.delimited.open_text`.
    takes : (int, int)
        Steps and variables that the network declares, 0 for what is free or not known.

    Returns
    -------
    facts : dict
        variables, steps, names and labels (of the series; no labels: []), time ([what the file
        calls it] or []), sure (whether the file could not be read in another way too), notes
        (sentences for people).
    arrays : dict of ndarray
        "values", float64, shape (N, T, V); "lengths", int64, shape (N,): steps of each series,
        behind which its values are 0 and mean nothing.

    Raises
    ------
    Problem
        Names the place of what is no number or infinite, and shapes that do not fit.

    Examples
    --------
    >>> facts, arrays = read(b"time,x,y\\n0,1,2\\n1,3,4\\n", ".csv")
    >>> facts["variables"], arrays["values"].tolist()
    (['x', 'y'], [[[1.0, 2.0], [3.0, 4.0]]])
    >>> facts, arrays = read(b"1\\t.1\\t.2\\t.3\\n1\\t.4\\t.5\\t.6\\n", ".tsv", takes=(3, 1))
    >>> facts["labels"], arrays["values"][..., 0].tolist()
    (['1', '1'], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    """
    if suffix not in SUFFIXES:
        raise refusal("Time series", suffix, SUFFIXES)
    if layout not in LAYOUTS:
        raise Problem(f"A layout is {', '.join(LAYOUTS[:-1])} or {LAYOUTS[-1]}. Choose one.")
    if suffix.endswith(PACKED):
        data, suffix = unpacked(data, MOST_BYTES), suffix.removesuffix(PACKED)
    if suffix in (".npy", ".npz"):
        return _parsed(_from_arrays(read_arrays(data, suffix), layout, takes))
    if suffix in archive.SUFFIXES:
        return _parsed(archive.read_archive(data, suffix))
    sheet = delimited.open_text(data, suffix, delimiter, header, MOST_STEPS + 1)
    first = next(sheet.blocks, None)
    if first is None:
        raise Problem("This table has names but no rows. Add a row for each step.")
    parts = long_columns(sheet.names, first) if layout in (AUTO, TIME_FIRST) else None
    if parts is None:
        return _parsed(read_wide(sheet, first, layout, takes))
    return _parsed(read_long(sheet, first, parts))


def _parsed(series: SeriesValues) -> ParsedFile:
    variables, steps, names, labels = (
        [label(name, 60) for name in group]
        for group in (series.variables, series.steps, series.names, series.labels)
    )
    count, most = series.values.shape[:2]
    lengths = np.full(count, most) if series.lengths is None else series.lengths
    values = np.array(series.values, np.float64)
    values, notes = filled(values, lengths.astype(np.int64), names, variables)
    facts: Facts = {
        "variables": unique(variables)[0],
        "steps": steps,
        "names": names,
        "labels": labels,
        "time": [label(series.time, 60)] if series.time.strip() else [],
        "sure": bool(series.sure),
        "notes": [*series.notes, *notes],
    }
    return checked_size(facts), {"values": values, "lengths": lengths.astype(np.int64)}


def _from_arrays(arrays: Arrays, layout: str, takes: Sequence[int]) -> SeriesValues:
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
    sure = True
    if layout == AUTO and values.ndim in (2, 3):
        layout, sure = array_layout(given, takes)
    shapes = ("(N, V, T)", "(V, T)") if layout == VARIABLES_FIRST else ("(N, T, V)", "(T, V)")
    if values.ndim not in (2, 3) or not values.size:
        raise Problem(
            f"The array has the shape {given}; expected is {shapes[0]} or {shapes[1]}: N series, T "
            "steps in time, V variables, none of them 0. Reshape it and save it again."
        )
    if layout == ROWS and values.ndim == 2:
        values, shapes = values[:, :, None], ("(N, T)", "(N, T)")
    values = values if values.ndim == 3 else values[None]
    values = values.swapaxes(1, 2) if layout == VARIABLES_FIRST else values
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
                f"way, say that they are "
                f"{TIME_FIRST if layout == VARIABLES_FIRST else VARIABLES_FIRST}."
            )
        else:
            named.append(text.tolist())
    variables, steps, names = named
    notes = {
        ROWS: ["Each row of the array is taken as a series."],
        VARIABLES_FIRST: ["The array is taken to lie with its variables before its time."],
    }.get(layout, [])
    found = next((arrays[key] for key in _LABELS if key in arrays and key != name), None)
    labels: list[str] = []
    if found is not None and found.shape in ((len(values),), (len(values), 1)):
        labels = [str(one) for one in found.ravel().tolist()]
    wrong = np.argwhere(np.isinf(values))
    if len(wrong):
        series, step, variable = wrong[0]
        raise Problem(
            f'Series "{label(names[series], 60)}", step "{label(steps[step], 60)}", variable '
            f'"{label(variables[variable], 60)}": this is {values[series, step, variable]}; every '
            "step of a series needs a finite number. Mend it and save it again."
        )
    lengths = ends(values) if len(values) > 1 else None
    if lengths is not None and not lengths.all():
        empty = label(names[int(np.argmin(lengths))], 60)
        raise Problem(f'Series "{empty}" holds no number at all. Leave it out and save it again.')
    return SeriesValues(values, variables, steps, names, notes, lengths, labels, sure=sure)


def _counted(count: int) -> list[str]:
    return [str(index + 1) for index in range(count)]


def place_of(parsed: ParsedFile, item: int) -> tuple[int, int]:
    """Which series an item is of, and at which step it starts: item = series + N · start."""
    start, series = divmod(int(item), len(parsed[1]["lengths"]))
    return series, start


def window(parsed: ParsedFile, spec: InputSpec, series: int) -> int:
    """So many steps of a series the network gets: as many as it takes, or all where that is free.

    Raises
    ------
    Problem
        Where the series is shorter.
    """
    length = int(parsed[1]["lengths"][series])
    wanted = spec.shape[0] if len(spec.shape) == 2 else 0
    if wanted > length:
        raise Problem(
            f'The network takes series of {wanted:,} steps; "{parsed[0]["names"][series]}" has '
            f"{length:,}. Choose one of that length, or longer."
        )
    return wanted or length


def every_step(parsed: ParsedFile) -> np.ndarray:
    """The values of all series at all their steps, float64 (steps, V)."""
    values, lengths = parsed[1]["values"], parsed[1]["lengths"]
    inside: np.ndarray = values[np.arange(values.shape[1]) < lengths[:, None]]
    return inside


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
    wanted = spec.shape[1] if len(spec.shape) == 2 else 0
    if wanted and wanted != len(places):
        raise Problem(
            f"The network takes {wanted} variables; {len(places)} are given. Choose which of the "
            "file's variables feed it, in its order."
        )
    parts = []
    for series, start in (place_of(parsed, item) for item in items):
        steps = window(parsed, spec, series)
        if start + steps > arrays["lengths"][series]:
            raise Problem("This window ends behind the series. Choose one that starts earlier.")
        parts.append(arrays["values"][series, start : start + steps][:, places])
    if len({len(part) for part in parts}) > 1:
        raise Problem("These series have different lengths. Ask for those of one length at once.")
    return np.stack(parts).astype(np.float32)


def _items(parsed: ParsedFile, spec: InputSpec) -> np.ndarray:
    """All series that are long enough; of longer ones windows that overlap by half."""
    lengths = parsed[1]["lengths"]
    wanted = spec.shape[0] if len(spec.shape) == 2 else 0
    if not wanted:
        return np.flatnonzero(lengths == lengths[0])
    return windows(lengths, wanted)


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
    items=_items,
)

declare("time series", "CSV", *TEXT, says="wide, long, or a row a series, as in the UCR archive")
declare("time series", "UCR, UEA archives", *archive.SUFFIXES, says="sktime's and Weka's")
declare("time series", "text, packed", *(s for s in SUFFIXES if s.endswith(PACKED)), says="by gzip")
declare("time series", "NumPy", ".npy", ".npz", says="(series, time, variables), either way round")
