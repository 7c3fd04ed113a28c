"""Charts are drawn while pandas is being imported by another page."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import plotly.graph_objects as go
import pytest
from _plotly_utils import basevalidators, optional_imports, utils

from pages.server import plotly_private


@pytest.fixture
def half_imported(monkeypatch):
    """pandas as it stands in `sys.modules` at the start of its import, and plotly as it comes."""
    module = ModuleType("pandas")
    module.__spec__ = ModuleSpec("pandas", None)
    module.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "pandas", module)
    for one in (basevalidators, utils):
        monkeypatch.setattr(one, "get_module", optional_imports.get_module)


def draw() -> str:
    figure = go.Figure(go.Bar(x=[0.5, 1.0], y=["a", "b"]))
    return figure.update_layout(xaxis={"domain": [0, 1]}).to_json()


def test_plotly_by_itself_takes_a_module_that_is_not_whole(half_imported):
    """Where this fails, `plotly_private` is no longer needed."""
    with pytest.raises(AttributeError, match="pandas"):
        draw()


def test_a_chart_is_drawn_meanwhile(half_imported):
    plotly_private.pass_over_what_is_being_imported()
    assert '"domain":[0,1]' in draw()


def test_whole_modules_are_taken_as_before(half_imported, monkeypatch):
    plotly_private.pass_over_what_is_being_imported()
    monkeypatch.delitem(sys.modules, "pandas")
    import pandas

    assert basevalidators.get_module("pandas", should_load=False) is pandas
    series = pandas.Series([0.5, 1.0])
    assert go.Figure(go.Bar(x=series)).data[0].x.tolist() == [0.5, 1.0]
