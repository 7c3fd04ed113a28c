"""What is written out in a forward function: operations, slices, changes in place."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from zoo_register import PICTURE, ROW, SERIES, ZOO, conv, dense, head, out, with_layers


@with_layers(ROW, a=dense, b=out)
def functional(self, x):
    return self.b(F.relu(self.a(x)))


@with_layers(ROW, a=dense, m=lambda: nn.Linear(8, 8), act=nn.ReLU, b=out)
def reused_module(self, x):
    return self.b(self.act(self.m(self.act(self.a(x)))))


@with_layers(ROW, a=dense, m=lambda: nn.Linear(8, 8), b=out)
def reused_layer(self, x):
    return self.b(self.m(self.m(self.a(x)).relu()).tanh())


@with_layers(ROW, a=dense, b=out)
def in_place(self, x):
    h = self.a(x)
    h.relu_().mul_(2).add_(h.sigmoid())
    h[:, 3:6] -= h[:, :3]
    h[:, 0].clamp_(max=0.5)
    return self.b(h)


@with_layers(ROW, a=dense, b=out)
def detached(self, x):
    h = self.a(x)
    return self.b(h.relu() - h.detach() * 0.5 + h.data.tanh())


@with_layers(ROW, a=dense, b=out)
def written_buffer(self, x):
    h, rows = self.a(x), torch.zeros(len(x), 8, dtype=x.dtype)
    for k in range(8):
        rows[:, k] = h[:, 7 - k].tanh() * (k + 1)
    rows.t_().unsqueeze_(0)
    return self.b(rows.squeeze(0).t())


@with_layers(ROW, a=dense, b=out)
def used_twice(self, x):
    h = self.a(x)
    return self.b(h.relu() + h.sigmoid() * h)


@with_layers(PICTURE, a=conv, b=lambda: nn.Conv2d(8, 8, 3, padding=1), c=lambda: head(8))
def residual(self, x):
    h = self.a(x).relu()
    return self.c(F.relu(h + self.b(h), inplace=True))


@with_layers(PICTURE, a=conv, b=conv, c=lambda: head(16))
def concatenated(self, x):
    return self.c(torch.cat([self.a(x).relu(), self.b(x).tanh()], 1))


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def sliced_and_indexed(self, x):
    h = self.a(x).relu()
    picked = h[:, [0, 2, 2]] + h[:, 1::2] + h[:, torch.tensor([5, 3, 0])].flip(1)
    return self.b((picked[..., 1:].sum((1, 2), keepdim=True) * h[:, -1:])[:, 0].roll(1, 1))


@with_layers(ROW, a=dense, b=dense, c=out)
def gate(self, x):
    return self.c(self.a(x).tanh() * self.b(x).sigmoid())


@with_layers(ROW, a=dense, b=dense, c=out)
def division(self, x):
    return self.c(self.a(x) / (1 + self.b(x).abs()) + 1 / (2 + self.a(x).exp()))


@with_layers(ROW, a=dense, b=out)
def powers(self, x):
    h = self.a(x)
    return self.b(h**2 + (h * h + 1) ** 0.5 + (h.abs() + 0.5) ** 1.7 + h**3 + (h * h + 1).rsqrt())


@with_layers(ROW, a=dense, b=out)
def logarithms(self, x):
    h = self.a(x).abs()
    return self.b((h + 1).log() + h.log1p() + (-h).expm1() + h.sin() * h.cos() + h.erf() + h.atan())


@with_layers(
    SERIES, a=lambda: nn.Linear(5, 8), b=lambda: nn.Linear(5, 8), c=lambda: nn.Linear(36, 3)
)
def einsum(self, x):
    return self.c(torch.einsum("nik,njk->nij", self.a(x), self.b(x).tanh()).flatten(1).relu())


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), c=lambda: nn.Linear(64, 3))
def matrix_product(self, x):
    h = self.a(x)
    return self.c((h.transpose(1, 2) @ h.relu()).flatten(1).tanh())


@with_layers(ROW, a=dense, b=out)
def choices(self, x):
    h = self.a(x)
    leaky = torch.where(h > 0, h, 0.2 * h)
    return self.b(leaky + (h > 0.1).to(h.dtype) * h + h.masked_fill(h < -0.2, 0.3))


@with_layers(ROW, a=dense, b=dense, c=out)
def extremes(self, x):
    a, b = self.a(x), self.b(x)
    h = torch.minimum(a, b) + torch.maximum(a, b * b) + a.clamp(-0.3, 0.2) + b.clamp(min=0.1)
    return self.c(h + a.amax(1, keepdim=True) - b.min(1, keepdim=True).values + torch.max(a, b))


@with_layers(ROW, a=dense, b=out)
def clamped_between(self, x):
    h = self.a(x)
    return self.b(torch.clamp(h, h.sin() - 0.1, 0.2 + h * h) + h.clamp_max(0.3) + h.abs())


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def log_sum_exp(self, x):
    h = self.a(x)
    return self.b(
        h.logsumexp(1) + h.cumsum(1)[:, 3].log_softmax(-1) + torch.logaddexp(h[:, 0], h[:, 1])
    )


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def spreads(self, x):
    h = self.a(x)
    size = h.norm(dim=1) + h.std(1) + h.var(1, unbiased=False) + h.norm(p=1, dim=1)
    return self.b(size + F.normalize(h[:, 0], dim=1) + torch.linalg.vector_norm(h, ord=3, dim=1))


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def running_product(self, x):
    return self.b((self.a(x).tanh() + 1).cumprod(1)[:, -1] + self.a(x).prod(1))


class Bump(torch.autograd.Function):
    """A custom activation with a gradient of its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.exp(-x * x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (1 - 2 * x * x) * torch.exp(-x * x)


@with_layers(ROW, a=dense, b=out)
def custom_activation(self, x):
    h = self.a(x)
    return self.b(Bump.apply(h) + h * torch.tanh(F.softplus(h)) + torch.sign(h) * h.abs().sqrt())


class Constants(nn.Module):
    """Buffers, parameters used bare, and constants made on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.read = dense(), out()
        self.scale = nn.Parameter(torch.randn(8))
        self.register_buffer("shift", torch.randn(8))

    def forward(self, x):
        h = (self.layer(x) * self.scale - self.shift).relu()
        return self.read(h + torch.arange(8).to(h) / 8 + torch.eye(8).to(h)[0] * h)


ZOO["constants"] = (Constants, ROW)
