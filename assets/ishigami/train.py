"""Trains a network on the Ishigami function, whose sensitivity indices are known.

y = sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1, each x uniform on (−π, π): Ishigami & Homma 1990, "An
importance quantification technique in uncertainty analysis", ISUMA '90. x3 alone changes nothing
in the mean; together with x1 it does.

Run from the root of the repository: python -m assets.ishigami.train
"""

import math
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from assets.cards import write_card
from assets.fitting import answer_in_units, csv_lines, even_rows, fit, r2
from explainers.models.zoo.demo_networks import MLP

FOLDER = Path(__file__).resolve().parent
COLUMNS = ["x1", "x2", "x3"]
ARGUMENTS = {"inputs": 3, "hidden": [48, 48], "outputs": 1, "activation": "tanh"}
A, B = 7.0, 0.1
TRAINING, ROWS = 10_000, 1_000
SEED, SAMPLE_SEED = 0, 1


def ishigami(x: np.ndarray) -> np.ndarray:
    """The function: (N, 3) to (N,)."""
    return np.sin(x[:, 0]) * (1 + B * x[:, 2] ** 4) + A * np.sin(x[:, 1]) ** 2


def indices() -> dict[str, list[float]]:
    """Closed forms: the variance, Sobol's first and total indices, Shapley effects."""
    alone = [0.5 * (1 + B * math.pi**4 / 5) ** 2, A**2 / 8, 0.0]
    together = B**2 * math.pi**8 * (1 / 18 - 1 / 50)  # of x1 with x3; there is no other
    variance = sum(alone) + together
    first, joint = np.array(alone) / variance, np.array([together, 0.0, together]) / variance
    return {
        "variance": [variance],
        "first": first.tolist(),
        "total": (first + joint).tolist(),
        "effects": (first + joint / 2).tolist(),
    }


def card(figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "ishigami",
        "title": "The Ishigami function",
        "description": "A network that learned a function of three inputs whose importance is "
        "known: the third matters only together with the first.",
        "kind": "table",
        "network": "MLP",
        "arguments": ARGUMENTS,
        "weights": "ishigami.safetensors",
        "data": "ishigami.csv",
        "shape": [3],
        "columns": COLUMNS,
        "target": "y",
        "mean": [0.0] * 3,
        "std": [round(math.pi / 3**0.5, 6)] * 3,
        "outputs": ["y"],
        "answers": "numbers",
        "link": "identity",
        "baseline": "mean",
        "key": {
            "says": "The shares of the variance of y are known in closed form.",
            "rule": "sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1",
            **indices(),
        },
        "figures": figures,
        "source": "Drawn by assets/ishigami/train.py.",
    }


def main(epochs: int = 300) -> None:
    """Train, write the weights, the sample table and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    started = time.perf_counter()
    told = card({})
    generator = np.random.default_rng(SEED)

    def standardised(x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(x / told["std"][0]).float()

    known = generator.uniform(-math.pi, math.pi, (TRAINING, 3))
    held_out = generator.uniform(-math.pi, math.pi, (5_000, 3))
    y, right = (torch.from_numpy(ishigami(x)).float()[:, None] for x in (known, held_out))
    model = MLP(**ARGUMENTS)
    fit(model, standardised(known), (y - y.mean(0)) / y.std(0), epochs, rate=1e-2)
    answer_in_units(model[-1], y.mean(0), y.std(0))
    save_file(model.state_dict(), FOLDER / "ishigami.safetensors")
    x = even_rows(ROWS, 3, -math.pi, math.pi, SAMPLE_SEED).round(4)
    table = np.column_stack([x, ishigami(x)])
    (FOLDER / "ishigami.csv").write_text(csv_lines([*COLUMNS, "y"], table, 4), encoding="utf-8")
    figures = {
        "training_rows": TRAINING,
        "held_out_rows": len(held_out),
        "held_out_r2": r2(model, standardised(held_out), right),
        "seconds_training": round(time.perf_counter() - started, 1),
        "seed": SEED,
    }
    write_card(FOLDER, card(figures))


if __name__ == "__main__":
    main()
