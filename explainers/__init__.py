"""Evident's library: see what a neural network looked at, and check that it is true.

Importing this package is light: torch is imported when something first needs it.
"""

import importlib
from typing import TYPE_CHECKING

from explainers.attribution import Attribution, Progress
from explainers.baselines import BASELINES
from explainers.errors import Cancelled, ModelProblem, Problem
from explainers.methods import METHODS

if TYPE_CHECKING:
    from explainers.api import explain, jacobian
    from explainers.models import load_model

__all__ = [
    "BASELINES",
    "METHODS",
    "Attribution",
    "Cancelled",
    "ModelProblem",
    "Problem",
    "Progress",
    "explain",
    "jacobian",
    "load_model",
]

_LAZY = {
    "explain": "explainers.api",
    "jacobian": "explainers.api",
    "load_model": "explainers.models",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
