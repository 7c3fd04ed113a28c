"""Recurrent networks from their weights alone, with what they stand on and what reads them."""

import pytest
import torch
from chains import Named, noise, same, trained
from torch import nn

from explainers.models.formats.inferred import describe

KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_recurrent_networks(kind, both, depth, bias):
    layer = KINDS[kind](3, 5, depth, bias=bias, batch_first=True, bidirectional=both)
    wide = 10 if both else 5
    ways = {
        "last step": lambda net, x: net.head(net.rnn(x)[0][:, -1]),
        "mean over the steps": lambda net, x: net.head(net.rnn(x)[0].mean(1)),
        "maximum over the steps": lambda net, x: net.head(net.rnn(x)[0].amax(1)),
        "every step": lambda net, x: net.head(net.rnn(x)[0]),
    }
    if both:

        def last(net, x):
            state = net.rnn(x)[1]
            state = state[0] if kind == "lstm" else state
            return net.head(torch.cat((state[-2], state[-1]), 1))

        ways["last state of each direction"] = last
    network = trained(Named(None, rnn=layer, head=nn.Linear(wide, 2)))
    for words, run in ways.items():
        network.run = run
        assert same(network, noise(4, 9, 3), {"steps": words}), words
    found = describe(network.state_dict())
    assert (found.kind, found.shape, found.outputs) == ("series", (None, 3), 2)
    steps = next(question for question in found.questions if question.name == "steps")
    assert set(steps.choices) == set(ways)


def test_a_recurrent_layer_may_stand_on_convolutions_and_under_a_perceptron():
    def run(net, x):
        x = net.conv(x.transpose(1, 2)).relu().transpose(1, 2)
        return net.two(net.norm(net.one(net.rnn(x)[0])).tanh())

    network = Named(
        run,
        conv=nn.Conv1d(6, 8, 3),
        rnn=nn.GRU(8, 5, batch_first=True),
        one=nn.Linear(5, 6),
        norm=nn.LayerNorm(6),
        two=nn.Linear(6, 2),
    )
    answers = {"activation": "relu, tanh", "padding": "none", "steps": "every step"}
    assert same(trained(network), noise(4, 9, 6), answers)
    network = Named(
        lambda net, x: net.two(net.rnn(net.norm(x.transpose(1, 2)).transpose(1, 2))[0]),
        norm=nn.BatchNorm1d(3),
        rnn=nn.RNN(3, 5, nonlinearity="relu", batch_first=True),
        two=nn.Linear(5, 2),
    )
    answers = {"steps": "every step", "recurrence": "relu"}
    assert same(trained(network), noise(4, 9, 3), answers)
