"""Which code answers: its digest is part of every answer's name, so that no answer outlives it."""

from __future__ import annotations

import functools
import hashlib

from explainers.locations import ASSETS, PROJECT


@functools.cache
def code_version() -> str:
    """SHA-256 of the library's source and of the demos' weights."""
    digest = hashlib.sha256()
    library = PROJECT / "explainers"
    files = [*library.rglob("*.py"), *library.rglob("*.toml"), *ASSETS.rglob("*.safetensors")]
    for path in sorted(files):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
