"""Importance over a whole data set: every file in a family's folder registers itself."""

import importlib

from explainers.importance.registry import IMPORTANCE

FAMILIES = ("weights", "gradients", "perturbation", "variance", "retraining")

for _family in FAMILIES:
    importlib.import_module(f"{__name__}.{_family}")

_ordered = sorted(IMPORTANCE.values(), key=lambda method: (method.order, method.name))
IMPORTANCE.clear()
IMPORTANCE.update({method.key: method for method in _ordered})

__all__ = ["FAMILIES", "IMPORTANCE"]
