"""The small networks of the demos, and how a card names one: `load("assets/dna/card.json")`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class MLP(nn.Sequential):
    """Tables (N, inputs) to (N, outputs): dense layers with one activation between them."""

    def __init__(
        self, inputs: int, hidden: Sequence[int], outputs: int, activation: str = "relu"
    ) -> None:
        layers: list[nn.Module] = []
        for width, following in pairwise([inputs, *hidden]):
            layers += [nn.Linear(width, following), ACTIVATIONS[activation]()]
        super().__init__(*layers, nn.Linear([inputs, *hidden][-1], outputs))


class SeriesLSTM(nn.Module):
    """Series (N, T, variables) to (N, T): stacked LSTMs, the last of one unit, which answers.

    The answer to a step is that unit's output at that step, between −1 and 1.
    """

    def __init__(self, variables: int, units: Sequence[int]) -> None:
        super().__init__()
        if units[-1] != 1:
            raise ValueError(f"The last layer answers and has one unit, not {units[-1]}.")
        self.layers = nn.ModuleList(
            nn.LSTM(width, following, batch_first=True)
            for width, following in pairwise([variables, *units])
        )

    def forward(self, series: Tensor) -> Tensor:
        for layer in self.layers:
            series, _ = layer(series)
        return series.squeeze(-1)


class MotifNet(nn.Module):
    """One-hot DNA (N, 4, L) to logits (N, outputs), one sigmoid each.

    Two convolutions, the highest value of each filter in windows of `window` places, dense layers.
    """

    def __init__(
        self, length: int, outputs: int, filters: int, width: int, window: int, hidden: int
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(4, filters, width, padding="same"),
            nn.ReLU(),
            nn.Conv1d(filters, filters, width, padding="same"),
            nn.ReLU(),
            nn.MaxPool1d(window),
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(filters * (length // window), hidden),
            nn.ReLU(),
            nn.Linear(hidden, outputs),
        )

    def forward(self, letters: Tensor) -> Tensor:
        return self.head(self.features(letters))


class DigitNet(nn.Sequential):
    """Pictures of digits (N, 1, 8, 8) in [0, 1], 0 is paper and 1 ink, to ten logits."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(512, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )


NETWORKS = {"MLP": MLP, "SeriesLSTM": SeriesLSTM, "MotifNet": MotifNet, "DigitNet": DigitNet}


class Standardised(nn.Module):
    """A network of standardised inputs as one of data units: x ↦ model((x − mean) / std).

    mean and std run along dimension `along` of the inputs: columns, variables, or channels.
    """

    def __init__(
        self, model: nn.Module, mean: Sequence[float], std: Sequence[float], along: int = -1
    ) -> None:
        super().__init__()
        self.model, self.along = model, along
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, inputs: Tensor) -> Tensor:
        shape = [1] * inputs.ndim
        shape[self.along] = -1
        return self.model((inputs - self.mean.view(shape)) / self.std.view(shape))


def load(card: str | Path) -> nn.Module:
    """The trained network that a card describes, in eval mode, on the CPU.

    It takes standardised inputs: the card's mean and std are put in front by whoever asks it.
    """
    from safetensors.torch import load_file

    path = Path(card)
    told = json.loads(path.read_text(encoding="utf-8"))
    model = NETWORKS[told["network"]](**told["arguments"])
    model.load_state_dict(load_file(path.parent / told["weights"]))
    return model.eval()


def load_in_data_units(card: str | Path) -> nn.Module:
    """The trained network that a card describes, taking inputs in the units of its data."""
    told = json.loads(Path(card).read_text(encoding="utf-8"))
    along = -1 if told["kind"] in ("table", "series") else 1
    return Standardised(load(card), told["mean"], told["std"], along).eval()
