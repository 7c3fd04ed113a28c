"""How near contributions come to the known ones: python -m assets.additive.figures.

Prints the table in Markdown and writes figures.json. Every row of the sample is explained from
zeros; the rank correlation is taken row by row between scores and c_k x_k, over all 96 columns and
over the 64 that count.
"""

import json
from pathlib import Path

import numpy as np
import torch

from assets.additive.train import COEFFICIENTS, FOLDER
from explainers import explain
from explainers.checks.agreement import rank_correlation
from explainers.models.zoo.demo_networks import load

WAYS = {
    "Integrated Gradients": {"method": "integrated_gradients"},
    "DeepLIFT Rescale": {"method": "deeplift", "rule": "rescale"},
    "DeepLIFT RevealCancel": {"method": "deeplift", "rule": "reveal_cancel"},
    "gradient × input": {"method": "gradient_x_input"},
    "occlusion, column by column": {"method": "occlusion", "window": (1,), "stride": (1,)},
}


def sample(count: int) -> torch.Tensor:
    """The first rows of the sample table, without y."""
    table = np.loadtxt(Path(FOLDER) / "additive.csv", delimiter=",", skiprows=1, dtype=np.float32)
    return torch.from_numpy(table[:count, :-1])


def against_key(model, x: torch.Tensor, way: dict | None = None) -> dict[str, float]:
    """Scores of the rows x beside c_k x_k."""
    way = way or WAYS["Integrated Gradients"]
    scores = explain(model, x, baseline="zeros", target=0, **way).scores.double().numpy()
    known = x.double().numpy() * COEFFICIENTS
    counts = COEFFICIENTS != 0

    def ranks(columns) -> list[float]:
        pairs = zip(scores[:, columns], known[:, columns], strict=True)
        return [rank_correlation(found, key) for found, key in pairs]

    noise = np.abs(scores[:, ~counts]).max(1) / np.abs(scores).max(1)
    every, counting = ranks(slice(None)), ranks(counts)
    found = {
        "rank_correlation_mean": np.mean(every),
        "rank_correlation_worst": np.min(every),
        "rank_correlation_of_64_mean": np.mean(counting),
        "rank_correlation_of_64_worst": np.min(counting),
        "correlation_of_all": np.corrcoef(scores.ravel(), known.ravel())[0, 1],
        "largest_noise_share": noise.max(),
    }
    return {key: round(float(value), 5) for key, value in found.items()}


def main(count: int = 100) -> None:
    """Print the table, write the figures."""
    torch.set_num_threads(1)
    model, x = load(FOLDER / "card.json"), sample(count)
    print(
        "| method | rank correlation, mean | worst row | of the 64 that count, worst row | "
        "largest noise column, of the largest |\n|---|---|---|---|---|"
    )
    found = {}
    for name, way in WAYS.items():
        row = found[name] = against_key(model, x, way)
        mean, worst = row["rank_correlation_mean"], row["rank_correlation_worst"]
        print(
            f"| {name} | {mean:.4f} | {worst:.4f} | {row['rank_correlation_of_64_worst']:.4f} "
            f"| {row['largest_noise_share']:.2%} |"
        )
    text = json.dumps({"rows": count, "methods": found}, indent=1)
    (FOLDER / "figures.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
