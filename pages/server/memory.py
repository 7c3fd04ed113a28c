"""How the web process takes memory: from few places, since every run of a page is a new thread."""

import contextlib
import ctypes
import sys

M_ARENA_MAX = -8
"""Of mallopt, see malloc.h."""
MOST_ARENAS = 2


def share_arenas() -> bool:
    """Let glibc make no more than two arenas; whether it is glibc and did.

    By default each thread gets an arena of its own, up to eight a core, and what one page leaves
    free in its arena is of no use to the next one.
    """
    if sys.platform != "linux":
        return False
    with contextlib.suppress(AttributeError, OSError):  # musl has none
        return bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, MOST_ARENAS))
    return False
