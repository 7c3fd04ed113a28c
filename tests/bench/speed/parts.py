"""What computing only what is changed saves: `python -m tests.bench.speed.parts CASE …`.

In-silico mutagenesis against plain passes of the bare network on the same mutants, and occlusion
against captum's. Ways take turns in one process; medians of wall time, and on one thread of CPU
time, which a busy machine disturbs less. Every timed answer is compared with one in float64; where
that would take too long, the ways are with each other.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch
import torchvision
from captum.attr import Occlusion
from torch import Tensor, nn

from explainers import explain

LETTERS, BATCH = 1000, 64


def dna(width: int, pool: int) -> nn.Module:
    """Four convolutions over DNA; with pools between them and a dense end, or without."""
    sizes = (15, 9, 9, 9) if pool == 1 else (15, 9, 5, 3)
    layers: list[nn.Module] = []
    for index, size in enumerate(sizes):
        before = width if index else 4
        layers += [nn.Conv1d(before, width, size, padding=size // 2), nn.ReLU()]
        layers += [nn.MaxPool1d(pool)] * (pool > 1 and index < 3)
    if pool == 1:
        layers += [nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(width, 1)]
    else:
        layers += [nn.Flatten(), nn.Linear(width * (LETTERS // pool**3), 1)]
    return nn.Sequential(*layers).eval()


def mutants(x: Tensor) -> Tensor:
    """All three others at every place, place by place, for one sequence (1, 4, L)."""
    points = x.repeat(3 * LETTERS, 1, 1)
    for row in range(len(points)):
        place, step = divmod(row, 3)
        points[row, :, place] = points[row, :, place].roll(step + 1)
    return points


def mutagenesis(net: nn.Module) -> tuple[dict[str, Callable[[], Tensor]], Tensor | None]:
    """The ways to all mutations' effects (3 L,), and the exact ones."""
    x = torch.eye(4)[torch.randint(4, (LETTERS,))].T[None].contiguous()
    points = mutants(x)
    letters = points.view(LETTERS, 3, 4, LETTERS).argmax(2)  # of each mutant's every place
    places = torch.arange(LETTERS)
    at = letters[places, :, places].flatten(), places.repeat_interleave(3)

    def ours() -> Tensor:
        return explain(net, x, "mutagenesis", target=0).extra["mutations"][0][at]

    def plainly(model: nn.Module = net, kind: torch.dtype = torch.float32) -> Tensor:
        with torch.no_grad():
            given = x.to(kind), points.to(kind)
            answers = torch.cat([model(part)[:, 0] for part in given[1].split(BATCH)])
            return answers - model(given[0])[0, 0]

    exact = plainly(copy.deepcopy(net).double(), torch.float64)
    return {"ours": ours, "plain passes": plainly}, exact


def occlusion(
    net: nn.Module, stride: int, each: int
) -> tuple[dict[str, Callable[[], Tensor]], Tensor | None]:
    """The ways to the map (1, 3, 224, 224) of windows of 32, and the exact one if that is quick."""
    x, target = torch.randn(1, 3, 224, 224), 3

    def ours() -> Tensor:
        return explain(net, x, "occlusion", window=32, stride=stride, target=target).scores

    def captum(model: nn.Module = net, x: Tensor = x, stride: int = stride) -> Tensor:
        with torch.no_grad():
            return Occlusion(model).attribute(
                x, (3, 32, 32), (3, stride, stride), 0, target, perturbations_per_eval=each
            )

    ways = {"ours": ours, f"captum, {each} a pass": captum}
    if stride < 16 or sum(map(torch.numel, net.parameters())) > 10**8:
        return ways, None
    return ways, captum(copy.deepcopy(net).double(), x.double())


CASES: dict[str, Callable[[], tuple[dict[str, Callable[[], Tensor]], Tensor | None]]] = {
    "mutagenesis, 4 × 64 channels": lambda: mutagenesis(dna(64, 1)),
    "mutagenesis, 4 × 128, pools of 4": lambda: mutagenesis(dna(128, 4)),
} | {
    f"occlusion, {name}, stride {stride}": lambda name=name, stride=stride: occlusion(  # type: ignore[misc]
        getattr(torchvision.models, name)().eval(), stride, 1
    )
    for name in ("resnet18", "vgg16", "resnet50", "mobilenet_v2")
    for stride in (16, 8)
}


def row(name: str, rounds: int, threads: int) -> str:
    """One line of the table."""
    torch.manual_seed(0)
    ways, exact = CASES[name]()
    clock = time.process_time if threads == 1 else time.perf_counter
    taken: dict[str, list[float]] = {way: [] for way in ways}
    off: dict[str, float] = {}
    for _ in range(rounds):
        for way, call in ways.items():
            started = clock()
            found = call()
            taken[way].append(clock() - started)
            exact = found if exact is None else exact
            off[way] = float((found - exact).abs().max() / exact.abs().max())
            assert off[way] < 1e-3, f"{way} is {off[way]} off"
    ours, other = taken
    middle = {way: statistics.median(times) for way, times in taken.items()}
    ratios = [b / a for a, b in zip(taken[ours], taken[other], strict=True)]
    spread = f"{min(ratios):.1f}–{max(ratios):.1f}"
    return (
        f"| {name} | {threads} | {middle[ours]:.2f} | {other}: {middle[other]:.2f} | "
        f"{statistics.median(ratios):.1f} ({spread}) | {off[ours]:.0e}, {off[other]:.0e} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="Parts of the cases' names; all without any.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    for name in CASES:
        if not asked.cases or any(part in name for part in asked.cases):
            print(row(name, asked.rounds, asked.threads), flush=True)


if __name__ == "__main__":
    main()
