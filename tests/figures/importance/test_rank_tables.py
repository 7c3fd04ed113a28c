"""Tables of ranks: every number in its cell, one scale, the most important on top."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.importance.rank_table import rank_table

NAMES = ["noise", "rain", "wind"]
RANK = [[3, 1, 2], [3, 2, 1], [3, 1, 2]]
LOW = [[3, 1, 1], [3, 1, 1], [2, 1, 2]]
HIGH = [[3, 2, 2], [3, 2, 2], [3, 1, 3]]
METHODS = ["Sobol", "Morris", "profile"]


def test_every_rank_stands_in_its_inputs_row_and_its_methods_column():
    figure = rank_table(NAMES, METHODS, RANK, LOW, HIGH)
    (heat,) = figure.data
    assert figure.layout.yaxis.ticktext == ("rain", "wind", "noise"), "by mean rank"
    assert figure.layout.xaxis.ticktext == tuple(METHODS)
    assert np.array_equal(heat.z, np.array(RANK).T[[1, 2, 0]])
    assert heat.customdata[0][1] == ["rain", "Morris", "2 (1–2)"]
    assert heat.customdata[2][0] == ["noise", "Sobol", "3"], "no doubt, no interval"
    assert heat.text[0][1].startswith("2<br>") and "1–2" in heat.text[0][1]
    assert heat.text[2][0] == "3"
    top, bottom = figure.layout.yaxis.range[::-1]
    assert top < bottom, "the first row is on top"


def test_all_methods_share_the_scale_from_one_to_the_number_of_inputs():
    axis = rank_table(NAMES, METHODS, RANK, LOW, HIGH).layout.coloraxis
    assert (axis.cmin, axis.cmax) == (1, 3) and axis.reversescale
    assert axis.colorscale[0][1] == "rgb(255, 255, 255)", "reversed: the last place is white"
    assert rank_table(["a"], ["m"], [[1]], [[1]], [[1]]).layout.coloraxis.cmax > 1


def test_the_words_say_who_is_first_and_last():
    alt = rank_table(NAMES, METHODS, RANK, LOW, HIGH).layout.meta["alt"]
    assert "rain is first in 2 of 3 methods" in alt and "noise is last in all 3" in alt


def test_a_method_without_a_rank_leaves_its_cell_empty():
    rank = np.array(RANK, float)
    rank[1], rank[0, 0] = np.nan, np.nan
    figure = rank_table(NAMES, METHODS, rank, LOW, HIGH)
    (heat,) = figure.data
    column = [row[1] for row in heat.text]
    assert column == [""] * 3 and np.isnan(heat.z[:, 1]).all()
    assert heat.customdata[0][1][2] == "no rank"
    assert [note.text for note in figure.layout.annotations] == ["–"] * 4
    assert "rain is first in 2 of 3 methods" in figure.layout.meta["alt"]
    with pytest.raises(Problem, match="No method gives a rank"):
        rank_table(NAMES, METHODS, np.full((3, 3), np.nan), LOW, HIGH)


def test_letters_of_names_stay_letters_and_long_names_are_cut():
    names = ["<b>rain</b>", "$x^2$", "the mean of all temperatures of the morning"]
    figure = rank_table(names, ["a <i>method</i>", "$b$", "c"], RANK, LOW, HIGH)
    labels = [label.replace("<br>", "") for label in figure.layout.yaxis.ticktext]
    assert "&#36;x^2&#36;" in labels and "&lt;b&gt;rain&lt;/b&gt;" in labels
    assert all(len(label) < 40 for label in labels) and any("…" in label for label in labels)
    assert "<i>" not in figure.layout.xaxis.ticktext[0]
    hovered = {cell[0] for row in figure.data[0].customdata for cell in row}
    assert "the mean of all temperatures of the morning" in hovered


def test_inputs_may_stand_as_they_are_given():
    figure = rank_table(NAMES, METHODS, RANK, LOW, HIGH, in_order=True)
    assert figure.layout.yaxis.ticktext == tuple(NAMES)
    assert np.array_equal(figure.data[0].z, np.array(RANK).T)


def test_a_part_of_the_inputs_keeps_the_scale_of_all_and_calls_none_the_last():
    ranks = [[1, 17], [2, 40]]
    figure = rank_table(["a", "b"], METHODS[:2], ranks, ranks, ranks)
    assert figure.layout.coloraxis.cmax == 40
    assert "b is last of these inputs in both" in figure.layout.meta["alt"]


def test_many_names_of_methods_stand_upright_on_one_line():
    many = [f"a long method {i}" for i in range(14)]
    ranks = np.ones((14, 3))
    axis = rank_table(NAMES, many, ranks, ranks, ranks).layout.xaxis
    assert axis.tickangle == -90 and not any("<br>" in text for text in axis.ticktext)


def test_many_methods_may_leave_intervals_to_hovering():
    (heat,) = rank_table(NAMES, METHODS, RANK, LOW, HIGH, intervals=False).data
    assert {text for row in heat.text for text in row} == {"1", "2", "3"}
    assert heat.customdata[0][1][2] == "2 (1–2)"


def test_forty_inputs_have_rows_of_the_same_height():
    rank = np.arange(1, 41)[None]
    one, two = (
        rank_table([f"x{i}" for i in range(n)], ["m"], *[rank[:, :n]] * 3).layout.height
        for n in (39, 40)
    )
    assert two - one >= 30


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(Problem, match="shape"):
        rank_table(NAMES, METHODS[:2], RANK, LOW, HIGH)
