"""Which variable matters over time, by several methods: python -m assets.lstm.figures.

Prints the table in Markdown and writes figures.json. Noise sensitivity: N(0, 0.2²) is added to one
variable at all steps, and its importance is the root mean square change of the answers over all
series and steps, mean over several draws. The other methods explain the answers to the fifth and
the tenth step, from each variable's mean; importance is the sum of |score| over the steps, mean
over the series.
"""

import json

import numpy as np
import torch
from torch import Tensor

from assets.lstm.train import FOLDER, VARIABLES
from explainers import explain
from explainers.models.zoo.demo_networks import load_in_data_units

SIGMA, DRAWS = 0.2, 20
PUBLISHED = (0.1162, 0.1185, 0.0077)
WAYS = {
    "Integrated Gradients": {"method": "integrated_gradients", "steps": 32},
    "DeepLIFT Rescale": {"method": "deeplift", "rule": "rescale"},
    "DeepLIFT RevealCancel": {"method": "deeplift", "rule": "reveal_cancel"},
    "gradient × input": {"method": "gradient_x_input"},
    "occlusion": {"method": "occlusion", "window": (1, 1), "stride": (1, 1)},
}


def sample() -> Tensor:
    """The sample's series (250, 10, 3)."""
    rows = np.loadtxt(FOLDER / "lstm.csv", delimiter=",", skiprows=1, dtype=np.float32)
    return torch.from_numpy(rows[:, 2:].reshape(-1, 10, 3))


@torch.no_grad()
def noise_sensitivity(model, x: Tensor, sigma: float = SIGMA, seed: int = 0) -> Tensor:
    """Root mean square change of all answers under noise on one variable: (draws, variables)."""
    generator = torch.Generator().manual_seed(seed)
    before, found = model(x), torch.empty(DRAWS, x.shape[2])
    for draw in range(DRAWS):
        for variable in range(x.shape[2]):
            noisy = x.clone()
            noisy[..., variable] += sigma * torch.randn(x.shape[:2], generator=generator)
            found[draw, variable] = (model(noisy) - before).square().mean().sqrt()
    return found


def importance(model, x: Tensor, step: int, way: dict) -> Tensor:
    """Sum of |score| over the steps of each variable, mean over the series: (V,)."""
    baseline = torch.full(x.shape[1:], 0.5)
    scores = explain(model, x, baseline=baseline, target=step, **way).scores
    return scores.abs().sum(1).mean(0)


def _line(name: str, values) -> str:
    smaller = min(values[:2]) / values[2]
    return f"| {name} | {' | '.join(f'{v:.4f}' for v in values)} | {smaller:.1f} |"


def main() -> None:
    """Print the table, write the figures."""
    torch.set_num_threads(1)
    model, x = load_in_data_units(FOLDER / "card.json"), sample()
    draws = noise_sensitivity(model, x)
    found = {"noise sensitivity": draws.mean(0).tolist()}
    print(f"| method | {' | '.join(VARIABLES)} | the lesser of x1, x2 over x3 |")
    print("|---|---|---|---|---|")
    print(_line("noise sensitivity", found["noise sensitivity"]))
    print(_line("*noise sensitivity, published*", PUBLISHED))
    for name, way in WAYS.items():
        asked = [importance(model, x, step, way) for step in (4, 9)]
        found[name] = torch.stack(asked).mean(0).tolist()
        print(_line(name, found[name]))
    told = {
        "sigma": SIGMA,
        "draws": DRAWS,
        "spread_over_draws": draws.std(0).tolist(),
        "published": PUBLISHED,
        "methods": found,
    }
    (FOLDER / "figures.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
