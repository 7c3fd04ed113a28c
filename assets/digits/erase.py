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
    "DeepLIFT Rescale": {"method": "deeplift", "rule": "rescale"},
    "Integrated Gradients": {"method": "integrated_gradients", "steps": 64},
    "gradient × input": {"method": "gradient_x_input"},
}
TASKS = ((8, 3), (8, 6), (9, 1), (4, 1))
ERASED = 64 // 5


def erased(pictures: Tensor, scores: Tensor) -> Tensor:
    """The pictures with their highest positive scores blackened, at most ERASED of them."""
    flat = scores.flatten(1)
    top = flat.topk(ERASED, 1)
    keep = torch.ones_like(flat).scatter(1, top.indices, (top.values <= 0).to(flat.dtype))
    return pictures * keep.view(pictures.shape)


def fall(model, pictures: Tensor, a: int, b: int, way: dict) -> Tensor:
    """How far the log-odds of a over b fall for each picture."""
    scores = explain(model, pictures, baseline="zeros", target=(a, b), **way).scores
    with torch.no_grad():
        odds = [y[:, a] - y[:, b] for y in map(model, (pictures, erased(pictures, scores)))]
    return odds[0] - odds[1]


def main() -> None:
    """Print the table in Markdown."""
    torch.set_num_threads(1)
    model = trained()
    pictures, labels, held = digits()
    print(f"| method | {' | '.join(f'{a} → {b}' for a, b in TASKS)} |")
    print(f"|---|{'---|' * len(TASKS)}")
    for name, way in WAYS.items():
        cells = []
        for a, b in TASKS:
            change = fall(model, pictures[held & (labels == a)], a, b, way)
            error = change.std() / len(change) ** 0.5
            cells.append(f"{change.mean():.2f} ± {error:.2f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
