"""What the pages take from inside of Streamlit: that it is still there, and when it can go."""

import base64
import functools
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, ScriptRunnerEvent
from streamlit.runtime.state import SCRIPT_RUN_WITHOUT_ERRORS_KEY
from streamlit.testing.v1 import AppTest, local_script_runner

from pages.state import headers, streamlit_private

ROOT = Path(__file__).resolve().parents[2]


def test_the_hash_is_that_of_the_one_inline_script_of_the_installed_streamlit():
    """Once there is no inline script any more, the hash can go."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert [f"sha256-{digest}" for digest in digests] == [streamlit_private.INLINE_SCRIPT_HASH]
    assert f"'{streamlit_private.INLINE_SCRIPT_HASH}'" in headers.POLICY


@pytest.fixture
def app(tmp_path, monkeypatch) -> str:
    """A script beside a folder `pages`, on a server that has run nothing yet."""
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    (tmp_path / "pages").mkdir()
    (tmp_path / "app.py").write_text("")
    return str(tmp_path / "app.py")


def test_a_folder_of_that_name_is_not_taken_for_pages(app):
    streamlit_private.declare_own_navigation()
    PagesManager(app)
    assert PagesManager.uses_pages_directory is False


def test_streamlit_itself_takes_it_for_pages(app):
    """Once this fails, Streamlit no longer guesses, and `declare_own_navigation` can go."""
    PagesManager(app)
    assert PagesManager.uses_pages_directory is True


@pytest.fixture
def started(monkeypatch):
    """How many runs are started when the browser asks for a fragment that is gone."""
    runners = []

    class Runner(local_script_runner.LocalScriptRunner):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            runners.append(self)

    def count() -> int:
        test = AppTest.from_function(lambda: None)
        test.session_state[SCRIPT_RUN_WITHOUT_ERRORS_KEY] = True  # what a run that starts would set
        test.run()
        return runners.pop().events.count(ScriptRunnerEvent.SCRIPT_STARTED)

    request = functools.partial(RerunData, fragment_id_queue=["gone"])
    monkeypatch.setattr(local_script_runner, "RerunData", request)
    monkeypatch.setattr("streamlit.testing.v1.app_test.LocalScriptRunner", Runner)
    monkeypatch.setattr(ScriptRunner, "_run_script", original())
    return count


def original():
    """Streamlit's own way to run a script, whatever the app has put in its place."""
    return getattr(ScriptRunner._run_script, "__wrapped__", ScriptRunner._run_script)


def test_a_run_of_nothing_but_a_gone_fragment_does_not_start(started):
    streamlit_private.skip_runs_of_gone_fragments()
    streamlit_private.skip_runs_of_gone_fragments()
    assert ScriptRunner._run_script.__wrapped__ is original()
    assert started() == 0


def test_streamlit_itself_starts_it(started):
    """Once this fails, Streamlit has mended it, and `skip_runs_of_gone_fragments` can go."""
    assert started() == 1


ASKED = """
import sys
from pages.state import streamlit_private
from streamlit.components.v2.bidi_component.serialization import serialize_mixed_data
from streamlit.proto.BidiComponent_pb2 import BidiComponent
{first}
sent = BidiComponent()
serialize_mixed_data({{"items": [{{"name": "a"}}], "words": {{"b": 1}}}}, sent)
print(sent.json, *{{"pandas", "pyarrow"}} & set(sys.modules))
"""


def sent(first):
    """What a component is sent, and which libraries were imported for it, in a fresh process."""
    command = [sys.executable, "-c", ASKED.format(first=first)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.rsplit("}", 1)


def test_a_component_gets_lists_without_a_library_of_data_frames():
    told, libraries = sent("streamlit_private.send_no_data_frames()")
    assert json.loads(told + "}") == {"items": [{"name": "a"}], "words": {"b": 1}}
    assert libraries.split() == []


def test_streamlit_itself_imports_pandas_for_it():
    """Once this fails, Streamlit asks without it, and `send_no_data_frames` can go."""
    assert "pandas" in sent("")[1].split()
