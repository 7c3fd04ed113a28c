"""Writes the network of NeuralNetTools' documentation, whose weights mislead.

Two inputs, two hidden units, one output; the numbers are those of the examples of `garson` and
`olden` in Beck 2018, "NeuralNetTools: Visualization and analysis tools for neural networks",
Journal of Statistical Software 85. Nothing is trained: its weights are given, and no data come with
them, so the rows are drawn from a standard normal distribution. The first hidden unit has a bias so
large that it answers 1 whatever the inputs are.

Run from the root of the repository: python -m assets.two_units.train
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from assets.cards import write_card
from assets.fitting import csv_lines
from explainers.models.zoo.demo_networks import MLP

FOLDER = Path(__file__).resolve().parent
COLUMNS = ["x1", "x2"]
ARGUMENTS = {"inputs": 2, "hidden": [2], "outputs": 1, "activation": "sigmoid"}
HIDDEN = [[13.12, 1.49, 0.16], [-0.11, -0.19, -0.16]]
"""Of each hidden unit: its bias, the weight of x1, that of x2."""
OUTPUT = [0.56, -0.52, 0.81]
"""Its bias, and the weights of the hidden units."""
ROWS, SEED = 400, 0


def network() -> MLP:
    """The network of those weights."""
    model = MLP(**ARGUMENTS)
    hidden, output = torch.tensor(HIDDEN), torch.tensor([OUTPUT])
    weights = [hidden[:, 1:], hidden[:, 0], output[:, 1:], output[:, 0]]
    with torch.no_grad():
        for given, weight in zip(model.parameters(), weights, strict=True):
            given.copy_(weight)
    return model


def known(x: np.ndarray) -> dict[str, float]:
    """How many times as much x1 matters as x2 by hand, and what the first hidden unit answers.

    By connection weights: Σ w v of each input. By slopes: the first unit gives 1 and has no slope,
    so all that is left are the weights of the second.
    """
    hidden = np.array(HIDDEN)
    sums = np.array(OUTPUT[1:]) @ hidden[:, 1:]
    answers = 1 / (1 + np.exp(-hidden[0, 0] - x @ hidden[0, 1:]))
    return {
        "weights": float(sums[0] / sums[1]),
        "slopes": HIDDEN[1][1] / HIDDEN[1][2],
        "least_answer_of_the_first_unit": float(answers.min()),
    }


def card(x: np.ndarray) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "two_units",
        "title": "Weights that mislead",
        "description": "The two hidden units of NeuralNetTools' own example: one has large weights "
        "and never moves.",
        "kind": "table",
        "network": "MLP",
        "arguments": ARGUMENTS,
        "weights": "two_units.safetensors",
        "data": "two_units.csv",
        "shape": [2],
        "columns": COLUMNS,
        "mean": [0.0] * 2,
        "std": [1.0] * 2,
        "outputs": ["y"],
        "answers": "numbers",
        "link": "identity",
        "baseline": "mean",
        "key": {
            "says": "How many times as much x1 matters as x2: by its weights, and by its slopes.",
            **known(x),
        },
        "figures": {"rows": ROWS, "seed": SEED},
        "source": "Weights of the examples in Beck 2018, NeuralNetTools, Journal of Statistical "
        "Software 85; rows drawn by assets/two_units/train.py.",
    }


def main() -> None:
    """Write the weights, the sample table and the card."""
    model = network()
    save_file(model.state_dict(), FOLDER / "two_units.safetensors")
    x = np.random.default_rng(SEED).standard_normal((ROWS, 2)).round(3)
    (FOLDER / "two_units.csv").write_text(csv_lines(COLUMNS, x, 3), encoding="utf-8")
    write_card(FOLDER, card(x))


if __name__ == "__main__":
    main()
