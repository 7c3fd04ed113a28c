"""The README's table of formats says what the readers declare, and they declare what they read."""

import pytest

from explainers.kinds import picture, sequence, series, table
from explainers.kinds.files import formats
from explainers.locations import PROJECT
from explainers.service.parsing.format_table import rendered

READERS = {"pictures": picture, "tables": table, "time series": series, "DNA": sequence}


def test_the_readme_has_the_table_that_the_readers_make():
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert rendered(text) == text, "run: python -m explainers.service.parsing.format_table"


@pytest.mark.parametrize("what", READERS)
def test_a_reader_declares_all_that_may_be_chosen_on_its_page(what):
    assert formats.suffixes(what) == set(READERS[what].SUFFIXES)


def test_networks_and_what_belongs_to_them_are_declared_too():
    assert {one.what for one in formats.FORMATS.values()} >= {*READERS, "networks", "weights"}
    for one in formats.FORMATS.values():
        assert one.name and one.suffixes and "|" not in one.says
        assert all(suffix.startswith(".") and suffix.islower() for suffix in one.suffixes)
