"""Fused recurrent cells, and running products, said in operations that have rules."""

from __future__ import annotations

import torch

from explainers.methods.deeplift.rulebook import composed

aten = torch.ops.aten


@composed(aten._thnn_fused_lstm_cell.default)
def lstm_cell(from_input, from_hidden, cell, input_bias=None, hidden_bias=None):
    """One step of a long short-term memory: (hidden, cell, workspace)."""
    gates = from_input + from_hidden
    for bias in (input_bias, hidden_bias):
        gates = gates if bias is None else gates + bias
    enter, forget, new, leave = gates.chunk(4, 1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * cell.tanh(), cell, torch.empty(0, device=cell.device)


@composed(aten._thnn_fused_gru_cell.default)
def gru_cell(from_input, from_hidden, hidden, input_bias=None, hidden_bias=None):
    """One step of a gated recurrent unit: (hidden, workspace)."""
    from_input = from_input if input_bias is None else from_input + input_bias
    from_hidden = from_hidden if hidden_bias is None else from_hidden + hidden_bias
    (r, z, n), (hr, hz, hn) = from_input.chunk(3, 1), from_hidden.chunk(3, 1)
    update = (z + hz).sigmoid()
    new = (n + (r + hr).sigmoid() * hn).tanh()
    return new + update * (hidden - new), torch.empty(0, device=hidden.device)


@composed(aten.cumprod.default)
def cumulative_product(x, dim, *, dtype=None):
    """Step by step."""
    made = []
    for part in x.unbind(dim):
        made.append(made[-1] * part if made else part)
    return torch.stack(made, dim)


@composed(aten.prod.dim_int)
def product_along(x, dim, keepdim=False, *, dtype=None):
    """Pair by pair."""
    made = cumulative_product(x, dim).select(dim, -1)
    return made.unsqueeze(dim) if keepdim else made


@composed(aten.prod.default)
def product_of_all(x, *, dtype=None):
    """Of all."""
    return product_along(x.reshape(-1), 0)
