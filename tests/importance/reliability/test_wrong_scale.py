"""A network that wants standardised columns is found out first, with labels or without."""

import pytest
import torch
from small_networks import rows
from torch import nn

from explainers import explain_dataset

SIZE = torch.tensor([900.0, 0.02, 3.0], dtype=torch.float64)
RAW = SIZE * rows(120, 3) + torch.tensor([2000.0, 0.5, 10.0])
EVEN = (RAW - RAW.mean(0)) / RAW.std(0, unbiased=False)


def is_about_scale(note):
    return "trained on standardised columns" in note


def line(x):
    return x @ torch.tensor([1.0, -2.0, 1.5], dtype=x.dtype)


def own_units(x):
    return line((x - RAW.mean(0)) / RAW.std(0, unbiased=False))


def first_note(model, labels=None, x=RAW):
    notes = explain_dataset(
        model, x, labels, "permutation", ["height", "rain", "age"], draws=100
    ).notes
    assert not any(map(is_about_scale, notes[1:]))
    return notes[0] if notes and is_about_scale(notes[0]) else ""


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_without_labels_the_answers_tell(dtype):
    assert first_note(line, x=RAW.to(dtype)).startswith('"height" alone carries')
    assert not first_note(own_units) and not first_note(line, x=EVEN)


def test_with_labels_the_error_tells():
    truth = line(EVEN) + 0.1 * rows(120, seed=4)
    assert "once they are standardised" in first_note(line, truth)
    assert not first_note(own_units, truth)
    # Where height does decide, a network that says so is right.
    assert not first_note(line, line(RAW) + rows(120, seed=4))
    # Better than the mean as they are, and far better standardised.
    poor = line(EVEN) + 2 * line(RAW) / line(RAW).std()
    assert not first_note(lambda x: poor.mean() + line(x) / line(RAW).std(), poor)


def test_classes_that_are_all_one():
    """A network that is sure of one class of raw columns, and right on standardised ones."""
    net = nn.Linear(3, 2).double()
    with torch.no_grad():
        net.weight[:] = torch.stack([torch.tensor([3.0, 4.0, -4.0]), -torch.tensor([3.0, 4.0, -4])])
        net.bias.zero_()
    truth = net(EVEN).argmax(1)
    found = explain_dataset(net, RAW, truth, "permutation", output=0, draws=100)
    assert is_about_scale(found.notes[0]) and found.quality["accuracy"] < 0.7
    assert not any(
        map(is_about_scale, explain_dataset(net, EVEN, truth, "permutation", output=0).notes)
    )
