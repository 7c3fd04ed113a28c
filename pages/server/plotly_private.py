"""What is taken from inside of plotly, where it offers no public way.

The test in `tests/pages/server/test_plotly_private.py` says when it can go.
"""

from __future__ import annotations

from types import ModuleType

from _plotly_utils import basevalidators, optional_imports, utils

_get_module = optional_imports.get_module


def pass_over_what_is_being_imported() -> None:
    """Have plotly wait for no library that another page is just importing.

    Why: it takes pandas from `sys.modules` as soon as it stands there, and a chart that one visitor
    draws while another's table imports pandas for the first time ends with an AttributeError. Seen
    with: 7.1. Replaced by: a plotly that asks whether a module is whole.
    """
    for module in (basevalidators, utils):
        module.get_module = _whole_module


def _whole_module(name: str, should_load: bool = True) -> ModuleType | None:
    """As plotly's own, but None for a module that is not imported to its end."""
    module: ModuleType | None = _get_module(name, should_load)
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        return None
    return module
