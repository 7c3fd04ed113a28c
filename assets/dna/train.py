"""Trains a convolutional network to find two motifs in DNA: python -m assets.dna.train.

Writes the weights, twelve sample sequences (dna.fasta), where their motifs were planted (dna.bed),
and the card.
"""

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from assets.cards import write_card
from assets.dna.letters import BACKGROUND, LENGTH, MOTIFS, OUTPUTS, Planted, planted
from explainers.models.zoo.demo_networks import MotifNet

FOLDER = Path(__file__).resolve().parent
ARGUMENTS = {"length": LENGTH, "outputs": 3, "filters": 24, "width": 15, "window": 40, "hidden": 32}
SEED, HELD_OUT_SEED, SAMPLE_SEED = 0, 1, 2


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """The chance that a positive scores higher than a negative, ties counting one half."""
    values, rank = np.unique(scores, return_inverse=True)
    counts = np.bincount(rank, minlength=len(values))
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[rank]
    yes = int(positive.sum())
    return float((ranks[positive].sum() - yes * (yes + 1) / 2) / (yes * (len(scores) - yes)))


def fit(model: MotifNet, data: Planted, epochs: int) -> None:
    """Adam on the cross-entropy of the three answers, the rate falling along a cosine."""
    x, y = torch.from_numpy(data.one_hot()), torch.from_numpy(data.answers)
    learner = torch.optim.Adam(model.parameters(), 2e-3, weight_decay=1e-5)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(learner, epochs * -(-len(x) // 100))
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(100):
            learner.zero_grad()
            F.binary_cross_entropy_with_logits(model(x[batch]), y[batch]).backward()
            learner.step()
            falling.step()


@torch.no_grad()
def quality(model: MotifNet, data: Planted) -> dict[str, float]:
    """The area under the ROC curve of every output."""
    logits = model.eval()(torch.from_numpy(data.one_hot())).numpy()
    return {
        name: round(auroc(logits[:, k], data.answers[:, k] > 0), 4)
        for k, name in enumerate(OUTPUTS)
    }


def card(figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "dna",
        "title": "Two motifs in DNA",
        "description": "Says of 200 letters of DNA whether a GATA-like motif, a TAL-like motif, or "
        "both were planted in them.",
        "kind": "sequence",
        "network": "MotifNet",
        "arguments": ARGUMENTS,
        "weights": "dna.safetensors",
        "data": "dna.fasta",
        "shape": [4, LENGTH],
        "letters": "ACGT",
        "mean": [0.0] * 4,
        "std": [1.0] * 4,
        "outputs": list(OUTPUTS),
        "answers": "classes",
        "link": "sigmoid",
        "baseline": "frequencies",
        "key": {
            "says": "Support for “both” lies on the planted motifs; for one motif, on its copies.",
            "spans": "dna.bed",
            "motifs": {name: table.tolist() for name, table in MOTIFS.items()},
            "background": BACKGROUND,
        },
        "figures": figures,
        "source": "Drawn by assets/dna/letters.py; motif tables set by hand, from no database.",
    }


def write_samples(sample: Planted) -> None:
    """dna.fasta, and dna.bed with name, start, end, motif, letters; starts count from 0."""
    fasta, bed = [], []
    kinds = ("both", "gata", "tal", "neither")
    for k, (word, spans) in enumerate(zip(sample.words(), sample.spans, strict=True)):
        name = f"{kinds[k % 4]}_{k // 4 + 1}"
        fasta += [f">{name}", word[:100], word[100:]]
        bed += [f"{name}\t{a}\t{b}\t{motif}\t{word[a:b]}" for motif, a, b in spans]
    (FOLDER / "dna.fasta").write_text("\n".join(fasta) + "\n", encoding="utf-8")
    (FOLDER / "dna.bed").write_text("\n".join(bed) + "\n", encoding="utf-8")


def main(count: int = 20_000, epochs: int = 8) -> None:
    """Train, write the weights, the samples and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    started = time.perf_counter()
    model = MotifNet(**ARGUMENTS)
    fit(model, planted(count, SEED), epochs)
    took = time.perf_counter() - started
    save_file(model.state_dict(), FOLDER / "dna.safetensors")
    write_samples(planted(12, SAMPLE_SEED))
    figures = {
        "training_sequences": count,
        "held_out_sequences": 4000,
        "held_out_auroc": quality(model, planted(4000, HELD_OUT_SEED)),
        "seconds_training": round(took),
        "seed": SEED,
    }
    write_card(FOLDER, card(figures))


if __name__ == "__main__":
    main()
