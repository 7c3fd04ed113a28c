"""What counts as one feature, and that all methods count a group as one."""

import pytest
import torch
from small_networks import mlp, rows

from explainers import IMPORTANCE, explain_dataset
from explainers.importance.features import features_of
from explainers.kinds.layout import InputLayout

TRIAL = {key: dict(entry.trial) for key, entry in IMPORTANCE.items()}


def of(shape, *arguments):
    return features_of(InputLayout.of(shape), *arguments)


def test_columns_variables_positions_and_squares():
    assert of((3,)).labels.tolist() == [0, 1, 2]
    series = of((5, 2), ["a", "b"])
    assert series.names == ("a", "b") and series.labels.tolist() == [[0, 1]] * 5
    assert of((4, 6)).names == tuple(f"position {i}" for i in range(6))
    assert of((4, 6)).labels.tolist() == [list(range(6))] * 4
    picture = of((3, 16, 16))
    assert len(picture) == 64 and picture.labels[2, 15, 15] == 63 and picture.labels[0, 0, 2] == 1


def test_groups_keep_the_place_of_their_first_column():
    found = of((5,), list("abcde"), {"far": ["e", "b"], "near": [2, "d"]})
    assert found.names == ("a", "far", "near") and found.groups == ("far", "near")
    assert found.columns == ((0,), (1, 4), (2, 3)) and found.labels.tolist() == [0, 1, 2, 2, 1]
    assert found.mask(1).tolist() == [False, True, False, False, True]
    summed = found.summed(torch.arange(10.0).view(2, 5))
    assert summed.tolist() == [[0, 5, 5], [5, 15, 15]]


def test_groups_without_names_and_single_ones():
    found = of((3,), None, [["x0", 2], [1]])
    assert found.names == ("x0 + x2", "x1") and found.columns == ((0, 2), (1,))
    assert of((3,), None, {}).names == of((3,), None, None).names == ("x0", "x1", "x2")


def test_a_group_may_bear_the_name_of_one_of_its_columns():
    assert of((3,), ["a", "b", "c"], {"a": ["a", "b"]}).names == ("a", "c")


def test_variables_of_series_are_grouped_at_all_steps():
    found = of((4, 3), ["a", "b", "c"], [["a", "c"]])
    assert found.labels.tolist() == [[0, 1, 0]] * 4


def test_every_method_counts_a_group_as_one():
    x = rows(40, 4)
    table = explain_dataset(
        mlp(4).double(), x, groups={"pair": ["x3", "x1"]}, options=TRIAL, labels=x[:, 0]
    )
    assert table.names == ("x0", "pair", "x2") and set(table.methods) == set(IMPORTANCE)
    assert table.values.shape == (16, 3) and bool(table.values.isfinite().all())
    for method in ("garson", "partial_derivatives", "shapley_effects"):
        values = table.values[table.methods.index(method)]
        assert float(values.sum()) == pytest.approx(1)


def test_slopes_of_a_group_are_those_of_moving_all_of_it():
    x = rows(40, 3)
    found = explain_dataset(
        lambda x: 3 * x[:, 0] - x[:, 1] + x[:, 2], x, groups=[[0, 1]], methods="jacobian"
    ).details["jacobian"]
    assert found["mean"].tolist() == pytest.approx([2, 1])
    assert found["mean_abs"].tolist() == pytest.approx([4, 1])
    assert found["rms"].tolist() == pytest.approx([10**0.5, 1])


def test_order_of_names_in_a_group_does_not_matter():
    x = rows(40, 3)
    model = mlp().double()
    one, two = (
        explain_dataset(model, x, groups={"g": part}, methods=["permutation", "sobol"])
        for part in ([0, 2], ["x2", "x0"])
    )
    assert torch.equal(one.values, two.values)
