"""What could not be kept is tried again by the page itself, as it says."""

import pytest
from streamlit.testing.v1 import AppTest

from explainers.errors import Problem
from explainers.service.storage.folder import Unwritable
from pages.state import progress


def page() -> None:
    import streamlit as st

    from explainers.errors import Problem
    from pages.state import progress, service

    try:
        st.write(service.backend().keep())
    except Problem as problem:
        progress.refused(problem)


class Store:
    """Fails as often as it is told to; it can be written once it has failed so often."""

    def __init__(self, problem: Problem, fails: int) -> None:
        self.problem, self.fails, self.asked = problem, fails, 0
        self.store = self

    def keep(self) -> str:
        if self.fails:
            self.fails -= 1
            raise self.problem
        return "kept"

    def is_writable(self) -> bool:
        self.asked += 1
        return not self.fails


@pytest.mark.parametrize(
    "problem, fails, shown",
    [
        (Unwritable(), 1, ["kept"]),
        (Unwritable(), 2, []),
        (Problem("No."), 1, []),
    ],
)
def test_a_page_goes_on_once_the_store_is_mended(monkeypatch, problem, fails, shown):
    store = Store(problem, fails)
    monkeypatch.setattr(progress.service, "backend", lambda: store)
    ran = AppTest.from_function(page).run()
    assert [one.value for one in ran.markdown] == shown and not ran.exception
    assert [one.value for one in ran.error] == ([] if shown else [str(problem)])
    assert bool(store.asked) == isinstance(problem, Unwritable)
