"""Fused recurrent cells, and running products, written with operations that have rules.

Complete because each of those is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_registry import decomposition

aten = torch.ops.aten


@decomposition(aten._thnn_fused_lstm_cell.default)
def lstm_cell(
    from_input: Tensor,
    from_hidden: Tensor,
    cell: Tensor,
    input_bias: Tensor | None = None,
    hidden_bias: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of an LSTM of width H, from W x and U h, (n, 4H) each, to (hidden, cell, workspace).

    With i, f, g, o the quarters of their sum: c′ = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c′).
    """
    gates = from_input + from_hidden
    for bias in (input_bias, hidden_bias):
        gates = gates if bias is None else gates + bias
    enter, forget, new, leave = gates.chunk(4, 1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * cell.tanh(), cell, torch.empty(0, device=cell.device)


@decomposition(aten._thnn_fused_gru_cell.default)
def gru_cell(
    from_input: Tensor,
    from_hidden: Tensor,
    hidden: Tensor,
    input_bias: Tensor | None = None,
    hidden_bias: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of a GRU of width H, from W x and U h, (n, 3H) each, to (hidden, workspace).

    With thirds r, z, n of both: n′ = tanh(n_x + σ(r_x + r_h)·n_h), h = n′ + σ(z_x + z_h)(h⁰ − n′).
    """
    from_input = from_input if input_bias is None else from_input + input_bias
    from_hidden = from_hidden if hidden_bias is None else from_hidden + hidden_bias
    (r, z, n), (hr, hz, hn) = from_input.chunk(3, 1), from_hidden.chunk(3, 1)
    update = (z + hz).sigmoid()
    new = (n + (r + hr).sigmoid() * hn).tanh()
    return new + update * (hidden - new), torch.empty(0, device=hidden.device)


@decomposition(aten.cumprod.default)
def cumulative_product(x: Tensor, dim: int, *, dtype: torch.dtype | None = None) -> Tensor:
    """y_k = y_{k−1} · x_k, step by step."""
    products: list[Tensor] = []
    for part in x.unbind(dim):
        products.append(products[-1] * part if products else part)
    return torch.stack(products, dim)


@decomposition(aten.prod.dim_int)
def product_along(
    x: Tensor, dim: int, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Tensor:
    """The last of the cumulative products."""
    product = cumulative_product(x, dim).select(dim, -1)
    return product.unsqueeze(dim) if keepdim else product


@decomposition(aten.prod.default)
def product_of_all(x: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
    """The product of all entries, shape ()."""
    return product_along(x.reshape(-1), 0)
