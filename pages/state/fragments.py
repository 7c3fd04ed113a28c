"""Parts of a page that run by themselves, safe from two races of Streamlit (1.67).

When such a run starts, the server drops what it has not yet sent of the part's earlier run, but not
what stands after the part; the browser meets a gap ("Bad delta path index") and the page is dead.
And the timer of a part that is gone is answered with the start of a run of the page it was on; the
browser takes that for a change of page, throws away what it shows, and meets a gap as well.
"""

import functools
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner


def fragment(run_every: float | None = None) -> Callable:
    """st.fragment for a function that draws, in a container of its own: nothing stands after it."""

    def alone(draw: Callable) -> Callable:
        part = st.fragment(draw, run_every=run_every)

        @functools.wraps(draw)
        def drawn(*given, **named) -> None:
            with st.container():
                part(*given, **named)

        return drawn

    return alone


def shield() -> None:
    """From now on let runs that ask only for fragments that are gone end before they begin."""
    run = ScriptRunner._run_script
    if hasattr(run, "__wrapped__"):
        return

    @functools.wraps(run)
    def shielded(self: ScriptRunner, rerun_data) -> None:
        asked = rerun_data.fragment_id_queue
        if asked and not any(map(self._fragment_storage.contains, asked)):
            return
        run(self, rerun_data)

    ScriptRunner._run_script = shielded
