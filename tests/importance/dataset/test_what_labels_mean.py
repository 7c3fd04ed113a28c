"""The truth beside the rows: classes or numbers, of one output or all; the error of each row."""

import numpy as np
import pytest
import torch
from small_networks import rows
from torch import nn

from explainers import Problem
from explainers.attribution import Target
from explainers.importance.reading.labels import read_labels

FIRST = Target(index=(0,))


def errors(given, outputs, target=None):
    labels = read_labels(given, outputs, target)
    return labels, labels.error(outputs, labels.values, target)


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor([0, 2, 1, 1]),
        np.array([0, 2, 1, 1], dtype=np.uint8),
        [0, 2, 1, 1],
        [[0], [2], [1], [1]],
        [0.0, 2.0, 1.0, 1.0],
        ["0", "2", "1", "1"],
        torch.eye(3)[[0, 2, 1, 1]],
    ],
)
def test_classes_are_compared_by_cross_entropy(given):
    outputs, truth = rows(4, 3), torch.tensor([0, 2, 1, 1])
    labels, found = errors(given, outputs, FIRST)
    assert labels.classes and labels.values.tolist() == truth.tolist()
    torch.testing.assert_close(found, nn.functional.cross_entropy(outputs, truth, reduction="none"))
    shares, found = errors(given, outputs.softmax(1), FIRST)
    assert shares.probabilities and not labels.probabilities
    torch.testing.assert_close(found, nn.functional.cross_entropy(outputs, truth, reduction="none"))


def test_two_classes_of_one_output():
    scores, truth = rows(5, 1), torch.tensor([True, False, True, True, False])
    expected = nn.functional.binary_cross_entropy_with_logits(
        scores[:, 0], truth.double(), reduction="none"
    )
    for given in (truth, truth.long(), truth.numpy()):
        labels, found = errors(given, 3 * scores - 2, FIRST)
        assert labels.classes and not labels.probabilities
        torch.testing.assert_close(errors(given, scores.sigmoid(), FIRST)[1], expected)
    assert not errors(truth.double(), scores, FIRST)[0].classes, "0.0 and 1.0 are numbers"


def test_sure_and_wrong_is_a_large_error_and_not_infinite():
    found = errors([1, 0], torch.tensor([[1.0, 0.0], [1.0, 0.0]]), FIRST)[1]
    assert 20 < float(found[0]) < 50 and float(found[1]) == pytest.approx(0, abs=1e-9)


def test_numbers_are_compared_by_squares():
    outputs, truth = rows(6, 1), rows(6, seed=2)
    expected = (outputs[:, 0] - truth).square()
    for given in (truth, truth[:, None], truth.numpy(), truth.tolist()):
        labels, found = errors(given, outputs, FIRST)
        assert not labels.classes
        torch.testing.assert_close(found, expected)
    whole = errors([3, 7, 9, 1, 4, 2], outputs, FIRST)[1]
    torch.testing.assert_close(whole, (outputs[:, 0] - torch.tensor([3, 7, 9, 1, 4, 2])).square())


def test_a_number_for_each_output():
    outputs, truth = rows(6, 3), rows(6, 3, seed=2)
    whole = errors(truth, outputs)[1]
    torch.testing.assert_close(whole, (outputs - truth).square().mean(1))
    second = Target(index=(1,))
    torch.testing.assert_close(errors(truth, outputs, second)[1], (outputs - truth)[:, 1].square())
    pair = Target(index=(0,), rather_than=2)
    away = (outputs - truth)[:, 0] - (outputs - truth)[:, 2]
    torch.testing.assert_close(errors(truth, outputs, pair)[1], away.square())


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1)])
@pytest.mark.parametrize("given", [(6, 5), (6, 5, 1)])
def test_a_number_for_each_step(shape, given):
    outputs, truth = rows(*shape), rows(*given, seed=2)
    expected = (outputs.view(6, 5) - truth.view(6, 5)).square().mean(1)
    torch.testing.assert_close(errors(truth, outputs)[1], expected)


@pytest.mark.parametrize(
    ("given", "shape", "says"),
    [
        ([0, 3, 1, 1], (4, 3), "Label 3 is no class of a network with outputs 0 to 2"),
        ([0, 2, 1, 1.5], (4, 3), "several outputs: say by output="),
        (np.zeros((4, 2)), (4, 3), "one label a row, or one for each output"),
        (["a", "b", "c", "d"], (4, 1), "text, such as 'a'"),
        (np.array([1, "b", 2, 3], dtype=object), (4, 1), "text, such as 'b'"),
        ([1.0, np.inf, 0, 0], (4, 1), "1 labels are NaN or infinite"),
        ([1.0], (4, 1), "1 labels were given for 4 rows"),
        (np.array("x"), (4, 1), "text"),
    ],
)
def test_what_labels_cannot_be(given, shape, says):
    with pytest.raises(Problem, match=says):
        read_labels(given, rows(*shape), None)


def test_zeros_and_ones_with_a_decimal_point_are_said_to_be_numbers():
    outputs = torch.tensor([[0.2], [0.9], [0.4]])
    found = read_labels([0.0, 1.0, 1.0], outputs, Target(index=(0,)))
    assert not found.classes and "the error is the squared one" in found.note
    assert not read_labels([0.0, 1.0, 2.0], outputs, Target(index=(0,))).note
    assert read_labels([0, 1, 1], outputs, None).classes
