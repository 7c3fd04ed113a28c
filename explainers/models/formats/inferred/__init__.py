"""Networks that are plain chains of layers, rebuilt from the shapes of their weights alone.

Only `explainers.models.uploaded` uses them: where no architecture has such weights.
"""

from explainers.models.formats.inferred.describing import describe, input_shape
from explainers.models.formats.inferred.description import Description, Layer, Question
from explainers.models.formats.inferred.networks import PlainChain, build_chain

__all__ = [
    "Description",
    "Layer",
    "PlainChain",
    "Question",
    "build_chain",
    "describe",
    "input_shape",
]
