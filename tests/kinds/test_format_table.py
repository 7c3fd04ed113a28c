"""The README's table of formats says what the readers declare, and they declare what they read."""

import re

import pytest

from explainers import Problem
from explainers.kinds import picture, sequence, series, table
from explainers.kinds.files import conversions, formats
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


OTHER = [
    ("tables", ".xls", "save it as .xlsx"),
    ("tables", ".sav", "pandas.read_spss"),
    ("tables", ".npy", "numpy.load"),
    ("tables", ".pkl", "can run programs"),
    ("time series", ".xlsx", "as CSV"),
    ("time series", ".wav", "wavfile"),
    ("DNA", ".gb", "genbank"),
    ("DNA", ".bam", "samtools fasta"),
    ("DNA", ".zip", "Unpack it"),
    *((what, "." + "x" * 200, "Save yours as one of these") for what in READERS if what[0] != "p"),
]


@pytest.mark.parametrize("what, suffix, way", OTHER)
def test_what_is_not_read_is_told_how_to_convert(what, suffix, way):
    with pytest.raises(Problem, match=re.escape(way)) as refused:
        READERS[what].read(b"anything", suffix)
    assert len(str(refused.value)) < 400 and "xxxx" not in str(refused.value)


def test_no_way_is_told_for_what_is_read():
    for what, begin in (("tables", "A table"), ("time series", "Time series"), ("DNA", "DNA")):
        for suffix in READERS[what].SUFFIXES:
            assert "one of these" in str(conversions.refusal(begin, suffix, ()))
