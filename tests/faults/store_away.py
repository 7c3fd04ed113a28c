"""A store that is away for a moment."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def away(store: Path) -> Iterator[None]:
    """The store's folder cannot be read or written while the block runs, not even by root."""
    kept = store.with_name("away")
    store.rename(kept)
    store.write_text("")
    try:
        yield
    finally:
        store.unlink()
        kept.rename(store)
