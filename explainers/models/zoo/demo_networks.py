"""The small networks of the demos, and how a card names one: `load("assets/dna/card.json")`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class MLP(nn.Sequential):
    """A multilayer perceptron, from tables (N, inputs) to (N, outputs).

    Parameters
    ----------
    inputs, outputs : int
    hidden : sequence of int
        Widths of the hidden layers.
    activation : str
        A key of ACTIVATIONS.

    Examples
    --------
    >>> MLP(4, [8], 2, "tanh")(torch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, inputs: int, hidden: Sequence[int], outputs: int, activation: str = "relu"
    ) -> None:
        layers: list[nn.Module] = []
        for width, following in pairwise([inputs, *hidden]):
            layers += [nn.Linear(width, following), ACTIVATIONS[activation]()]
        super().__init__(*layers, nn.Linear([inputs, *hidden][-1], outputs))


class SeriesLSTM(nn.Module):
    """Stacked LSTMs, from series (N, T, variables) to a number between −1 and 1 for each step.

    Parameters
    ----------
    variables : int
    units : sequence of int
        Of each layer; the last has one, whose output at a step is the answer (N, T) to that step.

    Examples
    --------
    >>> SeriesLSTM(3, [8, 1])(torch.zeros(2, 10, 3)).shape
    torch.Size([2, 10])
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
    """A convolutional network, from one-hot DNA (N, 4, L) to logits (N, outputs), a sigmoid each.

    Two convolutions, the highest value of each filter in windows, dense layers.

    Parameters
    ----------
    length : int
        L, in letters.
    outputs, filters, hidden : int
        Counts of logits, of the convolutions' filters, and of hidden units.
    width, window : int
        Letters that a filter sees, and of a pooling window.
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


NETWORKS: dict[str, type[nn.Module]] = {
    "MLP": MLP,
    "SeriesLSTM": SeriesLSTM,
    "MotifNet": MotifNet,
    "DigitNet": DigitNet,
}


class Standardised(nn.Module):
    """A network of standardised inputs as one of data units: x ↦ model((x − mean) / std).

    Parameters
    ----------
    model : nn.Module
    mean, std : sequence of float
        For each column, variable or channel.
    along : int
        The dimension of the inputs along which they run.

    Examples
    --------
    >>> Standardised(nn.Identity(), [1.0, 2.0], [2.0, 2.0])(torch.tensor([[3.0, 2.0]]))
    tensor([[1., 0.]])
    """

    mean: Tensor
    std: Tensor

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
    """The trained network that a demo's card describes, in evaluation mode, on the CPU.

    It takes standardised inputs: the card's mean and std are put in front by whoever runs it.

    Parameters
    ----------
    card : str or Path
        As assets/dna/card.json; the weights lie beside it.
    """
    from safetensors.torch import load_file

    path = Path(card)
    facts = json.loads(path.read_text(encoding="utf-8"))
    model = NETWORKS[facts["network"]](**facts["arguments"])
    model.load_state_dict(load_file(path.parent / facts["weights"]))
    return model.eval()


def load_in_data_units(card: str | Path) -> nn.Module:
    """The trained network that a demo's card describes, taking inputs in the units of its data."""
    facts = json.loads(Path(card).read_text(encoding="utf-8"))
    along = -1 if facts["kind"] in ("table", "series") else 1
    return Standardised(load(card), facts["mean"], facts["std"], along).eval()
