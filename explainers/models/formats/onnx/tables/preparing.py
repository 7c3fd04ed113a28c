"""What prepares the columns of a table (ai.onnx.ml): scaling, filling gaps, choosing, coding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    TABLES,
    Ints,
    NotCovered,
    Surroundings,
    affordable,
    operation,
)

Floats: TypeAlias = tuple[float, ...]
Texts: TypeAlias = tuple[str, ...]


@operation("Scaler", domain=TABLES)
def scaler(
    x: Tensor, *, offset: Floats = (), scale: Floats = (), surroundings: Surroundings
) -> Tensor:
    """(x − offset) · scale, column by column."""
    x = x.to(surroundings.dtype(1))
    return (x - _by_column(x, offset or (0.0,))) * _by_column(x, scale or (1.0,))


@operation("Imputer", domain=TABLES)
def imputer(
    x: Tensor,
    *,
    imputed_value_floats: Floats = (),
    imputed_value_int64s: Ints = (),
    replaced_value_float: float = 0.0,
    replaced_value_int64: int = 0,
) -> Tensor:
    """x with another value, each column's own, where it is NaN or some number."""
    filled: Sequence[float] = imputed_value_floats or imputed_value_int64s
    if not filled:
        raise NotCovered("no values to put into the gaps")
    gap = replaced_value_float if imputed_value_floats else replaced_value_int64
    gaps = x.isnan() if math.isnan(gap) else x == gap
    return torch.where(gaps, _by_column(x, filled), x)


@operation("Normalizer", domain=TABLES)
def normalizer(x: Tensor, *, norm: str = "MAX", surroundings: Surroundings) -> Tensor:
    """Each row by its largest value, its Σ |x|, or its √Σ x²; a row of zeros stays one."""
    x = x.to(surroundings.dtype(1))
    if norm == "MAX":
        size = x.amax(-1, keepdim=True)
    elif norm == "L1":
        size = x.abs().sum(-1, keepdim=True)
    elif norm == "L2":
        square = (x * x).sum(-1, keepdim=True)
        size = torch.where(square == 0, 1.0, square).sqrt()
    else:
        raise NotCovered(f"the norm {norm[:20]!r}")
    return x / torch.where(size == 0, 1.0, size)


@operation("Binarizer", domain=TABLES)
def binarizer(x: Tensor, *, threshold: float = 0.0) -> Tensor:
    """1 above the threshold, else 0."""
    return (x > threshold).to(x.dtype)


@operation("ArrayFeatureExtractor", domain=TABLES)
def columns(x: Tensor, places: Tensor) -> Tensor:
    """The columns at these places; from one row of numbers, one row of them."""
    found = x.index_select(-1, places.reshape(-1).long())
    return found.reshape(1, -1) if x.ndim == 1 else found


@operation("FeatureVectorizer", domain=TABLES)
def vectorizer(*values: Tensor, inputdimensions: Ints = (), surroundings: Surroundings) -> Tensor:
    """Columns side by side, each block filled up with zeros to its width."""
    blocks = []
    for value, width in zip(values, inputdimensions or (0,) * len(values), strict=True):
        block = value.to(surroundings.dtype(1)).reshape(value.shape[0], -1)
        affordable(len(block) * width)
        if width < block.shape[1] and inputdimensions:
            block = block[:, :width]
        blocks.append(torch.nn.functional.pad(block, (0, max(width - block.shape[1], 0))))
    return torch.cat(blocks, 1)


@operation("OneHotEncoder", domain=TABLES)
def one_hot_encoder(
    x: Tensor,
    *,
    cats_int64s: Ints = (),
    cats_strings: Texts = (),
    zeros: int = 1,
    surroundings: Surroundings,
) -> Tensor:
    """1 at the value's category, along a new axis; zeros where it is none of them."""
    if not cats_int64s:
        raise NotCovered("categories that are text")
    affordable(x.numel() * len(cats_int64s))
    categories = torch.tensor(cats_int64s, device=x.device)
    return (x.long().unsqueeze(-1) == categories).to(surroundings.dtype(1))


@operation("LabelEncoder", domain=TABLES, since=2)
def label_encoder(
    x: Tensor,
    *,
    keys_int64s: Ints = (),
    keys_floats: Floats = (),
    values_int64s: Ints = (),
    values_floats: Floats = (),
    default_int64: int = -1,
    default_float: float = -0.0,
    default_string: str = "_Unused",
    surroundings: Surroundings,
) -> Tensor:
    """Another number for each number of a list, and one for all that are not on it."""
    keys: Sequence[float] = keys_int64s or keys_floats
    values: Sequence[float] = values_int64s or values_floats
    if not keys or len(keys) != len(values):
        raise NotCovered("keys or values that are text")
    affordable(x.numel() * len(keys))
    found = x.unsqueeze(-1) == torch.tensor(keys, dtype=x.dtype, device=x.device)
    kind = torch.int64 if values_int64s else surroundings.dtype(1)
    made = torch.tensor(values, dtype=kind, device=x.device)
    instead = torch.tensor(default_int64 if values_int64s else default_float, dtype=kind)
    place = found.to(torch.uint8).argmax(-1)
    return torch.where(found.any(-1), made[place], instead.to(x.device))


def _by_column(x: Tensor, values: Sequence[float]) -> Tensor:
    """One number for all columns of x (…, F), or one each."""
    if len(values) not in (1, x.shape[-1]):
        raise ValueError(f"{len(values)} numbers for {x.shape[-1]} columns")
    return torch.tensor(values, dtype=x.dtype, device=x.device)
