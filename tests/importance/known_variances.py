"""Functions whose sensitivity indices are known, and rows that are even over their ranges."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

F64 = torch.float64
A8 = torch.tensor([0, 1, 4.5, 9, 99, 99, 99, 99], dtype=F64)


def ishigami(x: Tensor) -> Tensor:
    """sin x₁ + 7 sin² x₂ + 0.1 x₃⁴ sin x₁."""
    return x[:, 0].sin() + 7 * x[:, 1].sin() ** 2 + 0.1 * x[:, 2] ** 4 * x[:, 0].sin()


def g_function(x: Tensor) -> Tensor:
    """Π (|4xᵢ − 2| + aᵢ)/(1 + aᵢ)."""
    return (((4 * x - 2).abs() + A8.to(x)) / (1 + A8.to(x))).prod(1)


C5 = torch.tensor([3.0, -2, 1, 0.5, 0], dtype=F64)


def linear(x: Tensor) -> Tensor:
    """c·x with c = (3, −2, 1, ½, 0)."""
    return x @ C5.to(x) + 1


@dataclass(frozen=True)
class Known:
    """A function of inputs that are uniform between low and high, and the truth about it."""

    function: Callable[[Tensor], Tensor]
    low: float
    high: float
    variance: float
    first: Tensor
    total: Tensor
    effects: Tensor

    @property
    def features(self) -> int:
        return len(self.first)

    def even_rows(self, count: int = 4000) -> Tensor:
        """Rows whose columns are each an even grid over the range, in random order."""
        generator = torch.Generator().manual_seed(count)
        middle = (torch.arange(count, dtype=F64) + 0.5) / count
        orders = [torch.randperm(count, generator=generator) for _ in range(self.features)]
        return self.low + (self.high - self.low) * torch.stack([middle[o] for o in orders], 1)

    def random_rows(self, count: int, seed: int) -> Tensor:
        """Independent rows."""
        generator = torch.Generator().manual_seed(seed)
        shares = torch.rand(count, self.features, generator=generator, dtype=F64)
        return self.low + (self.high - self.low) * shares


def _products() -> Known:
    """The g-function's parts of the variance are products of Vᵢ = 1/(3 (1 + aᵢ)²)."""
    parts = (1 / (3 * (1 + A8) ** 2)).tolist()
    first, total, effects = torch.zeros(3, 8, dtype=F64)
    for size in range(1, 9):
        for together in itertools.combinations(range(8), size):
            part = math.prod(parts[i] for i in together)
            for i in together:
                total[i] += part
                effects[i] += part / size
                first[i] += part * (size == 1)
    variance = effects.sum()
    return Known(
        g_function, 0, 1, float(variance), first / variance, total / variance, effects / variance
    )


def _tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=F64)


_SHARES = C5**2 / C5.square().sum()
KNOWN = {
    "ishigami": Known(
        ishigami,
        -math.pi,
        math.pi,
        13.844588,
        _tensor(0.313905, 0.442411, 0),
        _tensor(0.557589, 0.442411, 0.243684),
        _tensor(0.435747, 0.442411, 0.121842),
    ),
    "g-function": _products(),
    "linear": Known(linear, -1, 1, float(C5.square().sum() / 3), _SHARES, _SHARES, _SHARES),
}
