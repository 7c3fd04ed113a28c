"""ONNX operations on torch tensors, one group of meaning a file."""

from explainers.models.formats.onnx.operations import (  # noqa: F401
    arithmetic,
    attention,
    convolutions,
    curves,
    indexing,
    making,
    normalisations,
    pooling,
    quantisation,
    recurrent,
    reductions,
    resizing,
    shapes,
)
from explainers.models.formats.onnx.operations.registry import (
    OPERATIONS,
    Input,
    NotCovered,
    Surroundings,
    entries,
    find,
)

__all__ = ["OPERATIONS", "Input", "NotCovered", "Surroundings", "entries", "find"]
