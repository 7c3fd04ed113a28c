"""Attribution methods: every file dropped into this folder registers itself."""

import importlib
import pkgutil

from explainers.methods.registry import METHODS

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

_ordered = sorted(METHODS.values(), key=lambda method: (method.order, method.name))
METHODS.clear()
METHODS.update({method.key: method for method in _ordered})

__all__ = ["METHODS"]
