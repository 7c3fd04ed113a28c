"""Trains a network on Sobol's g-function, whose sensitivity indices are known.

y = Π (|4 xᵢ − 2| + aᵢ)/(1 + aᵢ), each x uniform on (0, 1), a = (0, 1, 4.5, 9, 99, 99, 99, 99):
Saltelli & Sobol 1995, "About the use of rank transformation in sensitivity analysis of model
output", Reliability Engineering & System Safety 50. The larger aᵢ, the less xᵢ matters; the last
four hardly at all. The squared error of a product of kinks is hard to bring down, so that the
network's first layer is wide.

Run from the root of the repository: python -m assets.g_function.train
"""

import itertools
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
A = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
COLUMNS = [f"x{k + 1}" for k in range(len(A))]
ARGUMENTS = {"inputs": 8, "hidden": [64, 48], "outputs": 1, "activation": "gelu"}
TRAINING, ROWS = 30_000, 1_000
SEED, SAMPLE_SEED = 0, 1
MEAN, STD = 0.5, 12**-0.5


def g_function(x: np.ndarray) -> np.ndarray:
    """The function: (N, 8) to (N,)."""
    return ((np.abs(4 * x - 2) + A) / (1 + A)).prod(1)


def indices() -> dict[str, list[float]]:
    """Closed forms: the variance, Sobol's first and total indices, Shapley effects.

    Any set of inputs makes the product of their Vᵢ = 1/(3 (1 + aᵢ)²) of the variance.
    """
    parts = (1 / (3 * (1 + A) ** 2)).tolist()
    first, total, effects = (np.zeros(len(A)) for _ in range(3))
    for size in range(1, len(A) + 1):
        for together in map(list, itertools.combinations(range(len(A)), size)):
            part = math.prod(parts[k] for k in together)
            total[together] += part
            effects[together] += part / size
            first[together] += part * (size == 1)
    variance = effects.sum()
    return {
        "variance": [float(variance)],
        "first": (first / variance).tolist(),
        "total": (total / variance).tolist(),
        "effects": (effects / variance).tolist(),
    }


def card(figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "g_function",
        "title": "Sobol's g-function",
        "description": "A network that learned a product of eight inputs whose importance is "
        "known: the first matters most, the last four hardly at all.",
        "kind": "table",
        "network": "MLP",
        "arguments": ARGUMENTS,
        "weights": "g_function.safetensors",
        "data": "g_function.csv",
        "shape": [len(A)],
        "columns": COLUMNS,
        "target": "y",
        "mean": [MEAN] * len(A),
        "std": [round(STD, 6)] * len(A),
        "outputs": ["y"],
        "answers": "numbers",
        "link": "identity",
        "baseline": "mean",
        "key": {
            "says": "The shares of the variance of y are known in closed form.",
            "rule": "the product of (|4 xᵢ − 2| + aᵢ)/(1 + aᵢ)",
            "a": A.tolist(),
            **indices(),
        },
        "figures": figures,
        "source": "Drawn by assets/g_function/train.py.",
    }


def main(epochs: int = 60) -> None:
    """Train, write the weights, the sample table and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    started = time.perf_counter()
    generator = np.random.default_rng(SEED)

    def standardised(x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy((x - MEAN) / STD).float()

    known = generator.uniform(0, 1, (TRAINING, len(A)))
    held_out = generator.uniform(0, 1, (5_000, len(A)))
    y, right = (torch.from_numpy(g_function(x)).float()[:, None] for x in (known, held_out))
    model = MLP(**ARGUMENTS)
    fit(model, standardised(known), (y - y.mean(0)) / y.std(0), epochs)
    answer_in_units(model[-1], y.mean(0), y.std(0))
    save_file(model.state_dict(), FOLDER / "g_function.safetensors")
    x = even_rows(ROWS, len(A), 0, 1, SAMPLE_SEED).round(4)
    table = np.column_stack([x, g_function(x)])
    (FOLDER / "g_function.csv").write_text(csv_lines([*COLUMNS, "y"], table, 4), encoding="utf-8")
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
