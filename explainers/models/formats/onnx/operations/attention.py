"""Attention of operator set 23: softmax(Q Kᵀ · scale + mask) V, heads apart or side by side."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, Surroundings, operation


@operation("Attention", since=23)
def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    q_num_heads: int = 0,
    qk_matmul_output_mode: int = 0,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int = 0,
    surroundings: Surroundings,
) -> Tensor:
    """Q (N, heads, L, D), or (N, L, heads · D) with their number given; the answer like Q."""
    if past_key is not None or past_value is not None or surroundings.outputs > 1:
        raise NotCovered("past keys and values, or more than one output")
    flat = query.ndim == 3
    if flat:
        query = query.unflatten(-1, (q_num_heads, -1)).transpose(1, 2)
        key, value = (v.unflatten(-1, (kv_num_heads, -1)).transpose(1, 2) for v in (key, value))
    if key.shape[1] != query.shape[1]:
        repeats = query.shape[1] // key.shape[1]
        key, value = (v.repeat_interleave(repeats, 1) for v in (key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    weight = torch.matmul(query * math.sqrt(scale), key.mT * math.sqrt(scale))
    low = torch.finfo(weight.dtype).min
    if is_causal:
        seen = torch.ones(weight.shape[-2:], dtype=torch.bool, device=weight.device).tril()
        weight = torch.where(seen, weight, low)
    if mask is not None:
        weight = torch.where(mask, weight, low) if mask.dtype == torch.bool else weight + mask
    if softcap:
        weight = softcap * torch.tanh(weight / softcap)
    made = torch.matmul(torch.softmax(weight, -1), value)
    return made.transpose(1, 2).flatten(2) if flat else made
