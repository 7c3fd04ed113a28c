"""The choices in the address: what is opened counts, and what the browser sends late does not."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.links import schema
from pages.state import address


def script():
    import streamlit as st

    from pages.state import address

    address.select(st.selectbox, "method", ["a", "b", "c"], "a", label="Method")
    address.write()


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when the test says so."""
    now = [100.0]
    monkeypatch.setattr(address.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def page(clock):
    page = AppTest.from_function(script)
    page.query_params["method"] = "b"
    page.run()
    assert page.selectbox[0].value == "b"
    return page


def shown(page) -> tuple:
    (address,) = page.query_params.get("method", ["a"])
    return page.selectbox[0].value, address


def test_an_address_that_was_replaced_while_the_browser_sent_it_changes_nothing(page, clock):
    clock[0] += 60
    page.selectbox[0].select("c").run()
    assert shown(page) == ("c", "c")
    for late in ("b", "b"):
        clock[0] += 1
        page.query_params["method"] = late
        page.run()
        assert shown(page) == ("c", "c"), "what was opened long ago is not opened again"


def test_an_address_that_the_browser_hears_late_changes_nothing_either(page, clock):
    clock[0] += 60
    page.selectbox[0].select("c").run()
    page.query_params["method"] = "b"  # it has not heard of c
    page.selectbox[0].select("a").run()
    assert page.selectbox[0].value == "a"
    page.query_params["method"] = "c"  # now it has, but not of a
    page.run()
    assert page.selectbox[0].value == "a"
    assert not page.query_params.get("method")


def test_going_back_in_the_browser_opens_the_old_address(page, clock):
    page.selectbox[0].select("c").run()
    clock[0] += 60
    page.query_params["method"] = "b"
    page.run()
    assert shown(page) == ("b", "b")


def test_another_link_is_opened_at_once(page):
    page.selectbox[0].select("c").run()
    page.query_params["method"] = ["a"]
    page.run()
    assert page.selectbox[0].value == "a"


def test_what_was_left_open_is_no_impossible_choice():
    left_open = {"versus": "None", "target": "null", "row": ""}
    assert schema.parse(left_open) == ({}, {})
    assert schema.parse({"versus": "[1]", "row": "many"})[1] == {"versus": "[1]", "row": "many"}


def several():
    import streamlit as st

    from pages.state import address

    address.multiselect(st.multiselect, "by", ["a", "b", "c"], ["a", "b"], label="Kinds")


@pytest.mark.parametrize(
    ("link", "value", "told"),
    [
        ('["c"]', ["c"], False),
        ('["c", "no"]', ["c"], False),
        ("[]", [], False),
        ('["no"]', ["a", "b"], True),
        ("no", ["a", "b"], True),
    ],
)
def test_a_link_to_several_of_which_none_is_possible_is_told_so(link, value, told):
    page = AppTest.from_function(several)
    page.query_params["by"] = link
    page.run()
    assert page.multiselect[0].value == value
    assert [("Kinds" in warning.value) for warning in page.warning] == [True] * told
    page.multiselect[0].set_value(["b"]).run()
    assert page.multiselect[0].value == ["b"] and not page.warning
