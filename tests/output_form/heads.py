"""Small linear networks in float64, behind which outputs of all kinds are made."""

import torch
from torch import nn

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def linear(outputs: int, seed: int) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(4, outputs).double().requires_grad_(False)


A, B, ONE, TWO = linear(3, 0), linear(3, 1), linear(1, 2), linear(2, 3)


def odds(z):
    return torch.cat([-z, z], 1)


def filled(z):
    """[1 − p, p], written into a buffer."""
    p, out = z.sigmoid()[:, 0], torch.zeros(len(z), 2, dtype=z.dtype)
    out[:, 0] = 1 - p
    out[:, 1] = p
    return out
