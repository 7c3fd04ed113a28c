"""The contributions that the additive table is made of, and how near a method's scores come."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from explainers import explain
from explainers.checks.agreement import rank_correlation

FOLDER = Path(__file__).resolve().parent
RAMP = np.arange(1, 33) / 32
COEFFICIENTS = np.concatenate([RAMP, -RAMP, np.zeros(32)])
"""c_k of y = Σ c_k x_k, for the 96 columns."""
WAYS: dict[str, dict[str, Any]] = {
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


def compare_with_key(
    model: nn.Module, x: torch.Tensor, way: dict[str, Any] | None = None
) -> dict[str, float]:
    """How near the scores of the rows x (N, 96) are to c_k x_k, rounded to five digits.

    `way` is the method and its options as `explain` takes them; by default Integrated Gradients.
    """
    way = way or WAYS["Integrated Gradients"]
    scores = explain(model, x, baseline="zeros", target=0, **way).scores.double().numpy()
    known = x.double().numpy() * COEFFICIENTS
    counts = COEFFICIENTS != 0

    def ranks(columns: slice | np.ndarray) -> list[float]:
        pairs = zip(scores[:, columns], known[:, columns], strict=True)
        return [rank_correlation(row, key) for row, key in pairs]

    noise = np.abs(scores[:, ~counts]).max(1) / np.abs(scores).max(1)
    every, counting = ranks(slice(None)), ranks(counts)
    figures = {
        "rank_correlation_mean": np.mean(every),
        "rank_correlation_worst": np.min(every),
        "rank_correlation_of_64_mean": np.mean(counting),
        "rank_correlation_of_64_worst": np.min(counting),
        "correlation_of_all": np.corrcoef(scores.ravel(), known.ravel())[0, 1],
        "largest_noise_share": noise.max(),
    }
    return {key: round(float(value), 5) for key, value in figures.items()}
