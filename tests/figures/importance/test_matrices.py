"""Matrices: every number in its cell, zero neutral, limits symmetric, gaps left empty."""

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from explainers.errors import Problem
from explainers.figures.chart_style import colorscale
from explainers.figures.importance.interaction_matrix import interaction_matrix
from explainers.figures.importance.jacobian_matrix import jacobian_matrix
from explainers.figures.importance.method_agreement import kendall, method_agreement, spearman

SLOPES = np.array([[0.5, -2.0, np.nan], [1.0, 0.0, 1e-6]])


def test_slopes_stand_in_their_outputs_row_and_their_inputs_column():
    figure = jacobian_matrix(["y", "z"], ["a", "b", "c"], SLOPES, deviation=np.ones((2, 3)))
    (heat,) = figure.data
    assert np.array_equal(heat.z, SLOPES, equal_nan=True)
    assert figure.layout.yaxis.ticktext == ("y", "z") and figure.layout.xaxis.ticktext[1] == "b"
    assert heat.text == (["0.5", "−2", ""], ["1", "0", "0"])
    assert heat.customdata[0][1] == ["y", "b", "−2", "<br>± 1 from row to row"]


def test_written_numbers_have_as_many_decimals_as_the_largest_needs():
    def written(values):
        return jacobian_matrix(["y"], ["a", "b", "c"], [values]).data[0].text[0]

    assert written([12.34, -0.26, 3.0]) == ["12", "0", "3"]
    assert written([0.82, 0.067, -0.5]) == ["0.82", "0.07", "−0.5"]
    assert written([1.89, 0.0022, -0.71]) == ["1.9", "0", "−0.7"]
    assert written([3.1e-7, -2e-7, 0]) == ["3.1e−7", "−2.0e−7", "0"]
    assert written([2.5e8, 1e3, 0]) == ["2.5e8", "1000", "0"]


def test_zero_is_neutral_and_red_is_above_it():
    axis = jacobian_matrix(["y", "z"], ["a", "b", "c"], SLOPES).layout.coloraxis
    assert (axis.cmin, axis.cmax) == (-2, 2)
    assert list(axis.colorscale) == colorscale(signed=True)
    strength = jacobian_matrix(["y"], ["a", "b"], [[1, 2]], "size", signed=False).layout
    assert strength.coloraxis.cmin == 0 and "red" not in strength.coloraxis.colorbar.title.text
    with pytest.raises(Problem, match="without a sign"):
        jacobian_matrix(["y"], ["a", "b"], [[-1, 2]], signed=False)


def test_the_words_name_the_steepest():
    alt = jacobian_matrix(["y", "z"], ["a", "b", "c"], SLOPES).layout.meta["alt"]
    assert "The steepest: y by b, −2." in alt and "for z the steepest is a" in alt


def test_a_jacobian_of_zeros_and_of_forty_outputs_is_drawn():
    assert jacobian_matrix(["y"], ["a"], [[0.0]]).layout.coloraxis.cmax > 0
    names = [f"x{i}" for i in range(40)]
    big = jacobian_matrix(names, names, np.eye(40))
    assert big.data[0].texttemplate is None, "forty columns leave no room for numbers"
    with pytest.raises(Problem, match="finite"):
        jacobian_matrix(["y"], ["a"], [[np.nan]])
    with pytest.raises(Problem, match="that shape"):
        jacobian_matrix(["y"], ["a"], [[1.0, 2.0]])


PAIRS = np.array([[9.0, 1, -4], [1, 9, 0], [-4, 0, 9]])


def test_each_pair_is_drawn_once_and_the_diagonal_never():
    figure = interaction_matrix(["a", "b", "c"], PAIRS)
    (heat,) = figure.data
    assert np.array_equal(heat.z, [[1, np.nan], [-4, 0]], equal_nan=True)
    assert (figure.layout.yaxis.ticktext, figure.layout.xaxis.ticktext) == (("b", "c"), ("a", "b"))
    assert figure.layout.coloraxis.cmax == 4, "the diagonal does not dim the pairs"
    alt = figure.layout.meta["alt"]
    assert "The strongest pair: c with a, −4; then b with a, 1." in alt


def test_of_many_inputs_those_with_the_strongest_pairs_are_shown():
    pairs = np.zeros((30, 30))
    pairs[3, 20] = pairs[20, 3] = 5
    figure = interaction_matrix([f"x{i}" for i in range(30)], pairs, most=2)
    assert figure.data[0].z.tolist() == [[5]]
    assert (figure.layout.yaxis.ticktext, figure.layout.xaxis.ticktext) == (("x20",), ("x3",))
    assert figure.layout.yaxis.title.text == "2 of 30 inputs"
    assert (
        "No two inputs interact"
        in interaction_matrix(["a", "b"], np.zeros((2, 2))).layout.meta["alt"]
    )


def test_what_is_no_matrix_of_interactions_is_refused():
    with pytest.raises(Problem, match="symmetric"):
        interaction_matrix(["a", "b"], [[0, 1], [2, 0]])
    with pytest.raises(Problem, match="at least two"):
        interaction_matrix(["a"], [[0]])


@pytest.mark.parametrize("seed", range(5))
def test_rank_correlations_are_those_of_scipy_with_ties(seed):
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 5, 20), random.integers(0, 5, 20)
    assert kendall(one, other) == pytest.approx(kendalltau(one, other).statistic, abs=1e-12)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_an_order_of_ties_alone_agrees_with_none():
    assert np.isnan(kendall([1, 1, 1], [1, 2, 3])) and np.isnan(spearman([1, 1, 1], [1, 2, 3]))
    assert kendall([1, np.nan, 3, 2], [1, 2, 3, np.nan]) == 1


def test_agreement_is_drawn_once_a_pair_from_minus_one_to_one():
    ranks = [[1, 2, 3, 4], [1, 2, 4, 3], [4, 3, 2, 1], [1, 1, 1, 1]]
    figure = method_agreement(["a", "b", "c", "d"], ranks)
    wanted = [[2 / 3, *[np.nan] * 2], [-1, -2 / 3, np.nan], [np.nan] * 3]
    assert np.allclose(figure.data[0].z, wanted, equal_nan=True)
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-1, 1)
    alt = figure.layout.meta["alt"]
    assert "Most alike: b and a, 0.67. Least alike: c and a, −1." in alt
    rho = method_agreement(["a", "b"], ranks[:2], "spearman")
    assert rho.data[0].z[0, 0] == pytest.approx(0.8) and "Spearman" in rho.layout.meta["alt"]
    with pytest.raises(Problem, match="cannot be compared"):
        method_agreement(["a", "d"], [ranks[0], ranks[3]])
    with pytest.raises(Problem, match="at least two methods"):
        method_agreement(["a"], ranks[:1])


def test_letters_stay_letters():
    names = ["<b>a</b>", "$b$"]
    for figure in (
        jacobian_matrix(names, names, np.eye(2), "<i>slope</i>"),
        interaction_matrix(names, np.ones((2, 2)), "<i>slope</i>"),
    ):
        layout = figure.layout
        written = [*layout.xaxis.ticktext, *layout.yaxis.ticktext]
        written += [layout.coloraxis.colorbar.title.text]
        assert not any("<b>" in text or "$" in text or "<i>" in text for text in written)
