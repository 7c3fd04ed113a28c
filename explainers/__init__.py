"""Evident's library: see what a neural network looked at, and check that it is true.

Importing this package is light: torch is imported when something first needs it.
"""

import importlib
from typing import TYPE_CHECKING

from explainers.attribution import Attribution, Progress
from explainers.baselines import BASELINES
from explainers.errors import Cancelled, ModelProblem, Problem
from explainers.importance import IMPORTANCE
from explainers.methods import METHODS

if TYPE_CHECKING:
    from explainers.api import explain, jacobian
    from explainers.importance.dataset import explain_dataset
    from explainers.importance.estimate import Importance
    from explainers.many.predict import predict_many
    from explainers.many.run import explain_many
    from explainers.models import load_model

__all__ = [
    "BASELINES",
    "IMPORTANCE",
    "METHODS",
    "Attribution",
    "Cancelled",
    "Importance",
    "ModelProblem",
    "Problem",
    "Progress",
    "explain",
    "explain_dataset",
    "explain_many",
    "jacobian",
    "load_model",
    "predict_many",
]

_LAZY = {
    "Importance": "explainers.importance.estimate",
    "explain": "explainers.api",
    "explain_dataset": "explainers.importance.dataset",
    "explain_many": "explainers.many.run",
    "jacobian": "explainers.api",
    "load_model": "explainers.models",
    "predict_many": "explainers.many.predict",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
