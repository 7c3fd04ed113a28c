"""Integrated Gradients to a tolerance: how many passes it takes, beside other ways to place them.

Run: python -m tests.bench.speed.integrated_gradients [NETWORK …] [--pictures 4] [--tolerance 0.01]

Photos against black. The demo's network and EfficientNet-Lite0 are trained; torchvision's have
random weights and shaken batch norms. A pass is one forward and one backward of one point; passes
forward alone count as a third. Of Gauss–Legendre, and of NUIG (Bhat & Raychowdhury 2023,
arXiv:2302.11117: four intervals, steps by the root of the change in each) stands the least number
from which on the gap stays below the tolerance, which nobody knows before; captum is asked for 50
steps. `off`: the sum of absolute differences from a map of many steps, as a share of that map's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torchvision
from captum.attr import IntegratedGradients
from PIL import Image
from torch import Tensor, nn

from explainers import explain
from explainers.many.networks import opened
from explainers.models.zoo.imagenet.photos import photos
from explainers.models.zoo.signs import samples

CAPTUM_STEPS, INTERVALS, BATCH = 50, 4, 10
COUNTS = (8, 12, 16, 20, 24, 28, 32, 40, 50, 64, 80, 100, 128)
REFERENCE = 256
TRAINED = {"signs": (96, samples), "efficientnet_lite0": (224, photos)}
NETWORKS = ("signs", "efficientnet_lite0", "resnet18", "resnet50")


@dataclass
class Found:
    """One way's answer: passes, seconds of the processor, gap, and how far off its map is."""

    passes: float
    seconds: float
    gap: float
    off: float


def network(name: str) -> tuple[nn.Module, list[Tensor]]:
    """A network, and its pictures (1, 3, side, side)."""
    torch.manual_seed(0)
    if name in TRAINED:
        side, pictures = TRAINED[name]
        model = opened(name).model
    else:
        side, pictures = 224, photos
        model = getattr(torchvision.models, name)(weights=None).eval()
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.5, 2)
                layer.bias.data.normal_(0, 0.1)
    files = [Image.open(one.path).convert("RGB").resize((side, side)) for one in pictures()]
    values = [torch.from_numpy(np.asarray(file, np.float32) / 255) for file in files]
    return model.requires_grad_(False), [x.permute(2, 0, 1)[None] for x in values]


class Line:
    """The straight line from black to a picture, one score along it."""

    def __init__(self, model: nn.Module, x: Tensor, tolerance: float) -> None:
        self.model, self.x, self.tolerance = model, x, tolerance
        with torch.no_grad():
            self.target = int(model(x)[0].argmax())
            self.difference = float((model(x) - model(0 * x))[0, self.target])

    def scores(self, places: np.ndarray) -> np.ndarray:
        """f at places; forward alone."""
        with torch.no_grad():
            points = torch.from_numpy(places).float().view(-1, 1, 1, 1) * self.x
            return self.model(points)[:, self.target].double().numpy()

    def map(self, places: np.ndarray, weights: np.ndarray) -> Tensor:
        """Sum of weight · slope · x over places."""
        total = torch.zeros_like(self.x)
        for part in np.array_split(np.arange(len(places)), -(-len(places) // BATCH)):
            leaf = torch.from_numpy(places[part]).float().view(-1, 1, 1, 1) * self.x
            leaf.requires_grad_()
            score = self.model(leaf)[:, self.target].sum()
            slopes = torch.autograd.grad(score, leaf)[0]
            share = torch.from_numpy(weights[part]).float().view(-1, 1, 1, 1)
            total += (slopes * share).sum(0, keepdim=True) * self.x
        return total

    def gap(self, scores: Tensor) -> float:
        """As a share of the difference."""
        return abs(float(scores.double().sum()) - self.difference) / abs(self.difference)


def legendre(line: Line, count: int) -> Tensor:
    """So many points of Gauss–Legendre."""
    places, weights = np.polynomial.legendre.leggauss(count)
    return line.map((places + 1) / 2, weights / 2)


def nuig(line: Line, count: int) -> Tensor:
    """So many midpoints, more of them where the score changes."""
    edges = np.linspace(0, 1, INTERVALS + 1)
    change = np.sqrt(np.abs(np.diff(line.scores(edges))))
    steps = np.maximum(1, np.round(count * change / change.sum())).astype(int)
    places, weights = [], []
    for start, width, many in zip(edges, np.diff(edges), steps, strict=False):
        places.append(start + width * (np.arange(many) + 0.5) / many)
        weights.append(np.full(many, width / many))
    return line.map(np.concatenate(places), np.concatenate(weights))


def least(line: Line, way: Callable[[Line, int], Tensor], more: float) -> Iterator[float]:
    """The least number of passes from which on the gap stays below the tolerance."""
    good = None
    for count in reversed(COUNTS):
        if line.gap(way(line, count)) > line.tolerance:
            break
        good = count + more
    yield good if good is not None else float("inf")


def ours(line: Line) -> tuple[Tensor, float]:
    """To the tolerance."""
    given = {"target": line.target, "tolerance": line.tolerance}
    answer = explain(line.model, line.x, "integrated_gradients", **given)
    return answer.scores, answer.passes / 2


def captum(line: Line) -> tuple[Tensor, float]:
    """Its 50 steps."""
    scores = IntegratedGradients(line.model).attribute(
        line.x, target=line.target, n_steps=CAPTUM_STEPS, internal_batch_size=BATCH
    )
    return scores.float(), CAPTUM_STEPS


def row(name: str, count: int, tolerance: float) -> str:
    """One line of the table: medians over the pictures."""
    model, pictures = network(name)
    explain(model, pictures[0], "integrated_gradients", target=0, steps=2)
    found: dict[str, list[Found]] = {"ours": [], "captum": []}
    others: dict[str, list[float]] = {"legendre": [], "nuig": []}
    for x in pictures[:count]:
        line = Line(model, x, tolerance)
        exact = legendre(line, REFERENCE)
        for way, call in (("ours", ours), ("captum", captum)):
            started = time.process_time()
            scores, passes = call(line)
            took = time.process_time() - started
            off = float((scores - exact).abs().sum() / exact.abs().sum())
            found[way].append(Found(passes, took, line.gap(scores), off))
        others["legendre"] += least(line, legendre, 0)
        others["nuig"] += least(line, nuig, (INTERVALS + 1) / 3)

    def middle(way: str, what: str) -> float:
        return statistics.median(getattr(one, what) for one in found[way])

    faster = [b.seconds / a.seconds for a, b in zip(found["ours"], found["captum"], strict=True)]
    cells = [
        name,
        f"{middle('ours', 'passes'):.0f}",
        *(f"{statistics.median(passes):.0f}" for passes in others.values()),
        f"{statistics.median(faster):.2f} ({min(faster):.2f}–{max(faster):.2f})",
        *(f"{100 * middle(way, 'gap'):.2f} %" for way in found),
        *(f"{100 * middle(way, 'off'):.1f} %" for way in found),
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--tolerance", type=float, default=0.01)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(
        "| network | passes, ours | Gauss–Legendre | NUIG | captum's 50 steps, time over ours | "
        "gap, ours | captum's | off, ours | captum's |\n|---|---|---|---|---|---|---|---|---|"
    )
    for name in asked.networks:
        print(row(name, asked.pictures, asked.tolerance), flush=True)


if __name__ == "__main__":
    main()
