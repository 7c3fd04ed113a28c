"""The three forms of an answer: output, logit, probability."""

import pytest
import torch
import torch.nn.functional as F
from nets import smooth
from torch import nn

from explainers import Problem, explain
from explainers.output_form import with_form

X = torch.randn(3, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


class Functional(nn.Module):
    def __init__(self, ending):
        super().__init__()
        self.body, self.ending = smooth(), ending

    def forward(self, x):
        return self.ending(self.body(x))


ENDINGS = {
    "module": nn.Softmax(1),
    "F.softmax": lambda y: F.softmax(y, dim=1),
    "method": lambda y: y.softmax(-1),
    "torch": lambda y: torch.softmax(y, 1),
    "reshaped": lambda y: F.softmax(y, 1).view(-1, 3, 1).squeeze(-1),
    "log_softmax": nn.LogSoftmax(1),
    "sigmoid": torch.sigmoid,
    "none": lambda y: y,
}


@pytest.mark.parametrize("name", ENDINGS)
def test_the_final_activation_is_recognised(name):
    net = Functional(ENDINGS[name])
    torch.testing.assert_close(with_form(net, "logit")(X), net.body(X))
    expected = net.body(X).sigmoid() if name == "sigmoid" else net.body(X).softmax(1)
    torch.testing.assert_close(with_form(net, "probability")(X), expected)
    torch.testing.assert_close(with_form(net, "output")(X), net(X))


def test_a_softmax_inside_the_network_is_no_final_one():
    net = nn.Sequential(smooth(), nn.Softmax(1), nn.Linear(3, 2).double())
    torch.testing.assert_close(with_form(net, "logit")(X), net(X))


def test_one_output_has_the_probability_of_its_sigmoid():
    net = nn.Sequential(smooth(classes=1), nn.Flatten(0))
    torch.testing.assert_close(with_form(net, "probability")(X), net(X).sigmoid())


def test_logits_are_explained_behind_a_softmax():
    net = Functional(nn.Softmax(1))
    found = explain(net, X, target=0, score="logit", steps=20).scores
    torch.testing.assert_close(found, explain(net.body, X, target=0, steps=20).scores)


def test_an_unknown_score_is_named():
    with pytest.raises(Problem, match="output, logit, probability"):
        with_form(smooth(), "odds")
