"""Trains stacked LSTMs on series whose third variable tells nothing.

250 series of 10 steps, three variables uniform on [0, 1); at every step the network is to answer
1 where x1 · x2 < 0.25 and 0 elsewhere. LSTMs of 10, 5 and 1 units. Few epochs, because with many
more so few series are learned by heart, with their noise.

Run from the root of the repository: python -m assets.lstm.train
"""

import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from assets.cards import write_card
from explainers.models.zoo.demo_networks import SeriesLSTM, Standardised

FOLDER = Path(__file__).resolve().parent
ARGUMENTS = {"variables": 3, "units": [10, 5, 1]}
VARIABLES, STEPS, SERIES, THRESHOLD = ["x1", "x2", "x3"], 10, 250, 0.25
SEED, SAMPLE_SEED = 0, 1


def series(count: int, seed: int) -> Tensor:
    """Series (count, 10, 3), rounded to four decimals as in the sample file."""
    values = np.random.default_rng(seed).random((count, STEPS, 3))
    return torch.tensor(values.round(4), dtype=torch.float32)


def truth(x: Tensor) -> Tensor:
    """What the network is to answer: (count, 10), 1 where x1 · x2 < 0.25."""
    return (x[..., 0] * x[..., 1] < THRESHOLD).float()


def fit(model: nn.Module, x: Tensor, epochs: int) -> None:
    """Adam on the squared error, batches of 50 series, the rate falling along a cosine."""
    learner = torch.optim.Adam(model.parameters(), 1e-2)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(learner, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(50):
            learner.zero_grad()
            (model(x[batch]) - truth(x[batch])).square().mean().backward()
            learner.step()
        falling.step()


@torch.no_grad()
def quality(model: nn.Module, x: Tensor) -> dict[str, float]:
    """Share of the steps that are answered right (on which side of one half), and the error."""
    answer, right = model(x), truth(x)
    return {
        "accuracy": round(((answer > 0.5) == (right > 0.5)).float().mean().item(), 4),
        "root_mean_square_error": round((answer - right).square().mean().sqrt().item(), 4),
    }


def card(figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "lstm",
        "title": "Synthetic time series: is x1 · x2 small?",
        "description": "Stacked LSTMs that say at every step whether x1 · x2 is below 0.25; x3 is "
        "noise.",
        "kind": "series",
        "network": "SeriesLSTM",
        "arguments": ARGUMENTS,
        "weights": "lstm.safetensors",
        "data": "lstm.csv",
        "shape": [STEPS, 3],
        "steps": STEPS,
        "variables": VARIABLES,
        "mean": [0.5] * 3,
        "std": [round(12**-0.5, 6)] * 3,
        "outputs": [f"step {k + 1}" for k in range(STEPS)],
        "answers": "numbers",
        "link": "identity",
        "baseline": "mean",
        "key": {
            "says": "The answer to a step depends on x1 and x2 of that step alone, never on x3.",
            "rule": "x1 * x2 < 0.25",
            "important": ["x1", "x2"],
            "noise": ["x3"],
        },
        "figures": figures,
        "source": "Drawn by assets/lstm/train.py.",
    }


def main(epochs: int = 60) -> None:
    """Train, write the weights, the sample series and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    started = time.perf_counter()
    known, held_out = series(SERIES, SEED), series(SERIES, SAMPLE_SEED)
    model = SeriesLSTM(**ARGUMENTS)
    told = card({})
    whole = Standardised(model, told["mean"], told["std"])
    fit(whole, known, epochs)
    save_file(model.state_dict(), FOLDER / "lstm.safetensors")

    lines = ["series,step,x1,x2,x3"]
    for k, one in enumerate(held_out.tolist()):
        for step, values in enumerate(one):
            lines.append(",".join([str(k + 1), str(step + 1), *(f"{v:.4f}" for v in values)]))
    (FOLDER / "lstm.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    figures = {
        "training_series": SERIES,
        "training": quality(whole, known),
        "held_out_series": SERIES,
        "held_out": quality(whole, held_out),
        "seconds_training": round(time.perf_counter() - started, 1),
        "seed": SEED,
    }
    write_card(FOLDER, card(figures))


if __name__ == "__main__":
    main()
