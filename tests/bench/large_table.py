"""How long a table of a million rows takes through the wall, beside pyarrow on the same file.

Run: python -m tests.bench.large_table [rows]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from explainers.service.parsing.parser_pool import ParserPool

TRIES = 5


def best(run: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def in_a_process(run: Callable[[], object]) -> None:
    """Run it in a fork of this process, as every upload is parsed in a process of its own."""
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
        return
    run()
    os._exit(0)


def main(rows: int) -> None:
    """Print the times and their ratios."""
    values = np.random.default_rng(0).normal(size=(rows, 10))
    table = pa.table({f"c{at}": values[:, at] for at in range(10)})
    one = pa.csv.ReadOptions(use_threads=False)
    pool = ParserPool()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.csv"
        pa.csv.write_csv(table, file)
        size = file.stat().st_size
        try:
            pool.parse("table", b"a,b\n1,2\n3,4\n", suffix=".csv")  # starts the process that forks
            own = best(lambda: in_a_process(lambda: pa.csv.read_csv(file)))
            ours = best(lambda: pool.parse("table", file, suffix=".csv"))
            again = best(lambda: pa.csv.read_csv(file))
            single = best(lambda: pa.csv.read_csv(file, one))
        finally:
            pool.close()
    print(f"{rows:,} rows, {size / 1e6:.0f} MB; through the wall {ours:.2f} s")
    for how, seconds in {
        "pyarrow in a process of its own": own,
        "pyarrow again and again in one process": again,
        "pyarrow in one thread": single,
    }.items():
        print(f"  {ours / seconds:.1f} times {how} ({seconds:.2f} s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
