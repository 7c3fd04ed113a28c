"""What perturbation of a table costs: 1,000 rows of 30 columns, against captum and plain passes.

`python -m tests.bench.speed.tables` prints the rows of the table. All ways take turns in one
process; the medians of CPU time on one thread count, so that other work on the machine matters
little. A plain pass is the bare network on all rows, in the same precision. Every timed answer is
compared with the one in float64.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch
from captum.attr import FeatureAblation, Occlusion
from torch import Tensor, nn

from explainers import explain

ROWS, COLUMNS, TARGET = 1000, 30, 1
METHODS = ("occlusion", "ablation", "finite_differences")
NEAR = {"occlusion": 1e-5, "ablation": 1e-5, "finite_differences": 1e-2}
"""Largest difference from float64, as a share of the largest score."""
POINTS = {"occlusion": COLUMNS + 1, "ablation": COLUMNS + 1, "finite_differences": 4 * COLUMNS}


def network(width: int) -> nn.Module:
    """A perceptron with two hidden layers, in evaluation mode."""
    torch.manual_seed(0)
    layers = nn.Linear(COLUMNS, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
    return nn.Sequential(*layers, nn.Linear(width, 3)).eval()


def plain(model: nn.Module, points: Tensor, times: int) -> None:
    """The bare network on the rows, so many times."""
    with torch.no_grad():
        for _ in range(times):
            model(points)


def ways(model: nn.Module, x: Tensor) -> dict[str, Callable[[], object]]:
    """Name → what is timed."""
    return {
        **{f"plain {n}": lambda n=n: plain(model, x, n) for n in set(POINTS.values())},
        **{key: lambda key=key: explain(model, x, key, target=TARGET).scores for key in METHODS},
        "captum occlusion": lambda: Occlusion(model).attribute(x, (1,), target=TARGET),
        "captum ablation": lambda: FeatureAblation(model).attribute(x, target=TARGET),
        "captum ablation, 8 at once": lambda: FeatureAblation(model).attribute(
            x, target=TARGET, perturbations_per_eval=8
        ),
    }


def error(model: nn.Module, x: Tensor, key: str) -> float:
    """Largest difference from the answer in float64, as a share of the largest score."""
    exact = explain(copy.deepcopy(model).double(), x.double(), key, target=TARGET).scores
    found = explain(model, x, key, target=TARGET).scores
    return float((found - exact).abs().max() / exact.abs().max())


def measured(call: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    started = time.process_time()
    call()
    return 1e3 * (time.process_time() - started)


def row(width: int, rounds: int) -> list[str]:
    """The lines of one network."""
    model, x = network(width), 0.5 + torch.rand(ROWS, COLUMNS)
    for key in METHODS:
        found = error(model, x, key)
        assert found <= NEAR[key], f"{key} is {found} off"
    each = ways(model, x)
    taken: dict[str, list[float]] = {name: [] for name in each}
    for turn in range(rounds + 1):
        for name, call in each.items():
            took = measured(call)
            if turn:  # the first is warming up
                taken[name].append(took)
    middle = {name: statistics.median(times) for name, times in taken.items()}
    lines = []
    for key in METHODS:
        quarters = statistics.quantiles(taken[key], n=4)
        base = middle[f"plain {POINTS[key]}"]
        theirs = [
            f"{took / middle[key]:.2f}" for name, took in middle.items() if f"captum {key}" in name
        ]
        lines.append(
            f"| {key}, {width} units | {middle[key]:.1f} ({quarters[0]:.1f}–{quarters[2]:.1f}) | "
            f"{base:.1f} | {middle[key] / base:.2f} | {' / '.join(theirs)} |"
        )
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print("| what | ms (quartiles) | plain passes, ms | × plain | captum × ours |")
    print("|---|---|---|---|---|")
    for width in (64, 256):
        print("\n".join(row(width, rounds)))


if __name__ == "__main__":
    main()
