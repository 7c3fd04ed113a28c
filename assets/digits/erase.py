"""Erases the pixels that speak for one digit rather than another: python -m assets.digits.erase.

Shrikumar et al. 2017, section 4.1, on 8×8 digits. Of every held-out picture of digit A the pixels
with the largest contributions to A rather than B, at most a fifth of the picture and only positive
ones, are set to the baseline (black). The table shows by how much the log-odds of A over B fall:
mean over the pictures ± its standard error. Higher is better.
"""

from __future__ import annotations

import torch
from torch import Tensor

from assets.digits.train import digits, trained
from explainers import explain

WAYS = {
    "DeepLIFT RevealCancel": {"method": "deeplift", "rule": "reveal_cancel"},
    "DeepLIFT genomics": {"method": "deeplift", "rule": "genomics"},
    "DeepLIFT Rescale": {"method": "deeplift", "rule": "rescale"},
    "Integrated Gradients": {"method": "integrated_gradients", "steps": 64},
    "gradient × input": {"method": "gradient_x_input"},
    "occlusion, pixel by pixel": {
        "method": "occlusion",
        "window": (1, 1, 1),
        "stride": (1, 1, 1),
    },
}
CHANCE = "at random, among the inked pixels"
TASKS = ((8, 3), (8, 6), (9, 1), (4, 1))
ERASED = 64 // 5


def erased(pictures: Tensor, scores: Tensor) -> Tensor:
    """The pictures with their highest positive scores blackened, at most ERASED of them."""
    flat = scores.flatten(1)
    top = flat.topk(ERASED, 1)
    keep = torch.ones_like(flat).scatter(1, top.indices, (top.values <= 0).to(flat.dtype))
    return pictures * keep.view(pictures.shape)


def mapped(model, pictures: Tensor, a: int, b: int, name: str) -> Tensor:
    """Scores for a rather than b, like the pictures, by the way of that name, or by chance."""
    if name == CHANCE:
        dice = torch.rand(pictures.shape, generator=torch.Generator().manual_seed(0))
        return dice * (pictures > 0)
    return explain(model, pictures, baseline="zeros", target=(a, b), **WAYS[name]).scores


def fall(model, pictures: Tensor, a: int, b: int, name: str) -> Tensor:
    """How far the log-odds of a over b fall for each picture."""
    scores = mapped(model, pictures, a, b, name)
    with torch.no_grad():
        odds = [y[:, a] - y[:, b] for y in map(model, (pictures, erased(pictures, scores)))]
    return odds[0] - odds[1]


def main() -> dict[str, list[list[float]]]:
    """Print the table in Markdown; for every way and task the mean and its standard error."""
    torch.set_num_threads(1)
    model = trained()
    pictures, labels, held = digits()
    print(f"| method | {' | '.join(f'{a} → {b}' for a, b in TASKS)} |")
    print(f"|---|{'---|' * len(TASKS)}")
    found = {}
    for name in (*WAYS, CHANCE):
        found[name] = []
        for a, b in TASKS:
            change = fall(model, pictures[held & (labels == a)], a, b, name)
            error = change.std() / len(change) ** 0.5
            found[name].append([round(change.mean().item(), 3), round(error.item(), 3)])
        print(f"| {name} | {' | '.join(f'{m:.2f} ± {e:.2f}' for m, e in found[name])} |")
    return found


if __name__ == "__main__":
    main()
