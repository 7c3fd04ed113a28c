"""Importance over a data set: how often intervals hold the truth, and what the numbers cost.

`python -m tests.bench.importance coverage` draws the rows of three functions anew 200 times and
counts how often the 95 % interval holds the number of the closed form. `… times` gives seconds on
1,000 rows of 10 columns, and the overhead of N (p + 2) evaluations over plain passes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "importance"))
from known_variances import F64, KNOWN  # noqa: E402

from explainers import IMPORTANCE, explain_dataset  # noqa: E402
from explainers.importance.opening import open_dataset  # noqa: E402
from explainers.importance.variance import sobol  # noqa: E402
from explainers.importance.variance.estimators.pairs import Pairs  # noqa: E402

ROWS, REPETITIONS = 400, 200
OPTIONS = {
    "permutation": {},
    "sobol": {"samples": 1024},
    "shapley_effects": {"samples": 1024},
    "dgsm": {},
    "partial_derivatives": {},
}
NU = {
    "ishigami": torch.tensor([7.719588, 24.5, 10.987305], dtype=F64),
    "linear": torch.tensor([9.0, 4, 1, 0.25, 0], dtype=F64),
}


def truths(name: str) -> dict[str, torch.Tensor]:
    """Method → the numbers that it should find, if all rows there are were given."""
    known = KNOWN[name]
    found = {
        "permutation": 2 * known.variance * known.total,
        "sobol": known.total,
        "shapley_effects": known.effects,
    }
    if name in NU:
        found |= {"dgsm": NU[name], "partial_derivatives": NU[name] / NU[name].sum()}
    return found


def coverage(repetitions: int) -> None:
    """Of features that matter, the share of repetitions whose interval holds the truth."""
    print(f"{ROWS} random rows, {repetitions} times: share of intervals that hold the truth")
    for name, known in KNOWN.items():
        truth = truths(name)
        held: dict[str, torch.Tensor] = {key: torch.zeros(known.features) for key in truth}
        for seed in range(repetitions):
            table = explain_dataset(
                known.function,
                known.random_rows(ROWS, seed),
                methods=list(truth),
                options={key: OPTIONS[key] for key in truth if OPTIONS[key]},
                seed=seed,
            )
            for key, low, high in zip(table.methods, table.low, table.high, strict=True):
                # Numbers of the closed form have six digits.
                near = 1e-5 * truth[key].abs().max()
                held[key] += (low - near <= truth[key]) & (truth[key] <= high + near)
        for key, count in held.items():
            shares = " ".join(f"{share:.3f}" for share in (count / repetitions).tolist())
            print(f"{name:12} {key:20} mean {float(count.mean()) / repetitions:.3f}  each {shares}")


def times() -> None:
    """Seconds to the first table and to all of them, and the overhead over plain passes."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    x = torch.randn(1000, 10)
    labels = net(x)[:, 0].detach() + 0.1 * torch.randn(1000)
    without = [key for key, entry in IMPORTANCE.items() if entry.family != "retraining"]
    for name in ("cold", "warm"):
        started, first = time.perf_counter(), []
        table = explain_dataset(
            net,
            x,
            labels,
            methods=without,
            partial=lambda _, s=started, f=first: f.append(time.perf_counter() - s),
        )
        print(f"{name}: first table {first[0]:.2f} s, all {len(without)} {table.seconds:.2f} s")
    steps = torch.tensor([0.0, *first]).diff().tolist()
    for key, seconds in zip(table.methods, steps, strict=True):
        print(f"  {key:22} {seconds:6.2f} s  {table.evaluations[key]:>10,} evaluations")
    overhead(net)


def overhead(net: nn.Module, samples: int = 16_384, rounds: int = 5) -> None:
    """Sobol's N (p + 2) evaluations against as many plain passes in batches of the same size."""
    x = torch.randn(samples, 10)
    swaps = torch.cat([torch.zeros(1, 10), torch.ones(1, 10), torch.eye(10)]) > 0
    found: dict[str, list[float]] = {"plain": [], "evaluations": [], "with intervals": []}
    with open_dataset(net, x) as (context, _):
        pairs = Pairs.drawn(context, samples, "bench")
        ways = {
            "plain": lambda: [context.passes.outputs(x) for _ in swaps],
            "evaluations": lambda: pairs.ask(context, len(swaps), lambda number: swaps[number]),
            "with intervals": lambda: sobol.importance(context, sobol.Options(samples=samples)),
        }
        for _ in range(rounds):
            for name, way in ways.items():
                started = time.process_time()
                way()
                found[name].append(time.process_time() - started)
    print(f"{samples:,} × (10 + 2) evaluations, best of {rounds}, CPU seconds:")
    for name, seconds in found.items():
        print(f"  {name:15} {min(seconds):.3f} s, × {min(seconds) / min(found['plain']):.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["coverage", "times"])
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    given = parser.parse_args()
    coverage(given.repetitions) if given.what == "coverage" else times()
