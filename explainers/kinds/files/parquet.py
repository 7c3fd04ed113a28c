"""Tables in Parquet files, read in one thread and from memory, with flat columns only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.delimited import BLOCK_CELLS, MOST_CELLS, MOST_COLUMNS, Block, Sheet
from explainers.kinds.files.labels import label, listed, unique

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

MOST_BYTES = 2_000_000_000
_ACCEPTED = "Accepted are numbers, text, categories, truth values, dates and times."


def open_parquet(data: bytes) -> Sheet:
    """The table in a Parquet file, read block by block as the blocks are taken.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.

    Returns
    -------
    Sheet
        Its cells are float64 with NaN for missing in columns of numbers, else text with "" for
        missing.

    Raises
    ------
    Problem
        Where the file is damaged, too large, or holds nested columns.
    """
    import pyarrow as pa
    import pyarrow.parquet

    pa.set_memory_pool(pa.system_memory_pool())  # others reserve more than they may have here
    with library_errors_as_problems():
        file = pa.parquet.ParquetFile(
            pa.BufferReader(data),
            pre_buffer=False,
            thrift_string_size_limit=50_000_000,
            thrift_container_size_limit=1_000_000,
        )
        head, schema = file.metadata, file.schema_arrow
        groups = [head.row_group(index) for index in range(head.num_row_groups)]
        whole = sum(group.total_byte_size for group in groups)
    width = len(schema)
    if not 1 <= width <= MOST_COLUMNS or not 1 <= head.num_rows <= MOST_CELLS // width:
        raise Problem(
            f"This table has {head.num_rows:,} rows and {width:,} columns; up to "
            f"{MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells are accepted, and at least one row."
        )
    if whole > MOST_BYTES:
        raise Problem(
            f"This table takes {whole / 1e9:.1f} GB when unpacked; up to "
            f"{MOST_BYTES / 1e9:g} GB are accepted. Leave out rows."
        )
    demand_plain(schema)
    names, notes = arrow_names(schema)
    return Sheet(names, _blocks(file, width), notes, "row")


def demand_plain(schema: pyarrow.Schema) -> None:
    """Problem with the name of the first column whose cells are no numbers, text or times."""
    for field in schema:
        if not _plain(field.type):
            raise Problem(
                f'Column "{label(field.name)}" holds {label(field.type, 60)}. {_ACCEPTED} Leave it '
                "out, or split it into plain columns."
            )


def arrow_names(schema: pyarrow.Schema) -> tuple[list[str], list[str]]:
    """Names of the columns, each another one, and notes on those that were made."""
    names, again = unique(
        label(name) or f"column {index + 1}" for index, name in enumerate(schema.names)
    )
    return names, [f"Column names that came again got a number: {listed(again)}."] * bool(again)


def _blocks(file: pyarrow.parquet.ParquetFile, width: int) -> Iterator[Block]:
    seen, batches = 0, file.iter_batches(max(1, BLOCK_CELLS // width), use_threads=False)
    while True:
        with library_errors_as_problems():
            batch = next(batches, None)
            columns = [] if batch is None else [cells_of(column) for column in batch.columns]
        if batch is None:
            return
        places = range(seen + 1, seen + batch.num_rows + 1)
        seen += batch.num_rows
        if seen * width > MOST_CELLS:
            raise Problem("This table has more rows than it says. Save it again.")
        if batch.num_rows:
            yield Block(places, columns)


def _plain(kind: pyarrow.DataType) -> bool:
    """Whether cells of that type are numbers, text or times."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _plain(kind.value_type) and not types.is_dictionary(kind.value_type)
    accepted = (
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_boolean,
        types.is_string,
        types.is_large_string,
        types.is_date,
        types.is_time,
        types.is_timestamp,
        types.is_null,
    )
    return any(is_one(kind) for is_one in accepted)


def cells_of(column: pyarrow.Array) -> np.ndarray | list[str]:
    """float64 with NaN for numbers; a list of text for all else."""
    import pyarrow as pa
    import pyarrow.types as types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if types.is_null(kind):
        return np.full(len(column), np.nan)
    if types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif types.is_timestamp(kind):
        column = column.cast(pa.timestamp(kind.unit)).cast(pa.string())
    elif not (types.is_integer(kind) or types.is_floating(kind)):
        column = column.cast(pa.string())
    else:
        return column.to_numpy(zero_copy_only=False).astype(np.float64)
    if types.is_decimal(kind):
        return column.to_numpy(zero_copy_only=False).astype(np.float64)
    return ["" if cell is None else cell for cell in column.to_pylist()]


@contextmanager
def library_errors_as_problems(what: str = "Parquet file") -> Iterator[None]:
    """Say in a sentence what the library says of a damaged file; lack of memory stays that."""
    try:
        yield
    except (Problem, MemoryError):
        raise
    except Exception as error:
        raise Problem(
            f"This {what} is damaged or written in a way that cannot be read "
            f"({label(error, 120)}). Save the table again."
        ) from error
