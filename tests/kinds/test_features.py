"""From a table to features: choosing, gaps, scale, and warnings that hold."""

import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import StandardScaler

from explainers import Problem
from explainers.kinds import table
from explainers.kinds.features import (
    complete_rows,
    correlated_groups,
    data_warnings,
    feature_values,
    mean_and_std,
    target_column,
)

TEXT = "a,b,c,words\n1,,x,p\n2,5,y,q\n,6,x,r\n4,9,x,s\n5,8,,t\n6,9,y,u\n"


@pytest.fixture
def parsed():
    return table.read(TEXT.encode(), ".csv")


def test_features_come_in_the_order_asked(parsed):
    rows = complete_rows(parsed, ["b", "a"])
    assert rows.tolist() == [False, True, False, True, True, True]
    full = table.read(b"a,b,c\n1,2,3\n4,5,6\n", ".csv")
    assert feature_values(full, ["c", "a"]).tolist() == [[3, 1], [6, 4]]


def test_gaps_in_chosen_features_are_named_and_counted(parsed):
    with pytest.raises(Problem, match=r'2 of 6 rows .*: "a \(1\)", "b \(1\)"\. Leave'):
        feature_values(parsed, ["a", "b"])


def test_gaps_are_filled_from_their_own_column(parsed):
    assert feature_values(parsed, ["a", "b"], "mean")[[2, 0], [0, 1]].tolist() == [18 / 5, 37 / 5]
    assert feature_values(parsed, ["a", "b"], "median")[[2, 0], [0, 1]].tolist() == [4, 8]
    assert feature_values(parsed, ["c"], "mean")[:, 0].tolist() == [0, 1, 0, 0, 0, 1], "commonest"
    assert np.isnan(parsed[1]["values"]).any(), "the table stays as it is"


def test_a_missing_target_is_answered_with_the_columns_there_are(parsed):
    with pytest.raises(Problem, match='no column "price" .*there are "a", "b", "c", "words"'):
        target_column(parsed, "price")
    with pytest.raises(Problem, match='"words" holds text'):
        target_column(parsed, "words")
    assert target_column(parsed, "b")[1:].tolist() == [5, 6, 9, 8, 9]


def test_no_feature_and_an_unknown_way_to_fill_are_refused(parsed):
    for arguments in (([],), (["a"], "magic")):
        with pytest.raises(Problem):
            feature_values(parsed, *arguments)


def test_the_scale_is_that_of_sklearn_and_never_zero():
    values = np.random.default_rng(0).normal(3, [1, 20, 0.1], (200, 3))
    values[:, 1] = 0.1  # its standard deviation is not exactly 0 in floating point
    theirs = StandardScaler().fit(values)
    mean, spread = mean_and_std(values)
    np.testing.assert_allclose(mean, theirs.mean_)
    np.testing.assert_allclose(spread, theirs.scale_)
    assert spread[1] == 1


def test_unlike_spreads_and_correlated_pairs_are_warned_of():
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(2, 500))
    values = np.stack([a, a + 0.3 * b, 100 * b, draw.normal(size=500), np.ones(500)], axis=1)
    names = ["rain", "flow", "wind", "sun", "same"]
    sentences = data_warnings(values, names)
    assert len(sentences) == 3
    assert '"same"' in sentences[0]
    times = values[:, 2].std() / values[:, [0, 1, 3]].std(axis=0).min()
    assert f'"wind" is {times:,.0f} times' in sentences[1]
    r = stats.pearsonr(values[:, 0], values[:, 1])[0]
    assert f"rain and flow ({r:+.2f})" in sentences[2] and "sun" not in sentences[2]
    assert data_warnings(values[:, [0, 3]], ["rain", "sun"]) == []


def test_features_tied_by_chains_form_a_group():
    draw = np.random.default_rng(1)
    a, b, c = draw.normal(size=(3, 2000))
    # r(x, y) = r(y, z) = 1/√2 ≈ 0.707 and r(x, z) = 0: tied by the chain alone.
    values = np.stack([a, a + b, b, c, -c + 0.1 * a], axis=1)
    groups = correlated_groups(values, list("xyzpq"), threshold=0.65)
    assert groups == [["x", "y", "z"], ["p", "q"]]
    assert correlated_groups(values, list("xyzpq"), threshold=0.9) == [["p", "q"]]


def test_groups_are_the_connected_components():
    from scipy.sparse.csgraph import connected_components

    draw = np.random.default_rng(2)
    values = draw.normal(size=(60, 40)) + draw.normal(size=(60, 5)) @ draw.normal(size=(5, 40))
    for threshold in (0.5, 0.7, 0.8, 0.9):
        count, of = connected_components(np.abs(np.corrcoef(values, rowvar=False)) > threshold)
        expected = [[str(i) for i in np.flatnonzero(of == group)] for group in range(count)]
        groups = correlated_groups(values, [str(i) for i in range(40)], threshold)
        assert sorted(groups) == sorted(group for group in expected if len(group) > 1)
