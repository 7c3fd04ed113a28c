"""Fitting a demo's network to a table of numbers."""

import numpy as np
import torch
from torch import Tensor, nn


def fit(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    epochs: int,
    rate: float = 3e-3,
    batch: int = 512,
) -> None:
    """Adam on the squared error of answers (N, outputs), its rate falling along a cosine."""
    learner = torch.optim.Adam(model.parameters(), rate, fused=True)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(learner, epochs)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(batch):
            learner.zero_grad()
            (model(x[chosen]) - y[chosen]).square().mean().backward()
            learner.step()
        falling.step()


@torch.no_grad()
def answer_in_units(last: nn.Linear, mean: Tensor, spread: Tensor) -> None:
    """Let a network that was fitted to standardised answers give them in their own units."""
    last.weight.mul_(spread[:, None])
    last.bias.mul_(spread).add_(mean)


@torch.no_grad()
def r2(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """1 − the squared error over that of the means, of all outputs together."""
    error, whole = (model(x) - y).square().sum(), (y - y.mean(0)).square().sum()
    return round(float(1 - error / whole), 5)


def even_rows(count: int, columns: int, low: float, high: float, seed: int) -> np.ndarray:
    """Rows (count, columns) whose columns are each an even grid over the range, independent."""
    generator = np.random.default_rng(seed)
    middle = low + (high - low) * (np.arange(count) + 0.5) / count
    return np.stack([generator.permutation(middle) for _ in range(columns)], 1)


def csv_lines(columns: list[str], values: np.ndarray, decimals: int) -> str:
    """A table as the text of a CSV file."""
    lines = [",".join(columns)]
    lines += [",".join(f"{value:.{decimals}f}" for value in row) for row in values]
    return "\n".join(lines) + "\n"
