"""Trains a network on a table whose every column's contribution is known.

96 columns, each uniform on (−1, 1); y = Σ c_k x_k with 32 coefficients (i + 1)/32, 32 of
−(i + 1)/32 and 32 of 0. Three steps: an ordinary network; going on with a penalty on all the
weights of a column together (group lasso, by proximal steps), under which the columns that tell
nothing lose all their weights; and going on without the penalty, with those weights left at zero.
Without the last two a rank correlation over all columns cannot pass 0.981, because 32 expected
contributions tie at zero; what the first step alone reaches is told too.

Run from the root of the repository: python -m assets.additive.train
"""

import time

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from assets.additive.answer_key import COEFFICIENTS, FOLDER, compare_with_key
from assets.cards import write_card
from explainers.models.zoo.demo_networks import MLP

COLUMNS = [f"x{k + 1:02d}" for k in range(96)]
ARGUMENTS = {"inputs": 96, "hidden": [64, 64], "outputs": 1, "activation": "gelu"}
SEED, SAMPLE_SEED, ROWS = 0, 1, 200
LOST = 1e-3  # norm of a column's weights at which it counts as gone


def rows(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """(x (count, 96), y (count,))."""
    x = np.random.default_rng(seed).uniform(-1, 1, (count, 96))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(x @ COEFFICIENTS).float()


def fit(
    model: MLP,
    data: tuple[Tensor, Tensor],
    epochs: int,
    rate: float,
    penalty: float = 0.0,
    kept: Tensor | None = None,
) -> None:
    """Adam on the squared error, its rate falling to zero along a cosine."""
    x, y = data
    learner = torch.optim.Adam(model.parameters(), rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(learner, epochs * -(-len(x) // 256))
    first = model[0].weight
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(256):
            learner.zero_grad()
            (model(x[batch]).squeeze(1) - y[batch]).square().mean().backward()
            learner.step()
            with torch.no_grad():
                if penalty:
                    step = penalty * falling.get_last_lr()[0]
                    first *= (1 - step / first.norm(dim=0).clamp_min(1e-12)).clamp_min(0)
                if kept is not None:
                    first *= kept
            falling.step()


def card(figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "additive",
        "title": "Synthetic table: a weighted sum of 96 columns",
        "description": "A network that learned y = Σ cₖ xₖ from a table: 32 columns push up, 32 "
        "push down, 32 are noise, and the contribution of each is known.",
        "kind": "table",
        "network": "MLP",
        "arguments": ARGUMENTS,
        "weights": "additive.safetensors",
        "data": "additive.csv",
        "shape": [96],
        "columns": COLUMNS,
        "target": "y",
        "mean": [0.0] * 96,
        "std": [1.0] * 96,
        "outputs": ["y"],
        "answers": "numbers",
        "link": "identity",
        "baseline": "zeros",
        "key": {
            "says": "From zeros, column k contributes cₖ xₖ.",
            "coefficients": COEFFICIENTS.tolist(),
        },
        "figures": figures,
        "source": "Drawn by assets/additive/train.py.",
    }


def main() -> None:
    """Train, write the weights, the sample table and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    started = time.perf_counter()
    data, held_out = rows(40_000, SEED), rows(2_000, SAMPLE_SEED + 1)
    model = MLP(**ARGUMENTS)
    fit(model, data, 12, 3e-3)
    ordinary = compare_with_key(model, held_out[0][:100])
    fit(model, data, 12, 1e-3, penalty=1.0)
    kept = (model[0].weight.norm(dim=0) > LOST).float()
    fit(model, data, 15, 2e-3, kept=kept)
    with torch.no_grad():
        error = (model(held_out[0]).squeeze(1) - held_out[1]).square().mean()
    save_file(model.state_dict(), FOLDER / "additive.safetensors")

    x = np.random.default_rng(SAMPLE_SEED).uniform(-1, 1, (ROWS, 96)).round(3)
    table = np.column_stack([x, x @ COEFFICIENTS])
    header = ",".join([*COLUMNS, "y"])
    np.savetxt(FOLDER / "additive.csv", table, "%.3f", ",", header=header, comments="")
    figures = {
        "training_rows": len(data[0]),
        "held_out_rows": len(held_out[0]),
        "held_out_r2": round(1 - (error / held_out[1].var()).item(), 7),
        "columns_kept": int(kept.sum()),
        "after_the_first_step": ordinary,
        "seconds_training": round(time.perf_counter() - started),
        "seed": SEED,
    }
    write_card(FOLDER, card(figures))


if __name__ == "__main__":
    main()
