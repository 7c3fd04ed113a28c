"""Trains a small network on the diabetes table, in the units in which it was measured.

442 patients, ten measurements, and the disease's progression after one year: Efron, Hastie,
Johnstone & Tibshirani 2004, "Least angle regression", Annals of Statistics 32; as distributed with
scikit-learn (`load_diabetes(scaled=False)`), which states no licence of its own for the data. The
source codes sex as 1 and 2 without saying which is which, and gives no units for the blood
measures; mg/dL is what their ranges suggest. Every fifth patient is held out; epochs and decay were
chosen by cross-validation among the others.

Run from the root of the repository: python -m assets.diabetes.train
"""

import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from assets.cards import write_card
from explainers.models.zoo.demo_networks import MLP

FOLDER = Path(__file__).resolve().parent
TABLE = FOLDER / "diabetes.csv"
COLUMNS = {
    "age (years)": "age",
    "sex (coded 1 or 2)": "sex",
    "body mass index (kg/m²)": "bmi",
    "mean blood pressure (mmHg)": "bp",
    "total cholesterol (mg/dL)": "s1",
    "LDL (mg/dL)": "s2",
    "HDL (mg/dL)": "s3",
    "total cholesterol / HDL": "s4",
    "log of triglycerides": "s5",
    "blood sugar (mg/dL)": "s6",
}
TARGET = "progression after one year"
ARGUMENTS = {"inputs": 10, "hidden": [16, 16], "outputs": 1, "activation": "tanh"}
SEED = 0


def write_table() -> None:
    """diabetes.csv from scikit-learn's copy, which is only needed here."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    if data.feature_names != list(COLUMNS.values()):
        raise ValueError(f"scikit-learn's columns are {data.feature_names}.")
    lines = [",".join([*COLUMNS, TARGET])]
    for row in np.column_stack([data.data, data.target]):
        lines.append(",".join(f"{value:.6g}" for value in row))
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x (442, 10) float32 in the data's units, y (442,), whether held out)."""
    values = np.loadtxt(TABLE, delimiter=",", skiprows=1, dtype=np.float32, encoding="utf-8")
    return values[:, :-1], values[:, -1], np.arange(len(values)) % 5 == 0


def r2(model, x: torch.Tensor, y: np.ndarray) -> float:
    """1 − the squared error over that of the mean."""
    with torch.no_grad():
        answer = model(x).squeeze(1).numpy()
    return round(float(1 - ((answer - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()), 4)


def fit(model: MLP, x: torch.Tensor, y: torch.Tensor, epochs: int, decay: float) -> None:
    """AdamW on the squared error of the standardised answer."""
    learner = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=decay)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            learner.zero_grad()
            (model(x[batch]).squeeze(1) - y[batch]).square().mean().backward()
            learner.step()


def card(mean: np.ndarray, std: np.ndarray, figures: dict) -> dict:
    """What the app needs to know of this demo."""
    return {
        "name": "diabetes",
        "title": "Diabetes after one year",
        "description": "Estimates how far diabetes has gone on after a year from ten measurements, "
        "of which several blood measures tell nearly the same.",
        "kind": "table",
        "network": "MLP",
        "arguments": ARGUMENTS,
        "weights": "diabetes.safetensors",
        "data": "diabetes.csv",
        "shape": [10],
        "columns": list(COLUMNS),
        "target": TARGET,
        "mean": [float(f"{v:.7g}") for v in mean],
        "std": [float(f"{v:.7g}") for v in std],
        "outputs": [TARGET],
        "answers": "numbers",
        "link": "identity",
        "baseline": "mean",
        "key": {
            "says": "There is none: what truly matters is not known. The blood measures are "
            "correlated, so importance may be shared among them or hidden.",
        },
        "figures": figures,
        "source": "Efron, Hastie, Johnstone & Tibshirani 2004, Least angle regression, Annals of "
        "Statistics 32, 407–499; as distributed with scikit-learn. Sex is coded 1 and 2 there "
        "without saying which is which; mg/dL is what the ranges suggest.",
    }


def main(epochs: int = 40, decay: float = 3.0) -> None:
    """Write the table, train, write the weights and the card."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    write_table()
    started = time.perf_counter()
    x, y, held = table()
    mean, std = x[~held].mean(0), x[~held].std(0)
    level, spread = y[~held].mean(), y[~held].std()
    inputs = torch.from_numpy((x - mean) / std)
    model = MLP(**ARGUMENTS)
    fit(model, inputs[~held], torch.from_numpy((y - level) / spread)[~held], epochs, decay)
    with torch.no_grad():  # answer in the target's own units
        model[-1].weight *= spread
        model[-1].bias.mul_(spread).add_(level)
    save_file(model.state_dict(), FOLDER / "diabetes.safetensors")
    line = np.linalg.lstsq(np.c_[inputs[~held], np.ones((~held).sum())], y[~held], rcond=None)[0]
    straight = np.c_[inputs[held], np.ones(held.sum())] @ line
    figures = {
        "training_rows": int((~held).sum()),
        "held_out_rows": int(held.sum()),
        "training_r2": r2(model, inputs[~held], y[~held]),
        "held_out_r2": r2(model, inputs[held], y[held]),
        "held_out_r2_of_a_linear_model": r2(
            lambda _: torch.from_numpy(straight)[:, None], inputs[held], y[held]
        ),
        "seconds_training": round(time.perf_counter() - started, 1),
        "seed": SEED,
    }
    write_card(FOLDER, card(mean, std, figures))


if __name__ == "__main__":
    main()
