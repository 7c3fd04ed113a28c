"""How near contributions come to the known ones: python -m assets.additive.figures.

Prints the table in Markdown and writes figures.json. Every row of the sample is explained from
zeros; the rank correlation is taken row by row between scores and c_k x_k, over all 96 columns and
over the 64 that count.
"""

import json

import torch

from assets.additive.answer_key import FOLDER, WAYS, compare_with_key, sample
from explainers.models.zoo.demo_networks import load


def main(count: int = 100) -> None:
    """Print the table, write the figures."""
    torch.set_num_threads(1)
    model, x = load(FOLDER / "card.json"), sample(count)
    print(
        "| method | rank correlation, mean | worst row | of the 64 that count, worst row | "
        "largest noise column, of the largest |\n|---|---|---|---|---|"
    )
    figures = {}
    for name, way in WAYS.items():
        row = figures[name] = compare_with_key(model, x, way)
        mean, worst = row["rank_correlation_mean"], row["rank_correlation_worst"]
        print(
            f"| {name} | {mean:.4f} | {worst:.4f} | {row['rank_correlation_of_64_worst']:.4f} "
            f"| {row['largest_noise_share']:.2%} |"
        )
    text = json.dumps({"rows": count, "methods": figures}, indent=1)
    (FOLDER / "figures.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
