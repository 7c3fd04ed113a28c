"""Fragments of a page that was left: their timers' last words are not answered.

Streamlit (1.67) answers the timer of a fragment that is gone with the start of a run of the page it
was on; the browser takes that for a change of page, throws away what it shows, and goes blank with
"Bad delta path index" when the new page's own fragments go on.
"""

import functools

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner


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
