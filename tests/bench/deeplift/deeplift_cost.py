"""What DeepLIFT costs, in units of one plain forward and backward pass on [inputs; references].

python tests/bench/deeplift/deeplift_cost.py [NAME …] prints the table. Ratios of CPU time within
one run: every round times all in turn, and the fastest of the rounds counts. Nothing is captured
beforehand; the first call of each is shown apart, which includes filling the registry of rules and
PyTorch's own warm-up. shap is not asked about many inputs, which take it minutes.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import torch
import torchvision
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[3]))
from explainers import explain  # noqa: E402
from explainers.eval_mode import evaluating  # noqa: E402
from explainers.methods.deeplift.contributions import contributions  # noqa: E402

ROUNDS, TARGET = 3, 3


def plain(model, x, b):
    """The unit: one pass forward and backward on the concatenated batch."""
    with evaluating(model):
        leaf = torch.cat([x, b]).requires_grad_()
        return torch.autograd.grad(model(leaf)[:, TARGET].sum(), leaf)[0]


def ours(rule):
    """One evaluation of a rule."""

    def call(model, x, b):
        with evaluating(model):
            return contributions(model, lambda x: model(x)[:, TARGET], x, b, rule).scores

    return call


def captum(model, x, b):
    """captum's DeepLift."""
    from captum.attr import DeepLift

    return DeepLift(model).attribute(x, b, target=TARGET)


def shap(model, x, b):
    """shap's DeepExplainer, one reference."""
    import shap

    return shap.DeepExplainer(model, b[:1]).shap_values(x, check_additivity=False)


WAYS = {
    "plain": plain,
    "rescale": ours("rescale"),
    "reveal_cancel": ours("reveal_cancel"),
    "genomics": ours("genomics"),
    "captum": captum,
    "shap": shap,
    "explain": lambda model, x, b: explain(model, x, "deeplift", b, TARGET).scores,
}


def convolutions():
    """A small network of digits of 28 px."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 49, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def perceptron():
    """Three dense layers on the same digits."""
    layers = nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
    return nn.Sequential(nn.Flatten(), *layers)


SMALL = {"small CNN": convolutions, "MLP 784–128–64–10": perceptron}


def network(name: str):
    """A small one, or torchvision's; with random weights."""
    torch.manual_seed(0)
    built = SMALL[name]() if name in SMALL else torchvision.models.get_model(name, weights=None)
    return built.eval()


def measured(name: str, count: int, side: int) -> str:
    """One row: seconds of the unit, ratios, and the first call of Rescale."""
    model, channels = network(name), 1 if name in SMALL else 3
    torch.manual_seed(0)
    x, b = torch.randn(count, channels, side, side), torch.zeros(count, channels, side, side)
    best, first, broken = {}, {}, {"shap": "not asked"} if count > 100 else {}
    for _ in range(ROUNDS + 1):
        for way, call in WAYS.items():
            if way in broken:
                continue
            started = time.process_time()
            try:
                call(model, x, b)
            except Exception as error:
                broken[way] = type(error).__name__
                model = network(name)
                continue
            took = time.process_time() - started
            if way in first:
                best[way] = min(took, best.get(way, took))
            first.setdefault(way, took)
    cells = [broken.get(way) or f"{best[way] / best['plain']:.2f}" for way in list(WAYS)[1:]]
    extra = first["rescale"] / best["plain"]
    where = f"{name}, {count:,} × {side}²"
    return f"| {where} | {best['plain']:.3f} s | {' | '.join(cells)} | {extra:.2f} |"


def main() -> None:
    """One row a model."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    lines = [
        "| model and batch | unit | rescale | reveal_cancel | genomics | captum | shap | "
        "all of `explain` | first rescale call |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    cases = [("resnet50", 2, 224), ("vgg16", 2, 224), ("vgg16", 2, 96)]
    cases += [(name, 1000, 28) for name in SMALL]
    for name, count, side in cases:
        if not sys.argv[1:] or any(part in name for part in sys.argv[1:]):
            lines.append(measured(name, count, side))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
