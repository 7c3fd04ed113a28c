"""Six methods asked at once, as Compare asks them, beside the sum of the six asked one by one.

Run: python -m tests.bench.speed.compare [NETWORK] [--rounds 5]

Every question is of a picture that nobody asked about before, on the worker of a fresh server that
has answered such questions already: nothing is in the store, and the network is loaded. One by one
each has a picture of its own, so that none shares the answers to it with another.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos
from explainers.models.zoo.imagenet.packaged import PACKAGED
from explainers.service.backends.local import LocalBackend
from explainers.service.tasks import BaselineRef, InputRef, Task
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.answers.axes import SIX_METHODS

_pictures = np.random.default_rng(0)


def picture(backend: LocalBackend) -> InputRef:
    """One that was not seen before."""
    small = Image.fromarray(_pictures.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    file = io.BytesIO()
    small.resize((224, 224), Image.Resampling.BICUBIC).save(file, "PNG")
    return InputRef(backend.store.put_blob(file.getvalue()))


def tasks(spec: ModelSpec, asked: InputRef, methods: Sequence[str]) -> list[Task]:
    """The answer, and an explanation by each method."""
    baseline = BaselineRef("blur")
    explained = [Explain(spec, asked, baseline, method=key, target=0) for key in methods]
    return [Predict(spec, asked, baseline), *explained]


def seconds(backend: LocalBackend, asked: Sequence[Task], visitor: str) -> float:
    """Until all are answered: first the network's answer, then all others at once."""
    started = time.perf_counter()
    for group in (asked[:1], asked[1:]):
        jobs = [backend.submit(task, visitor) for task in group]
        while not all(job.over for job in jobs):
            for job in jobs:
                job.touch()
            time.sleep(0.002)
        for job in jobs:
            assert backend.result(job) is not None, job.message
    return time.perf_counter() - started


def main(name: str, rounds: int) -> None:
    """Measure and print each round, and the median."""
    spec = PACKAGED[name].spec if name in PACKAGED else demos()[name].spec
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        backend = LocalBackend(Path(folder))
        try:
            for number in range(rounds + 1):
                alone = [
                    seconds(backend, tasks(spec, picture(backend), [key]), f"{number} {key}")
                    for key in SIX_METHODS
                ]
                at_once = seconds(backend, tasks(spec, picture(backend), SIX_METHODS), f"{number}")
                if number:  # the first one loads the network
                    ratios.append(at_once / sum(alone))
                    each = ", ".join(
                        f"{key} {s:.2f}" for key, s in zip(SIX_METHODS, alone, strict=True)
                    )
                    print(f"{each}: {sum(alone):.2f} s; at once {at_once:.2f} s", flush=True)
        finally:
            backend.close()
    spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
    print(f"{name}: at once {statistics.median(ratios):.2f} ({spread}) of the sum")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("network", nargs="?", default="signs")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    main(given.network, given.rounds)
