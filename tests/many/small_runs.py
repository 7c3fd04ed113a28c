"""Small sources and networks for the tests of runs over many inputs."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explainers import explain_many
from explainers.many.networks import Network, opened
from explainers.many.reading.completion import parsed_file
from explainers.many.run import ManyRun
from explainers.models.spec import ModelSpec

SPEC = ModelSpec("upload", "tiny", size=8, mean=(0.0,), std=(1.0,))
ASKED = {"method": "integrated_gradients", "steps": 6, "spec": SPEC, "shard": 4}
TABLE = ModelSpec("upload", "sum", kind="table", mean=(0.0,), std=(1.0,), answers="numbers")


class Tiny(nn.Module):
    """Two classes of grey pictures (N, 1, 8, 8): bright above, bright below; not linear."""

    def __init__(self) -> None:
        super().__init__()
        ramp = torch.linspace(1, -1, 8).view(1, 1, 8, 1)
        self.register_buffer("ramp", ramp)

    def forward(self, pictures):
        lean = (self.ramp * pictures**2).sum((1, 2, 3))
        return torch.stack([lean, -lean], 1)


class Deadly(Tiny):
    """The same, but a picture whose first pixel is all white ends the process."""

    def forward(self, pictures):
        if bool((pictures[:, 0, 0, 0] > 0.999).any()):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(pictures)


class Slow(Tiny):
    """The same, but a pass takes its time."""

    def forward(self, pictures):
        time.sleep(0.02)
        return super().forward(pictures)


def slowly_parsed(*given, **options):
    """As files are read here, but each takes its time."""
    time.sleep(0.1)
    return parsed_file(*given, **options)


class Unopenable:
    """A network whose opening ends the process."""

    def open_network(self) -> Network:
        os._exit(3)


class OpenableHere:
    """A network whose opening ends every other process than the one that made it."""

    def __init__(self) -> None:
        self.process = os.getpid()

    def open_network(self) -> Network:
        if os.getpid() != self.process:
            os._exit(3)
        return opened(Tiny(), SPEC)


def deadly_parse(spec, data, suffix):
    """As the parser of the library, but a damaged file ends the process."""
    from explainers.many.reading.completion import parsed_file

    if data == b"poison":
        os.abort()
    return parsed_file(spec, data, suffix)


def parse_in_pieces(spec, data, suffix, *, start=None):
    """As the parser of the library, but a table of two columns has pieces of thirty rows."""
    from explainers.kinds import table
    from explainers.many.reading.completion import parsed_file

    kept, table.MOST_KEPT = table.MOST_KEPT, 2 * 30
    try:
        return parsed_file(spec, data, suffix, start=start)
    finally:
        table.MOST_KEPT = kept


def pictures(folder: Path, count: int, seed: int = 0) -> Path:
    """A folder of so many grey PNG files of 8 px, none brighter than 200."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        values = rng.integers(0, 200, (8, 8), dtype=np.uint8)
        Image.fromarray(values).save(folder / f"{number:03d}.png")
    return folder


def assert_alike(run: ManyRun, whole: ManyRun, total: int) -> None:
    """Every input once, and all numbers as those of the undisturbed run."""
    rows, due = list(run.rows()), list(whole.rows())
    assert [row["index"] for row in rows] == list(range(total)) == [row["index"] for row in due]
    for row, other in zip(rows, due, strict=True):
        for name, value in other.items():
            number = isinstance(value, (int, float, list)) and name != "seconds"
            due_value = pytest.approx(value, rel=1e-6, abs=1e-9) if number else value
            assert name == "seconds" or row[name] == due_value, name
    maps, others = list(run.maps()), list(whole.maps())
    answered = [row["index"] for row in due if not row["error"]]
    assert [index for index, _ in maps] == [index for index, _ in others] == answered
    for (_, one), (_, other) in zip(maps, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def run_alone(source: Path, to: Path, begun) -> None:
    """One process's run; says when it has begun."""
    torch.set_num_threads(1)
    begun.send(time.monotonic())
    explain_many(Tiny(), source, **ASKED, to=to)
    begun.send(time.monotonic())
