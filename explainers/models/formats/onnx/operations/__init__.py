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
from explainers.models.formats.onnx.operations.registry import OPERATIONS, NotCovered, Place, find

__all__ = ["OPERATIONS", "NotCovered", "Place", "find"]
