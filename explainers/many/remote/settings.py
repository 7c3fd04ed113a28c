"""What says where object stores are, and to whom they open, handed to a process of one's own."""

from __future__ import annotations

import os
import sys
from typing import Any, TypeAlias

Settings: TypeAlias = "tuple[dict[str, str], dict[str, dict[str, Any]]]"
"""The environment, and fsspec's configuration."""


def settings() -> Settings:
    """Those of this process, to be sent through a pipe; they are never written."""
    config = sys.modules.get("fsspec.config")
    told = {} if config is None else {key: dict(one) for key, one in config.conf.items()}
    return dict(os.environ), told


def take(given: Settings) -> None:
    """Have them here: a process that was forked from a server has those of when it was started."""
    environment, told = given
    os.environ.update(environment)
    if told:
        from fsspec.config import conf

        conf.update(told)
