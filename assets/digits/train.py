"""Trains the small CNN on scikit-learn's 8×8 digits: python -m assets.digits.train.

Writes the weights, twelve held-out digits as samples, and the card. Seeded; 1,797 pictures, every
fifth held out. With --samples the stored weights are kept and only samples and card are written.
The digits: E. Alpaydin & C. Kaynak 1998, "Optical recognition of handwritten digits", UCI Machine
Learning Repository (CC BY 4.0), its test set as distributed with scikit-learn.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from assets.cards import write_card
from explainers.models.zoo.demo_networks import DigitNet

FOLDER = Path(__file__).resolve().parent
WEIGHTS = FOLDER / "digits.safetensors"
SAMPLES = (8, 8, 8, 9, 9, 4, 4, 3, 6, 1, 5, 2)


def digits() -> tuple[Tensor, Tensor, Tensor]:
    """(pictures (1797, 1, 8, 8), labels, whether held out)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pictures = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
    return pictures, torch.tensor(data.target), torch.arange(len(pictures)) % 5 == 0


def trained() -> nn.Module:
    """The network with the stored weights, in eval mode."""
    model = DigitNet().eval()
    model.load_state_dict(load_file(WEIGHTS))
    return model


def write_samples(pictures: Tensor, labels: Tensor, held: Tensor) -> None:
    """Held-out digits as grey PNGs of 8 × 8 pixels, and samples/index.json.

    What the network names wrongly is told there, not left out.
    """
    folder, taken, entries = FOLDER / "samples", [], []
    folder.mkdir(exist_ok=True)
    for order, digit in enumerate(SAMPLES):
        fitting = torch.nonzero(held & (labels == digit)).flatten().tolist()
        taken.append(next(k for k in fitting if k not in taken))
        name = f"{order + 1:02d}_{digit}"
        values = (pictures[taken[-1], 0] * 255).round().byte().numpy()
        Image.fromarray(values).save(folder / f"{name}.png")
        with torch.no_grad():
            named = trained()(pictures[taken[-1:]]).argmax().item()
        title = f"A {digit}" if named == digit else f"A {digit}, taken for a {named}"
        entries.append(
            {
                "name": name,
                "title": title,
                "label": str(digit),
                "named": str(named),
                "picture": f"{name}.png",
            }
        )
    text = json.dumps(entries, indent=1)
    (folder / "index.json").write_text(text + "\n", encoding="utf-8")


def card(figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "digits",
        "title": "Handwritten digits",
        "description": "Names digits in grey pictures of 8 × 8 pixels, ink bright on black.",
        "kind": "picture",
        "network": "DigitNet",
        "arguments": {},
        "weights": WEIGHTS.name,
        "data": "samples/index.json",
        "size": 8,
        "shape": [1, 8, 8],
        "channels": 1,
        "mean": [0.0],
        "std": [1.0],
        "outputs": [str(digit) for digit in range(10)],
        "answers": "classes",
        "link": "softmax",
        "baseline": "zeros",
        "key": {
            "says": "Erasing the pixels that speak for a digit rather than another turns it into "
            "the other.",
            "pairs": [[8, 3], [8, 6], [9, 1], [4, 1]],
        },
        "figures": figures,
        "source": "E. Alpaydin & C. Kaynak 1998, Optical recognition of handwritten digits, UCI "
        "Machine Learning Repository, CC BY 4.0; as distributed with scikit-learn.",
    }


def fit(pictures: Tensor, labels: Tensor, epochs: int) -> nn.Module:
    """A network after Adam on the cross-entropy, batches of 64."""
    model = DigitNet()
    learner = torch.optim.Adam(model.parameters(), 2e-3, weight_decay=1e-4)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(64):
            learner.zero_grad()
            F.cross_entropy(model(pictures[batch]), labels[batch]).backward()
            learner.step()
    return model.eval()


def main(*asked: str, epochs: int = 30) -> None:
    """Train, tell the held-out accuracy, store."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    pictures, labels, held = digits()
    started = time.perf_counter()
    if "--samples" not in asked:
        save_file(fit(pictures[~held], labels[~held], epochs).state_dict(), WEIGHTS)
        print(f"{WEIGHTS.name} written after {time.perf_counter() - started:.0f} s")
    with torch.no_grad():
        right = (trained()(pictures[held]).argmax(1) == labels[held]).float().mean().item()
    write_samples(pictures, labels, held)
    figures = {
        "training_pictures": int((~held).sum()),
        "held_out_pictures": int(held.sum()),
        "held_out_accuracy": round(right, 4),
        "seed": 0,
    }
    write_card(FOLDER, card(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
