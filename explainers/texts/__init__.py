"""What people read of methods and baselines: one folder a language, one file a registry.

Code names things by key; the words for people stand in `texts/<language>/<registry>.toml` under the
same keys. What has no entry there is called by its key and described by its docstring, so that a
new method or baseline is one file until somebody writes the words for it.
"""

from __future__ import annotations

import functools
import inspect
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from explainers.options import describe_options

LANGUAGE = "en"
FOLDER = Path(__file__).resolve().parent


@functools.cache
def texts(registry: str, language: str = LANGUAGE) -> Mapping[str, Any]:
    """All entries of one registry, "methods" or "baselines", by key.

    Examples
    --------
    >>> texts("baselines")["white"]["name"]
    'White'
    """
    path = FOLDER / language / f"{registry}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def described(
    registry: str, key: str, options: type, function: Callable[..., Any]
) -> dict[str, Any]:
    """The words for one entry, and its options' words put where widgets find them.

    Parameters
    ----------
    registry, key : str
        Where the words stand.
    options : type
        The entry's options dataclass.
    function : callable
        Whose docstring's first line describes an entry without words.
    """
    words = dict(texts(registry).get(key, {}))
    describe_options(options, words.pop("options", {}))
    first = (inspect.getdoc(function) or "").partition("\n")[0]
    return {"name": key.replace("_", " ").capitalize(), "says": first} | words
