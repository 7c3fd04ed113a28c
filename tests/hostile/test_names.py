"""Names of classes, columns and files are text, whatever they hold, where sentences name them."""

import re

import numpy as np
import plotly.graph_objects as go
import pytest

from explainers.figures.bars import class_bars
from explainers.figures.text import figure_as_text
from explainers.figures.text.sentences import escape_markdown
from tests.pages.test_cases import case

HOSTILE = [
    "![x](http://evil.example/a.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example>",
    "https://evil.example/a",
    "www.evil.example",
    "someone@evil.example",
    "$\\frac{1}{2}$",
    ":red[danger]",
    ":material/delete:",
    "a\n\n# heading",
    "| a | b |\n|---|---|",
    "`code`",
    "**bold** _it_ ~~gone~~",
    "\\*not escaped*",
    "=cmd|' /C calc'!A0",
]
HARMLESS = ["stop", "no entry", "Größe in cm", "5.1 %", "class 3, left"]
# What starts something in Markdown, unless a backslash stands before it; and what becomes a link
# by itself.
MEANS = re.compile(r"(?<!\\)(?:\\\\)*[`*_{}\[\]<>()#!|~$:]")
LINK = re.compile(r"(https?\\?:\\?/\\?/|www\.|@\w)", re.IGNORECASE)


def shown(text: str) -> str:
    """What a reader sees of escaped text."""
    return re.sub(r"\\([\\`*_{}\[\]<>()#!|~$:])", r"\1", text).replace("\u2060", "")


@pytest.mark.parametrize("name", [*HOSTILE, *HARMLESS])
def test_a_name_means_nothing_in_markdown_and_reads_as_it_is(name):
    escaped = escape_markdown(name)
    assert not MEANS.search(escaped) and not LINK.search(escaped) and "\n" not in escaped
    assert shown(escaped) == " ".join(name.split())


@pytest.mark.parametrize("name", HARMLESS)
def test_an_ordinary_name_stays_as_it_is(name):
    assert escape_markdown(name) == name


def test_cases_name_their_class_and_label_as_text():
    one = case(target=0)
    hostile = type(one)(HOSTILE[0], one.task, one.input, tuple(HOSTILE[:3]), one.prediction)
    for text in (hostile.about_as_text, hostile.label_as_text):
        assert not MEANS.search(text) and shown(text) == HOSTILE[0]
    assert hostile.about == HOSTILE[0], "alternative texts and figures know no Markdown"


def test_names_in_figures_are_no_links():
    names = ['<a href="http://evil.example">stop</a>', "<B>yield</B>", "a < b"]
    figure = class_bars(names, [0.5, 0.3, 0.2], names[0])
    text = figure_as_text.harmless(figure).to_json()
    assert "<a " not in text and "&lt;a href" in text
    array = go.Figure(go.Bar(x=np.array(names, dtype=object), y=[1, 2, 3]))
    assert "<a " not in figure_as_text.harmless(array).to_json()
    plain = class_bars(["stop", "yield"], [0.7, 0.3], "stop")
    assert figure_as_text.harmless(plain) is plain
