"""What is imported stays, so the search for garbage may pass over it."""

import gc
import sys
import threading

MANY_MODULES = 50
"""So many new ones are worth a look: each also keeps what visitors hold at that moment."""

_lock = threading.Lock()
_seen = 0


def pass_over_imported() -> bool:
    """Take what is imported out of the search for garbage; whether there was much that is new.

    Streamlit searches everything after every run of a page, however small: of libraries and pages
    alone that is hundreds of thousands of objects, none of which is ever garbage.
    """
    global _seen
    with _lock:
        if len(sys.modules) < _seen + MANY_MODULES:
            return False
        _seen = len(sys.modules)
        gc.collect()
        gc.freeze()
        return True
