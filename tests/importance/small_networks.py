"""Rows, and small networks of each build that the methods must take."""

import torch
from torch import Tensor, nn


def rows(*shape: int, seed: int = 1) -> Tensor:
    """Standard normal numbers, float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


class Recurrent(nn.Module):
    """An LSTM whose answer is read at the last step, or at every step."""

    def __init__(self, variables: int = 3, every_step: bool = False) -> None:
        super().__init__()
        self.cells = nn.LSTM(variables, 6, batch_first=True)
        self.read, self.every_step = nn.Linear(6, 1), every_step

    def forward(self, x: Tensor) -> Tensor:
        read = self.read(self.cells(x)[0])
        return read[:, :, 0] if self.every_step else read[:, -1]


class Skipping(nn.Module):
    """The inputs go to the last layer too."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(7, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.cat([x, torch.tanh(self.first(x))], 1))


def mlp(inputs: int = 3, outputs: int = 1, units: int = 6) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, units), nn.Tanh(), nn.Linear(units, outputs))


def deep(inputs: int = 3, outputs: int = 10) -> nn.Sequential:
    """Ten hidden layers."""
    layers = [layer for _ in range(10) for layer in (nn.Linear(inputs, inputs), nn.Tanh())]
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def dead() -> nn.Sequential:
    """Of four rectified units one is 0 on every row, and one has no weight to the output."""
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        net[0].bias[0], net[2].weight[0, 1] = -100, 0
    return net


def neural_net_tools() -> nn.Sequential:
    """The net of NeuralNetTools' documentation."""
    net = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1)).double()
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([[1.49, 0.16], [-0.19, -0.16]])
        net[0].bias[:] = torch.tensor([13.12, -0.11])
        net[2].weight[:], net[2].bias[:] = torch.tensor([[-0.52, 0.81]]), 0.56
    return net


NETWORKS = {
    "mlp": (mlp, (3,)),
    "one unit": (lambda: mlp(units=1), (3,)),
    "ten outputs": (lambda: mlp(outputs=10), (3,)),
    "ten layers": (deep, (3,)),
    "skip": (Skipping, (3,)),
    "dead units": (dead, (3,)),
    "recurrent": (Recurrent, (5, 3)),
    "convolution": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3)),
        (1, 4, 4),
    ),
    "letters": (
        lambda: nn.Sequential(nn.Conv1d(4, 2, 3), nn.Sigmoid(), nn.Flatten(), nn.Linear(12, 2)),
        (4, 8),
    ),
}


def network(name: str) -> tuple[nn.Module, Tensor]:
    """A network of NETWORKS in float64, and 40 rows for it."""
    make, shape = NETWORKS[name]
    torch.manual_seed(3)
    net = make().double()
    if name == "letters":
        letters = torch.randint(4, (40, 8), generator=torch.Generator().manual_seed(1))
        return net, torch.nn.functional.one_hot(letters, 4).movedim(2, 1).double()
    return net, rows(40, *shape)
