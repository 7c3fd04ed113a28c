"""How long a table of a million rows takes through the wall, beside pyarrow on the same file.

Run: python -m tests.bench.large_table [rows]
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.csv

from explainers.service.parsing.parser_pool import ParserPool

TRIES = 3


def best(run: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main(rows: int) -> None:
    """Print the times and their ratios."""
    values = np.random.default_rng(0).normal(size=(rows, 10))
    table = pa.table({f"c{at}": values[:, at] for at in range(10)})
    out = io.BytesIO()
    pa.csv.write_csv(table, out)
    data = out.getvalue()
    one = pa.csv.ReadOptions(use_threads=False)
    many = best(lambda: pa.csv.read_csv(pa.BufferReader(data)))
    single = best(lambda: pa.csv.read_csv(pa.BufferReader(data), one))
    pool = ParserPool()
    try:
        pool.parse("table", b"a,b\n1,2\n3,4\n", suffix=".csv")  # starts the process that forks
        ours = best(lambda: pool.parse("table", data, suffix=".csv"))
    finally:
        pool.close()
    print(f"{rows:,} rows, {len(data) / 1e6:.0f} MB; pyarrow {many:.2f} s, in one thread "
          f"{single:.2f} s; through the wall {ours:.2f} s: {ours / many:.1f} and "
          f"{ours / single:.1f} times as long")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
