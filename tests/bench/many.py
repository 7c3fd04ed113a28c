"""The rate of a run over many pictures beside plain batched passes, and its memory.

Run: python -m tests.bench.many [signs|efficientnet_lite0 [pictures [pictures for the memory]]]

Each figure is taken in a process of its own. The plain passes are Integrated Gradients written by
hand on pictures that are in memory already, in the best of several batch sizes. The processor's own
seconds are compared, since the machine may be busy with other things.
"""

from __future__ import annotations

import multiprocessing as mp
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from explainers import explain_many
from explainers.many.networks import opened
from explainers.models.zoo.imagenet.photos import photos
from explainers.models.zoo.signs import Sample, samples


class Case(NamedTuple):
    """What is measured: a network, the pictures it gets, and the passes of each."""

    network: str
    side: int
    pictures: Callable[[], Sequence[Sample]]
    steps: int
    plain: int
    batches: tuple[int, ...]


CASES = {
    "signs": Case("signs", 96, samples, 16, 128, (32, 64)),
    "efficientnet_lite0": Case("efficientnet_lite0", 224, photos, 8, 64, (16, 32)),
}


def pictures(case: Case, folder: Path, count: int) -> None:
    """So many JPEG files: the signs or photos that come with Evident, moved, in another light."""
    rng, side = np.random.default_rng(5), case.side
    wide = side + side // 6
    whole = [Image.open(one.path).convert("RGB").resize((wide, wide)) for one in case.pictures()]
    for number in range(count):
        x, y = rng.integers(0, wide - side, 2).tolist()
        seen = whole[number % len(whole)].crop((x, y, x + side, y + side))
        light = np.asarray(seen, np.float32) * rng.uniform(0.7, 1.2)
        file = folder / f"{number % 100:02d}" / f"{number:06d}.jpg"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(light.clip(0, 255).astype("uint8")).save(file, quality=90)


def run(name: str, source: Path, to: Path) -> int:
    """A run; how many have no answer."""
    asked: dict[str, Any] = {"steps": CASES[name].steps, "score": "logit", "to": to}
    return explain_many(name, source, "integrated_gradients", **asked).failed


def cheap_run(name: str, source: Path, to: Path) -> int:
    """The same with one pass a picture, for the memory of longer runs."""
    return explain_many(name, source, "saliency", score="logit", to=to).failed


def plain(name: str, batch: int) -> None:
    """Pictures by hand: their answers, the baseline's, and the slopes at each of the steps."""
    case = CASES[name]
    model, side = opened(name).model, case.side
    nodes, weights = np.polynomial.legendre.leggauss(case.steps)
    x = torch.rand(case.plain, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        targets = torch.cat([model(part).argmax(1) for part in x.split(batch)])
        model(torch.zeros(1, 3, side, side))
    points = [
        (k, (node + 1) / 2, weight / 2)
        for k in range(case.plain)
        for node, weight in zip(nodes, weights, strict=True)
    ]
    scores = torch.zeros_like(x)
    for start in range(0, len(points), batch):
        some = points[start : start + batch]
        which = torch.tensor([k for k, _, _ in some])
        along, share = (
            torch.tensor([p[i] for p in some]).float().view(-1, 1, 1, 1) for i in (1, 2)
        )
        leaf = (x[which] * along).requires_grad_()
        chosen = model(leaf).gather(1, targets[which, None]).sum()
        (slope,) = torch.autograd.grad(chosen, leaf)
        scores.index_add_(0, which, slope * share * x[which])


@contextmanager
def folders(case: Case, count: int) -> Iterator[tuple[Path, Path]]:
    """A folder of so many pictures, and where a run of them may lie."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "in"
        source.mkdir()
        pictures(case, source, count)
        yield source, Path(name) / "out"


def measured(work: Callable[..., Any], *given: Any) -> tuple[float, float, float]:
    """Processor's seconds, seconds, and the most memory in MB, of a process that does the work."""
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(work, given, theirs))
    process.start()
    found: tuple[float, float, float] = ours.recv()
    process.join()
    return found


def _measure(work: Callable[..., Any], given: tuple[Any, ...], answer: Any) -> None:
    torch.set_num_threads(1)
    began, cpu = time.perf_counter(), time.process_time()
    work(*given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send((time.process_time() - cpu, time.perf_counter() - began, peak))


def main(name: str = "signs", count: int = 10_000) -> None:
    """Measure and print; the plain passes before and after each run, as the machine's pace changes.

    What a run costs before its first picture is left out by comparing two runs of other lengths.
    """
    before = best_of_plain(name)
    found = []
    for many in (count // 10, count):
        with folders(CASES[name], many) as (source, to):
            cpu, seconds, peak = measured(run, name, source, to)
            kept = sum(path.stat().st_size for path in to.rglob("*") if path.is_file())
            again, _, _ = measured(run, name, source, to)
        after = best_of_plain(name)
        plainly = (before + after) / 2
        before = after
        found.append((many, cpu))
        print(
            f"{many:,} pictures: {many / cpu:.2f} a processor's second, {many / seconds:.2f} a "
            f"second; plain passes {1 / plainly:.2f}, so {plainly * many / cpu:.2f} of their rate; "
            f"peak {peak:.0f} MB; {kept / many / 1000:.1f} kB kept each; asked again {again:.1f} s",
            flush=True,
        )
    (few, early), (many, late) = found
    print(f"between the two: {(many - few) / (late - early):.2f} a processor's second")


def memory(name: str, count: int) -> None:
    """The most memory of runs of one pass a picture, of so many and of a quarter of them."""
    for many in (count // 4, count):
        with folders(CASES[name], many) as (source, to):
            cpu, _, peak = measured(cheap_run, name, source, to)
        print(f"saliency of {many:,}: {many / cpu:.0f} a processor's second, peak {peak:.0f} MB")


def best_of_plain(name: str) -> float:
    """The processor's seconds of a picture by hand, in the best batch size."""
    case = CASES[name]
    return min(measured(plain, name, batch)[0] for batch in case.batches) / case.plain


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "signs"
    main(asked, *map(int, sys.argv[2:3]))
    if len(sys.argv) != 3:
        memory(asked, *map(int, sys.argv[3:4] or [40_000]))
