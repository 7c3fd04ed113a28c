"""What whoever runs the server reads on standard error: nothing unless it went wrong.

Modules log to `logging.getLogger(__name__)`. A record may hold kinds, counts, bytes, seconds, our
own errors and their tracebacks, never a visitor's content, file names, values or sentences, for
these may be parts of an upload.
"""

from __future__ import annotations

import logging
import os

LEVEL = "EVIDENT_LOG"
"""The environment variable that names the lowest level to show; by default WARNING."""
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FORMAT = "%(asctime)s %(levelname)s %(name)s[%(process)d]: %(message)s"


def configure() -> None:
    """Show the records of `explainers` on standard error, from the level in EVIDENT_LOG up.

    Called once by every process of the app; whoever uses the library sets up logging as they like.
    ValueError where there is no such level.
    """
    name = os.environ.get(LEVEL, "").upper() or "WARNING"
    if name not in _LEVELS:
        raise ValueError(f"{LEVEL}={os.environ[LEVEL]} is none of {', '.join(_LEVELS)}.")
    root = logging.getLogger("explainers")
    root.setLevel(name)
    if not any(type(handler) is logging.StreamHandler for handler in root.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(handler)
