"""Every kind of input on the pages gives what `PageKind` asks, with the same parameters."""

import inspect

import pytest

from explainers.kinds import KINDS
from pages.kinds import PAGE_KINDS
from pages.kinds.page_kind import PageKind

MEMBERS = {name: value for name, value in vars(PageKind).items() if not name.startswith("_")}
FUNCTIONS = {name: value for name, value in MEMBERS.items() if inspect.isfunction(value)}


def shape(function) -> list[tuple[str, object]]:
    """Names and kinds of the parameters, without self."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind) for p in parameters if p.name != "self"]


def test_every_kind_has_a_page_side():
    assert set(PAGE_KINDS) == set(KINDS)
    assert len(FUNCTIONS) == 10 and len(MEMBERS) == 14


@pytest.mark.parametrize("key", PAGE_KINDS)
def test_a_page_kind_gives_every_member(key):
    missing = [name for name in MEMBERS if not hasattr(PAGE_KINDS[key], name)]
    assert not missing


@pytest.mark.parametrize("key", PAGE_KINDS)
def test_its_functions_take_what_the_protocol_says(key):
    for name, declared in FUNCTIONS.items():
        assert shape(getattr(PAGE_KINDS[key], name)) == shape(declared), name


@pytest.mark.parametrize("key", PAGE_KINDS)
def test_its_other_members_are_what_the_protocol_says(key):
    kind = PAGE_KINDS[key]
    assert kind.title and kind.missing and isinstance(kind.can_blink, bool)
    assert kind.draw_hidden is None or [name for name, _ in shape(kind.draw_hidden)] == [
        "case",
        "hidden",
        "key",
    ]
