"""Two workers of a cluster on two cores beside one worker on one core: how much sooner a run ends.

Run: python -m tests.bench.speed.cluster [--pictures 192] [--rounds 5]

The demo's pictures of 96 px, Integrated Gradients of 16 steps. Both clusters run all the time, each
with a scheduler of its own, started by the commands that README gives; every worker is held to one
core. They are asked in turn, each of a folder of its own, after a run that only opens the network.

On a machine that is busy with other things these flee from the one core that is measured, and
cannot from two. So the workers' own processor's seconds are told as well: those of the one worker
over those of the busier of two, which is what the work allows where both cores are theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from explainers import explain_many
from tests.bench.many import CASES, pictures

SHARD, CASE = 8, "signs"


@contextmanager
def command(*words: str, core: int | None = None) -> Iterator[int]:
    """A process of `python -m dask`, held to a core, and its number; ended with the block."""
    held = [] if core is None else ["taskset", "-c", str(core)]
    process = subprocess.Popen(
        [*held, sys.executable, "-m", "dask", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Measured:
    """A cluster: its scheduler's address, and the processes that watch its workers."""

    address: str
    nannies: list[int]

    def busy(self) -> list[float]:
        """The processor's seconds of each worker so far, its nanny's included."""
        found = []
        for nanny in self.nannies:
            whole = psutil.Process(nanny)
            times = [one.cpu_times() for one in (whole, *whole.children(recursive=True))]
            found.append(sum(one.user + one.system for one in times))
        return found


@contextmanager
def cluster(folder: Path, cores: list[int]) -> Iterator[Measured]:
    """A scheduler with a worker on each of these cores."""
    told = folder / f"{len(cores)}.json"
    here = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
    with ExitStack() as stack:
        words = ("scheduler", *here, "--port", "0", "--scheduler-file", str(told))
        stack.enter_context(command(*words))
        while not told.exists():
            time.sleep(0.1)
        address = json.loads(told.read_text())["address"]
        words = ("worker", address, *here, "--nthreads", "1")
        yield Measured(address, [stack.enter_context(command(*words, core=core)) for core in cores])


def seconds(source: Path, to: Path, workers: Measured) -> tuple[float, float]:
    """Of a run, and the processor's of the worker that had most to do."""
    before, began = workers.busy(), time.perf_counter()
    run = explain_many(
        CASE,
        source,
        "integrated_gradients",
        steps=CASES[CASE].steps,
        score="logit",
        to=to,
        shard=SHARD,
        backend=workers.address,
    )
    assert run.failed == 0
    took = time.perf_counter() - began
    return took, max(now - then for now, then in zip(workers.busy(), before, strict=True))


def main(count: int, rounds: int) -> None:
    """Measure and print each round, and the medians."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        source, few = folder / "in", folder / "few"
        for place, many in ((source, count), (few, 2 * SHARD)):
            place.mkdir()
            pictures(CASES[CASE], place, many)
        one = stack.enter_context(cluster(folder, [0]))
        two = stack.enter_context(cluster(folder, [0, 1]))
        time.sleep(10)
        for label, workers in (("1", one), ("2", two)):
            seconds(few, folder / f"warm{label}", workers)
        found = []
        for k in range(rounds):
            alone = seconds(source, folder / f"one{k}", one)
            both = seconds(source, folder / f"two{k}", two)
            found.append((*alone, *both))
            load = os.getloadavg()[0]
            print(_line(found[-1]) + f" (load {load:.1f})", flush=True)
        ratios = [statistics.median(row[k] / row[k + 2] for row in found) for k in (0, 1)]
        print("medians: " + _line(tuple(map(statistics.median, zip(*found, strict=True)))))
        print(f"medians of the ratios: {ratios[0]:.2f}, of the processor's {ratios[1]:.2f}")


def _line(row: tuple[float, ...]) -> str:
    one, one_busy, two, two_busy = row
    return (
        f"{one:.1f} s and {two:.1f} s: {one / two:.2f} ×; processor's {one_busy:.1f} s and "
        f"{two_busy:.1f} s: {one_busy / two_busy:.2f} ×"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    main(given.pictures, given.rounds)
