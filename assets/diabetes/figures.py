"""What matters in the diabetes table, and how alike columns are: python -m assets.diabetes.figures.

Prints a table in Markdown and writes figures.json: for each column the mean of |score| over the
held-out patients by two methods, compared with the mean patient; the rise of the squared error
when the column is shuffled among them, mean over 20 shuffles; and the column that it is most
correlated with. There is no answer key: what truly matters is not known.
"""

import json

import numpy as np
import torch

from assets.diabetes.train import COLUMNS, FOLDER, table
from explainers import explain
from explainers.models.zoo.demo_networks import load_in_data_units

WAYS = {
    "Integrated Gradients": {"method": "integrated_gradients"},
    "DeepLIFT RevealCancel": {"method": "deeplift", "rule": "reveal_cancel"},
}


@torch.no_grad()
def shuffling(model, x: torch.Tensor, y: np.ndarray, draws: int = 20) -> np.ndarray:
    """Rise of the mean squared error when a column is shuffled, in variances of y: (F,)."""
    rng = np.random.default_rng(0)

    def error(values: torch.Tensor) -> float:
        return float(((model(values).squeeze(1).numpy() - y) ** 2).mean())

    before, rise = error(x), np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        for _ in range(draws):
            mixed = x.clone()
            mixed[:, column] = x[rng.permutation(len(x)), column]
            rise[column] += (error(mixed) - before) / draws
    return rise / y.var()


def nearest(x: np.ndarray) -> list[tuple[str, float]]:
    """For every column the other one that it is most correlated with, and the correlation."""
    r = np.corrcoef(x.T) - np.eye(x.shape[1])
    names, at = list(COLUMNS), np.abs(r).argmax(1)
    return [(names[k], float(r[column, k])) for column, k in enumerate(at)]


def main() -> None:
    """Print the table, write the figures."""
    torch.set_num_threads(1)
    model = load_in_data_units(FOLDER / "card.json")
    x, y, held = table()
    inputs, mean = torch.from_numpy(x[held]), torch.from_numpy(x[~held].mean(0))
    found = {}
    for name, way in WAYS.items():
        scores = explain(model, inputs, baseline=mean, target=0, **way).scores
        found[name] = scores.abs().mean(0).double().numpy()
    found["rise of the error when shuffled"] = shuffling(model, inputs, y[held])
    alike = nearest(x)
    print(f"| column | {' | '.join(found)} | most like |\n|---|{'---|' * (len(found) + 1)}")
    for k, column in enumerate(COLUMNS):
        a, b, c = (values[k] for values in found.values())
        print(f"| {column} | {a:.1f} | {b:.1f} | {c:.3f} | {alike[k][0]}, r = {alike[k][1]:.2f} |")
    told = {
        name: dict(zip(COLUMNS, values.round(4).tolist(), strict=True))
        for name, values in found.items()
    }
    told["most_like"] = {
        column: [name, round(r, 3)] for column, (name, r) in zip(COLUMNS, alike, strict=True)
    }
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (FOLDER / "figures.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
