"""What all slopes of all outputs cost, against torch.func: `python -m tests.bench.speed.jacobian`.

Ways take turns in one process; medians of CPU time on one thread. Every timed answer is compared
with the one in float64.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
import warnings
from collections.abc import Callable

import torch
import torchvision
from torch import Tensor, nn
from torch.func import jacfwd, jacrev, vmap

from explainers import jacobian


def cases() -> dict[str, tuple[nn.Module, Tensor]]:
    """Name → network and inputs."""
    torch.manual_seed(0)
    wide = nn.Sequential(nn.Linear(40, 64), nn.Tanh(), nn.Linear(64, 40)).eval()
    one = nn.Sequential(nn.Linear(96, 64), nn.Tanh(), nn.Linear(64, 1)).eval()
    return {
        "1,000 × (40 → 40) MLP": (wide, torch.randn(1000, 40)),
        "1,000 × (96 → 1) MLP": (one, torch.randn(1000, 96)),
        "resnet18, 100 outputs, 64²": (
            torchvision.models.resnet18(num_classes=100).eval(),
            torch.randn(1, 3, 64, 64),
        ),
    }


def ways(model: nn.Module, x: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Name → what is timed; forward mode only where it ends within the hour."""

    def alone(point: Tensor) -> Tensor:
        return model(point[None])[0]

    found = {
        "ours": lambda: jacobian(model, x),
        "vmap(jacrev)": lambda: vmap(jacrev(alone))(x).detach(),
    }
    if x[0].numel() < 1000:
        found["vmap(jacfwd)"] = lambda: vmap(jacfwd(alone))(x).detach()
    return found


def row(name: str, model: nn.Module, x: Tensor, rounds: int) -> str:
    """One line of the table."""
    each = ways(model, x)
    (exact,) = (jacobian(copy.deepcopy(model).double(), x.double()),)
    taken: dict[str, list[float]] = {way: [] for way in each}
    for turn in range(rounds + 1):
        for way, call in each.items():
            started = time.process_time()
            found = call()
            taken[way].append(1e3 * (time.process_time() - started))
            if not turn:  # the first is warming up
                taken[way].clear()
                near = float((found - exact).abs().max() / exact.abs().max())
                assert near < 1e-4, f"{way} is {near} off"
    middle = {way: statistics.median(times) for way, times in taken.items()}
    ours, *theirs = middle.values()
    low, _, high = statistics.quantiles(taken["ours"], n=4)
    words = ", ".join(f"{way} {took:.1f}" for way, took in middle.items() if way != "ours")
    return f"| {name} | {ours:.1f} ({low:.1f}–{high:.1f}) | {words} | {ours / min(theirs):.2f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("| what | ms (quartiles) | torch.func, ms | × the best of them |\n|---|---|---|---|")
    for name, (model, x) in cases().items():
        print(row(name, model, x, rounds))


if __name__ == "__main__":
    main()
