"""Networks that are plain chains of layers, from their weights alone."""

from explainers.models.formats.inferred.describing import describe, input_of
from explainers.models.formats.inferred.description import Description, Layer, Question

__all__ = ["Description", "Layer", "Question", "built", "describe", "input_of"]


def __getattr__(name: str):
    """`built` needs torch, which is imported when it is first asked for."""
    if name == "built":
        from explainers.models.formats.inferred.networks import built

        return built
    raise AttributeError(name)
