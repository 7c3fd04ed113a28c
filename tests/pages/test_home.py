"""The first page where its examples cannot be computed now."""

from types import SimpleNamespace

from streamlit.testing.v1 import AppTest

from explainers.errors import Problem
from explainers.locations import PROJECT
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.storage.store import Store
from pages.state import service

FULL = "Too many explanations are waiting here. Try again in a minute."


def test_with_a_full_queue_home_stands_and_each_example_says_why_it_is_missing(
    parser_pool, tmp_path, monkeypatch
):
    def job(*asked, **options):
        raise Problem(FULL)

    store = Store(tmp_path)
    backend = SimpleNamespace(store=store, parsed=ParsedUploads(store, parser_pool))
    monkeypatch.setattr(service, "backend", lambda: backend)
    monkeypatch.setattr(service, "job", job)
    home = AppTest.from_file(str(PROJECT / "pages" / "home.py"), default_timeout=60).run()
    assert not home.exception and home.title[0].value == "See what a neural network looked at"
    assert [error.value for error in home.error] == [FULL] * 3
    labels = [button.label for button in home.button]
    assert "Explain your own picture" in labels and labels.count("Tell it") > 8
