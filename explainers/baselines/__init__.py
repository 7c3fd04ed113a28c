"""Baselines, what an input is compared with: every file in this folder registers itself."""

import importlib
import pkgutil

from explainers.baselines.registry import BASELINES

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

_ordered = sorted(BASELINES.values(), key=lambda baseline: (baseline.order, baseline.name))
BASELINES.clear()
BASELINES.update({baseline.key: baseline for baseline in _ordered})

__all__ = ["BASELINES"]
