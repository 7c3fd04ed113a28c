"""Trains a network on the Lorenz-96 system, whose slopes are known, from few states of it.

dxᵢ/dt = (xᵢ₊₁ − xᵢ₋₂) xᵢ₋₁ − xᵢ + F on a ring of 8 variables, F = 8, which moves for ever without
repeating itself: Lorenz 1996, "Predictability: a problem partly solved". Each variable damps
itself: its own slope is −1 everywhere. The network is to tell the eight derivatives from the eight
variables, and learns from too few states for that: its answers are good, its slopes less so.

Run from the root of the repository: python -m assets.lorenz.train
"""

import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from assets.cards import write_card
from assets.fitting import answer_in_units, csv_lines, fit, r2
from explainers.models.zoo.demo_networks import MLP

FOLDER = Path(__file__).resolve().parent
VARIABLES, FORCE = 8, 8.0
COLUMNS = [f"X{k + 1}" for k in range(VARIABLES)]
OUTPUTS = [f"d{name}/dt" for name in COLUMNS]
ARGUMENTS = {
    "inputs": VARIABLES,
    "hidden": [64],
    "outputs": VARIABLES,
    "activation": "tanh",
}
TRAINING, ROWS = 1_000, 500
STEP, EVERY, SPIN_UP = 0.01, 20, 1_000
SEED = 0


def derivatives(x: np.ndarray) -> np.ndarray:
    """dx/dt of states (N, 8), or of one."""
    near, before, far = np.roll(x, -1, -1), np.roll(x, 1, -1), np.roll(x, 2, -1)
    return (near - far) * before - x + FORCE


def states(count: int, seed: int) -> np.ndarray:
    """States (count, 8) on the way of the system, 0.2 units of time apart, by Runge-Kutta."""
    x = FORCE + np.random.default_rng(seed).standard_normal(VARIABLES)
    found = np.empty((count, VARIABLES))
    for step in range(SPIN_UP + count * EVERY):
        a = derivatives(x)
        b = derivatives(x + STEP / 2 * a)
        c = derivatives(x + STEP / 2 * b)
        d = derivatives(x + STEP * c)
        x = x + STEP / 6 * (a + 2 * b + 2 * c + d)
        at = step - SPIN_UP
        if at >= 0 and at % EVERY == 0:
            found[at // EVERY] = x
    return found


def card(mean: np.ndarray, std: np.ndarray, figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "lorenz",
        "title": "Lorenz-96, weather on a ring",
        "description": "Tells from eight variables how fast each of them changes. The equations "
        "are known, and so is every slope that the network should have.",
        "kind": "table",
        "network": "MLP",
        "arguments": ARGUMENTS,
        "weights": "lorenz.safetensors",
        "data": "lorenz.csv",
        "shape": [VARIABLES],
        "columns": COLUMNS,
        "mean": [float(f"{v:.6g}") for v in mean],
        "std": [float(f"{v:.6g}") for v in std],
        "outputs": OUTPUTS,
        "answers": "numbers",
        "link": "identity",
        "baseline": "mean",
        "key": {
            "says": "Of dXᵢ/dt the slope by Xᵢ is −1, by Xᵢ₊₁ it is Xᵢ₋₁, by Xᵢ₋₂ −Xᵢ₋₁, and by "
            "Xᵢ₋₁ it is Xᵢ₊₁ − Xᵢ₋₂; all others are 0.",
            "force": FORCE,
        },
        "figures": figures,
        "source": "Drawn by assets/lorenz/train.py.",
    }


def main(epochs: int = 150) -> None:
    """Train, write the weights, the sample table and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    started = time.perf_counter()
    known, held_out = states(TRAINING, SEED), states(2_000, SEED + 1)
    mean, std = known.mean(0), known.std(0)

    def standardised(x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy((x - mean) / std).float()

    y, right = (torch.from_numpy(derivatives(x)).float() for x in (known, held_out))
    model = MLP(**ARGUMENTS)
    fit(model, standardised(known), (y - y.mean(0)) / y.std(0), epochs, batch=64)
    answer_in_units(model[-1], y.mean(0), y.std(0))
    save_file(model.state_dict(), FOLDER / "lorenz.safetensors")
    text = csv_lines(COLUMNS, held_out[:ROWS], 4)
    (FOLDER / "lorenz.csv").write_text(text, encoding="utf-8")
    figures = {
        "training_rows": TRAINING,
        "training_r2": r2(model, standardised(known), y),
        "held_out_rows": len(held_out),
        "held_out_r2": r2(model, standardised(held_out), right),
        "seconds_training": round(time.perf_counter() - started, 1),
        "seed": SEED,
    }
    write_card(FOLDER, card(mean, std, figures))


if __name__ == "__main__":
    main()
