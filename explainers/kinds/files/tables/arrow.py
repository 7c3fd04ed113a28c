"""Tables in Arrow and Feather files, read in one thread and from memory."""

from __future__ import annotations

from collections.abc import Iterator

from explainers.errors import Problem
from explainers.kinds.files.delimited import MOST_CELLS, MOST_COLUMNS, Block, Sheet
from explainers.kinds.files.parquet import (
    arrow_names,
    cells_of,
    demand_plain,
    library_errors_as_problems,
)

_FILE, _OLD = b"ARROW1", b"FEA1"


def open_arrow(data: bytes) -> Sheet:
    """The table in an Arrow file or stream, or in a Feather file of version 2.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.

    Returns
    -------
    Sheet
        As of `explainers.kinds.files.parquet.open_parquet`.

    Raises
    ------
    Problem
        Where the file is damaged, too large, of Feather's first version, or holds nested columns.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())  # others reserve more than they may have here
    if data[:4] == _OLD:
        raise Problem(
            "This is a Feather file of version 1, which is no longer kept up. Save it with "
            "version=2, as Parquet, or as CSV."
        )
    with library_errors_as_problems("Arrow file"):
        options = pa.ipc.IpcReadOptions(use_threads=False)
        if data[:6] == _FILE:
            file = pa.ipc.open_file(pa.BufferReader(data), options=options)
            schema, count = file.schema, file.num_record_batches
            batches = (file.get_batch(at) for at in range(count))
        else:
            stream = pa.ipc.open_stream(pa.BufferReader(data), options=options)
            schema, batches = stream.schema, iter(stream)
    width = len(schema)
    if not 1 <= width <= MOST_COLUMNS:
        raise Problem(
            f"This table has {width:,} columns; 1 to {MOST_COLUMNS:,} are accepted. Leave out some."
        )
    demand_plain(schema)
    names, notes = arrow_names(schema)
    return Sheet(names, _blocks(batches, width), notes, "row")


def _blocks(batches: Iterator, width: int) -> Iterator[Block]:
    seen = 0
    while True:
        with library_errors_as_problems("Arrow file"):
            batch = next(batches, None)
            if batch is None:
                return
            if (seen + batch.num_rows) * width > MOST_CELLS:
                raise Problem(
                    f"This table has more than {MOST_CELLS:,} cells. Leave out rows or columns."
                )
            batch.validate(full=True)
            columns = [cells_of(column) for column in batch.columns]
        places = range(seen + 1, seen + batch.num_rows + 1)
        seen += batch.num_rows
        if batch.num_rows:
            yield Block(places, columns)
