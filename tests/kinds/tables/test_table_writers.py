"""A table that common writers save comes back with the same names and the same values."""

import csv
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explainers.kinds import table

NAMES = st.lists(
    st.text("abcxyzäöß _", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda name: name and name.lower() not in ("na", "nan")),
    min_size=2,
    max_size=5,
    unique_by=str.casefold,
)
NUMBERS = st.floats(-1e30, 1e30, allow_nan=False, allow_infinity=False)
CENTS = st.integers(-(10**9), 10**9).map(lambda cents: cents / 100)


@st.composite
def frames(draw, numbers=NUMBERS):
    """A frame of numbers with gaps: never a whole row, nor what counts the rows."""
    names = [" ".join(name.split()) for name in draw(NAMES)]
    rows = draw(st.integers(3, 12))
    columns = [draw(st.lists(numbers, min_size=rows, max_size=rows)) for _ in names]
    frame = pd.DataFrame(dict(zip(names, columns, strict=True)))
    gap = draw(st.integers(0, rows))
    if gap < rows:
        frame.iloc[gap, 0] = np.nan
    return frame


def in_pandas(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def in_pandas_with_index(frame: pd.DataFrame) -> bytes:
    return frame.to_csv().encode()


def in_arrow(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    pa.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), out)
    return out.getvalue()


def in_r(frame: pd.DataFrame) -> bytes:
    """write.csv: names and rows' names in quotation marks, NA for a gap."""
    frame = frame.set_axis(pd.Index([str(at + 1) for at in range(len(frame))]))
    return frame.to_csv(na_rep="NA", quoting=csv.QUOTE_NONNUMERIC).encode()


def in_r_table(frame: pd.DataFrame) -> bytes:
    """write.table: separated by spaces, and no name over the rows' names."""
    lines = [" ".join(f'"{name}"' for name in frame)]
    for at, row in enumerate(frame.to_numpy()):
        cells = ("NA" if np.isnan(cell) else repr(float(cell)) for cell in row)
        lines.append(f'"{at + 1}" ' + " ".join(cells))
    return ("\n".join(lines) + "\n").encode()


def in_european(frame: pd.DataFrame) -> bytes:
    return ("\ufeff" + frame.to_csv(index=False, sep=";", decimal=",")).encode()


def in_tabs(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, sep="\t", lineterminator="\r\n").encode("utf-16")


def grouped(frame: pd.DataFrame, groups: str, decimal: str, delimiter: str) -> bytes:
    """Two decimals and thousands, as spreadsheets show and save them."""
    marks = str.maketrans({",": groups, ".": decimal})
    cells = [
        ["" if np.isnan(cell) else f"{cell:,.2f}".translate(marks) for cell in row]
        for row in frame.to_numpy()
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([list(frame), *cells])
    return out.getvalue().encode()


def numbers_of(data: bytes) -> tuple[list[str], np.ndarray]:
    """Names and values of the columns that are no names of rows."""
    facts, arrays = table.read(data, ".csv")
    kept = [at for at, kind in enumerate(facts["types"]) if kind != "index"]
    return [facts["columns"][at] for at in kept], arrays["values"][:, kept]


WRITERS = [in_pandas, in_pandas_with_index, in_arrow, in_r, in_r_table, in_european, in_tabs]
QUICK = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("write", WRITERS)
@QUICK
@given(frame=frames())
def test_numbers_come_back_exactly(write, frame):
    names, values = numbers_of(write(frame))
    assert names == list(frame)
    np.testing.assert_array_equal(values, frame.to_numpy())


@pytest.mark.parametrize(
    "groups, decimal, delimiter",
    [(",", ".", ","), (",", ".", ";"), (".", ",", ";"), (" ", ",", ";"), ("'", ".", ",")],
)
@QUICK
@given(frame=frames(CENTS))
def test_money_with_thousands_comes_back_exactly(groups, decimal, delimiter, frame):
    names, values = numbers_of(grouped(frame, groups, decimal, delimiter))
    assert names == list(frame)
    np.testing.assert_array_equal(values, frame.to_numpy())


@QUICK
@given(frame=frames(CENTS))
def test_a_workbook_comes_back(frame):
    out = io.BytesIO()
    frame.to_excel(out, index=False)
    facts, arrays = table.read(out.getvalue(), ".xlsx")
    assert facts["columns"] == list(frame)
    np.testing.assert_array_equal(arrays["values"], frame.to_numpy())
