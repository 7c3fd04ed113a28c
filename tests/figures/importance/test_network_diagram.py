"""Diagrams of networks: each weight a line of its sign and size, or said to be left out."""

import numpy as np
import pytest
import torch

from explainers.errors import Problem
from explainers.figures.chart_style import OPPOSE, SUPPORT
from explainers.figures.importance.network_diagram import WIDEST, network_diagram
from explainers.importance.dense.diagram import diagram
from explainers.importance.dense.network import chain_of

NAMES = ["rain", "<b>wind</b>", "unit 1.1", "unit 1.2", "yield"]
LAYERS = [0, 0, 1, 1, 2]
STARTS, ENDS = [0, 0, 1, 1, 2, 3], [2, 3, 2, 3, 4, 4]
WEIGHTS = [4.0, -2.0, 0.2, -4.0, 0.5, -1.0]


def lines(figure):
    """(x, y) of both ends → (colour, width) of every line drawn."""
    found = {}
    for trace in figure.data:
        if trace.mode == "lines":
            points = list(zip(trace.x, trace.y, strict=True))
            for first, last, gap in zip(points[::3], points[1::3], points[2::3], strict=True):
                assert gap == (None, None)
                found[first, last] = trace.line.color, trace.line.width
    return found


def places(figure):
    units = figure.data[-1]
    return list(zip(units.x, units.y, strict=True))


def test_every_weight_is_a_line_in_the_colour_of_its_sign():
    figure = network_diagram(NAMES, LAYERS, STARTS, ENDS, WEIGHTS, least=0.0)
    drawn, at = lines(figure), places(figure)
    assert len(drawn) == 6
    for start, end, weight in zip(STARTS, ENDS, WEIGHTS, strict=True):
        colour, width = drawn[at[start], at[end]]
        assert colour == (SUPPORT if weight > 0 else OPPOSE)
        largest = 4.0 if end < 4 else 1.0
        assert abs(width - WIDEST * abs(weight) / largest) <= 1 + 1e-9, "widths come in steps of 1"
    assert "All 6 weights are drawn" in figure.layout.meta["alt"]


def test_weak_lines_are_left_out_and_it_is_said():
    figure = network_diagram(NAMES, LAYERS, STARTS, ENDS, WEIGHTS)
    assert len(lines(figure)) == 5
    said = "1 of 6 weights, the weakest"
    assert said in figure.layout.meta["alt"]
    assert any(said in note.text for note in figure.layout.annotations)
    few = network_diagram(NAMES, LAYERS, STARTS, ENDS, WEIGHTS, most=2)
    assert len(lines(few)) == 2 and "4 of 6 weights" in few.layout.meta["alt"]


def test_units_stand_in_their_layers_under_their_names():
    figure = network_diagram(
        NAMES, LAYERS, STARTS, ENDS, WEIGHTS, ["", "", "resting", "", ""], [np.nan, np.nan, 1, 2, 3]
    )
    units = figure.data[-1]
    assert list(units.x) == LAYERS
    assert units.y[0] > units.y[1] and units.y[2] > units.y[3], "the first is on top"
    assert units.text[:3] == ("rain", "&lt;b&gt;wind&lt;/b&gt;", "unit 1.1")
    assert units.customdata[2] == "unit 1.1, bias +1<br>rests on these rows"
    assert any("hollow: rests" in note.text for note in figure.layout.annotations)
    colours = units.marker.color
    assert colours[2] != colours[3] == colours[0], "a resting unit is hollow"
    shown = next(trace for trace in figure.data if trace.mode == "markers")
    assert ["unit 1.2", "yield", "−1"] in [list(row) for row in shown.customdata]


def test_the_words_name_the_largest_weight_of_each_layer():
    alt = network_diagram(NAMES, LAYERS, STARTS, ENDS, WEIGHTS).layout.meta["alt"]
    assert alt.startswith("A network of 2 inputs, 2 hidden units and 1 output.")
    assert "of layer 1: from rain to unit 1.1, 4" in alt
    assert "of layer 2: from unit 1.2 to yield, −1" in alt


def test_it_draws_what_the_library_gives():
    found = diagram(chain_of([torch.tensor([[2.0], [-1.0]]), torch.ones(1, 1)]), ["a", "b"])
    figure = network_diagram(
        [unit.name for unit in found.units],
        [unit.layer for unit in found.units],
        [line.start for line in found.connections],
        [line.end for line in found.connections],
        [line.weight for line in found.connections],
        [unit.state for unit in found.units],
        activations=found.activations,
    )
    assert sorted(lines(figure).values()) == [
        (OPPOSE, WIDEST / 2),
        (SUPPORT, WIDEST),
        (SUPPORT, WIDEST),
    ]


def test_a_connection_that_skips_layers_goes_around_them():
    figure = network_diagram(["a", "h", "y"], [0, 1, 2], [0, 1, 0], [1, 2, 2], [1.0, 1.0, 1.0])
    heights = np.array([y for t in figure.data if t.mode == "lines" for y in t.y if y is not None])
    assert heights.max() > 0.2, "straight, it would run through h"


def test_no_weights_and_weights_of_zero_are_drawn_without_lines():
    assert lines(network_diagram(["a", "y"], [0, 1], [], [], [])) == {}
    assert lines(network_diagram(["a", "y"], [0, 1], [0], [1], [0.0])) == {}


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(Problem, match="not finite"):
        network_diagram(["a", "y"], [0, 1], [0], [1], [np.nan])
    with pytest.raises(Problem, match="one layer each"):
        network_diagram(["a", "y"], [0], [0], [1], [1.0])
    with pytest.raises(Problem, match="one start"):
        network_diagram(["a", "y"], [0, 1], [0], [1], [1.0, 2.0])
