"""Everything that the pages take from inside of Streamlit, where it offers no public way.

Each part says why it is needed, with which version it was seen, and what would replace it; a test
in `tests/pages/test_streamlit_private.py` says when it can go.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from streamlit import net_util
from streamlit.components.v2.bidi_component import serialization
from streamlit.runtime import Runtime
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.web.server.starlette import starlette_server_config, starlette_websocket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

INLINE_SCRIPT_HASH = "sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA="
"""Of the one inline script in Streamlit's own page, for the Content-Security-Policy.

Why: without it the policy would have to allow every inline script. Seen with: 1.67. Replaced by: a
page of Streamlit without an inline script, or one that sets a nonce.
"""


def declare_own_navigation() -> None:
    """Tell Streamlit that the folder `pages` is not its own kind of multipage app.

    Why: a fresh server that is first opened at /explain otherwise runs that page's file without the
    frame around it; `st.navigation` says the same, but only once the first run has begun. Seen
    with: 1.67. Replaced by: a setting of `st.App` for it, or another name for the folder.
    """
    PagesManager.uses_pages_directory = False


def ask_no_server_for_addresses() -> None:
    """Let Streamlit never ask another server which addresses this computer has.

    Why: it asks checkip.amazonaws.com at its start, to print one more address, and for origins that
    it does not know; while it waits, nobody is served. Seen with: 1.67. Replaced by: a setting that
    stops both; `browser.serverAddress` stops only the first.
    """
    for name in ("get_external_ip", "get_internal_ip"):
        assert hasattr(net_util, name)
        setattr(net_util, name, lambda: None)


def send_no_data_frames() -> None:
    """Let Streamlit not ask whether what a component is given is a data frame.

    Why: to ask it imports pandas and pyarrow, 60 MB that a page without a table needs nowhere; our
    components get no data frames. Seen with: 1.67. Replaced by: a Streamlit that asks only where
    pandas is there already.
    """
    assert hasattr(serialization, "is_dataframe_like")
    serialization.is_dataframe_like = lambda obj: False


def is_logged_in(cookies: Mapping[str, str]) -> bool:
    """Whether a request with these cookies is of somebody who has logged in.

    Why: `st.user` is known to pages alone, and files and uploads are asked for beside them. Seen
    with: 1.67. Replaced by: Streamlit itself asking for the login there, or a public way to read
    its cookie.
    """
    read = starlette_websocket._get_signed_cookie_with_chunks
    name = starlette_server_config.USER_COOKIE_NAME
    try:
        user = json.loads(read(dict(cookies), name) or b"null")
    except ValueError:
        return False
    return isinstance(user, dict) and user.get("is_logged_in") is True


def cookies_of(session: str) -> Mapping[str, str] | None:
    """The cookies that a session's browser came with; None where there is no such session now.

    Why: an upload names its session in its address, and nothing else tells whose it is. Seen with:
    1.67. Replaced by: Streamlit comparing them itself.
    """
    info = Runtime.instance()._session_mgr.get_active_session_info(session)
    if info is None:
        return None
    client = info.client.client_context
    return {} if client is None else client.cookies


def uploads_of(session: str) -> tuple[int, int]:
    """How many files of a session Streamlit holds in memory, and their bytes.

    Why: it bounds each file and not all of them. Seen with: 1.67. Replaced by: a setting for all
    uploads of a session.
    """
    held: dict[str, dict[str, Any]] = getattr(
        Runtime.instance().uploaded_file_mgr, "file_storage", {}
    )
    files = held.get(session, {})
    return len(files), sum(len(file.data) for file in list(files.values()))


def skip_runs_of_gone_fragments() -> None:
    """From now on let a run that asks only for fragments that are gone end before it begins.

    Why: the timer of a fragment that a later run has removed is answered with the start of a run of
    the page it was on; the browser takes that for a change of page, throws away what it shows, and
    fails with "Bad delta path index". Seen with: 1.67. Replaced by: Streamlit itself skipping such
    runs, as it skips such fragments.
    """
    original = ScriptRunner._run_script
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def run_script(self: ScriptRunner, rerun_data: RerunData) -> None:
        fragment_ids = rerun_data.fragment_id_queue
        if fragment_ids and not any(map(self._fragment_storage.contains, fragment_ids)):
            return
        original(self, rerun_data)

    setattr(ScriptRunner, "_run_script", run_script)  # noqa: B010, mypy lets no method be assigned
