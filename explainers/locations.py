"""Where the project lies on disk, and which code that is."""

import functools
import hashlib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ASSETS = PROJECT / "assets"


@functools.cache
def code_version() -> str:
    """SHA-256 of the library's source and of the demos' weights.

    It is part of every answer's name, so that no answer outlives the code that made it.
    """
    digest = hashlib.sha256()
    library = PROJECT / "explainers"
    files = [*library.rglob("*.py"), *library.rglob("*.toml"), *ASSETS.rglob("*.safetensors")]
    for path in sorted(files):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
