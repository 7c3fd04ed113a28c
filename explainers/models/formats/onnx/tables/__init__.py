"""Files of scikit-learn and its like: operations, columns, weights, and classes' names."""

from __future__ import annotations

from explainers.models.formats.onnx.tables import (  # noqa: F401
    distances,
    linear_models,
    preparing,
    support_vectors,
)
from explainers.models.formats.onnx.tables.classes import class_names, in_whole
from explainers.models.formats.onnx.tables.columns import Columns, as_one_input, coded_note
from explainers.models.formats.onnx.tables.weights import with_weights_as_inputs

__all__ = [
    "Columns",
    "as_one_input",
    "class_names",
    "coded_note",
    "in_whole",
    "with_weights_as_inputs",
]
