"""Questions about a model over many rows of a file, beside how much each feature matters."""

from explainers.service.tasks.over_rows import dependence, interactions, plausibility

__all__ = ["dependence", "interactions", "plausibility"]
