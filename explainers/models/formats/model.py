"""What every format is read as: something that maps a batch of inputs to outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Model(Protocol):
    """Anything that maps inputs (N, …) to outputs (N, …): a torch module, or a plain function."""

    def __call__(self, inputs: Tensor, /) -> Tensor: ...
