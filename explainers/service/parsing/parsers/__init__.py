"""What can be parsed of uploads, one module a kind: how, within which limits, what must come."""

import importlib
import pkgutil

from explainers.service.parsing.parsers.registry import PARSERS, ParsedFile, Parser

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["PARSERS", "ParsedFile", "Parser"]
