"""Trains the small CNN on scikit-learn's 8×8 digits: python -m assets.digits.train.

Writes digits.safetensors beside itself: the weights, with the accuracy on held-out digits told on
the way. Seeded; 1,797 pictures, every fifth held out.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("digits.safetensors")


def network() -> nn.Module:
    """Two convolutions, a hidden layer, ten logits; inputs (N, 1, 8, 8), 0 is paper, 1 ink."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def digits() -> tuple[Tensor, Tensor, Tensor]:
    """(pictures (1797, 1, 8, 8), labels, whether held out)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pictures = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
    return pictures, torch.tensor(data.target), torch.arange(len(pictures)) % 5 == 0


def trained() -> nn.Module:
    """The network with the stored weights, in eval mode."""
    model = network().eval()
    model.load_state_dict(load_file(WEIGHTS))
    return model


def main(epochs: int = 30) -> None:
    """Train, tell the held-out accuracy, store."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    pictures, labels, held = digits()
    model = network()
    learner = torch.optim.Adam(model.parameters(), 2e-3, weight_decay=1e-4)
    known = torch.nonzero(~held).flatten()
    for _ in range(epochs):
        for batch in known[torch.randperm(len(known))].split(64):
            learner.zero_grad()
            F.cross_entropy(model(pictures[batch]), labels[batch]).backward()
            learner.step()
    with torch.no_grad():
        right = (model.eval()(pictures[held]).argmax(1) == labels[held]).float().mean()
    save_file(model.state_dict(), WEIGHTS)
    print(f"{100 * right:.1f} % of {int(held.sum())} held-out digits right; {WEIGHTS.name} written")


if __name__ == "__main__":
    main()
