"""Forward addition and backward elimination: networks trained anew, with a shuffled column."""

import pytest
import torch
from torch import nn

from explainers import Cancelled, explain_dataset
from explainers.errors import Problem
from explainers.importance.trained.architecture import Architecture, Stage
from explainers.importance.trained.training import Split, squared_error, train

FORWARD, BACKWARD = "forward_addition", "backward_elimination"


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def network(inputs: int, outputs: int = 1) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 4), nn.Tanh(), nn.Linear(4, outputs))


def asked(method, model, x, labels, **more):
    options = {method: {"seeds": 2, "steps": 60} | more.pop("options", {})}
    return explain_dataset(model, x, labels, methods=[method], options=options, output=0, **more)


@pytest.mark.parametrize("method", [FORWARD, BACKWARD])
def test_the_order_of_a_sum_and_the_noise_behind_the_shuffled_column(method):
    """Errors on held-out rows are about the variance of what is not there: 1 + 4 + 16, …"""
    x = rows(600, 4) * torch.tensor([1.0, 100.0, 0.01, 1.0])
    y = x @ torch.tensor([2.0, 0.04, 100.0, 0.0]) + 7
    table = asked(method, network(4), x, y, options={"steps": 200})
    assert table.values[0, :3].tolist() == [2, 1, 3] and float(table.values[0, 3]) == 4
    details = table.details[method]
    error = details["error"]
    assert error.shape == (4,) and details["order"].shape == (2, 4)
    if method == FORWARD:
        assert float(details["start"]) == pytest.approx(21, rel=0.25)
        torch.testing.assert_close(error[:2], torch.tensor([5.0, 1.0]).double(), rtol=0.4, atol=0.8)
        assert float(error[2]) < 0.05 * 21
    else:
        assert float(details["start"]) < 0.05 * 21
        torch.testing.assert_close(
            error[1:3], torch.tensor([1.0, 5.0]).double(), rtol=0.4, atol=0.8
        )
    assert bool((details["control_rank"] >= 4).all())
    assert float(table.sources["training"].sum()) >= 0


def test_numbers_come_again_and_do_not_touch_the_network():
    x, net = rows(80, 2), network(2)
    before = [p.clone() for p in net.parameters()]
    one, two = (asked(FORWARD, net, x, x[:, 0]) for _ in range(2))
    assert torch.equal(one.details[FORWARD]["errors"], two.details[FORWARD]["errors"])
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert net.training


def test_classes_are_learnt_by_cross_entropy():
    x = rows(400, 2)
    labels = (x[:, 1] > 0).long()
    table = asked(FORWARD, network(2, 2), x, labels)
    assert table.values.tolist() == [[2, 1]]
    details = table.details[FORWARD]
    assert float(details["start"]) == pytest.approx(0.693, abs=0.03)
    assert float(details["error"][0]) < 0.35
    single = asked(BACKWARD, nn.Sequential(network(2), nn.Sigmoid()), x, labels)
    assert single.values.tolist() == [[2, 1]]


def test_an_input_that_is_masked_is_one_that_is_not_there():
    """One network with a mask is the network built with one input less, weight by weight."""
    x, generator = rows(1, 60, 3), torch.Generator().manual_seed(0)
    y = x.sum(2, keepdim=True)
    two = x.clone()
    two[..., 2] = 99.0
    mask = torch.tensor([[[True, True, False]]])
    architecture = Architecture(3, (Stage(4, (0,), "tanh"), Stage(1, (0, 1), "")))
    found = [
        train(
            architecture,
            Split((part, y), (part, y), (part, y)),
            mask,
            squared_error,
            generator.manual_seed(0),
            20,
        )[1]
        for part in (x, two)
    ]
    assert torch.equal(*found)


def test_other_networks_are_told_and_may_bring_their_own_training():
    x, y = rows(60, 3), rows(60, 3)[:, 1]

    def tree(x):
        return torch.where(x[:, 1] > 0, 1.0, 0.0)

    with pytest.raises(Problem, match="give a function train"):
        asked(FORWARD, tree, x, y)
    seen = []

    def least_squares(inputs, labels, seed):
        seen.append((inputs.shape[1], seed))
        weights = torch.linalg.lstsq(inputs, labels.float().unsqueeze(1)).solution
        return lambda x: x @ weights

    for method in (FORWARD, BACKWARD):
        table = asked(method, tree, x, y, options={"train": least_squares})
        assert float(table.values[0, 1]) == 1
        last = table.details[method]["error"][-1 if method == FORWARD else 1]
        assert float(last) < 1e-6
    assert {shape for shape, _ in seen} == {1, 2, 3, 4} and {seed for _, seed in seen} == {0, 1}
    with pytest.raises(Problem, match="must return a model"):
        asked(FORWARD, tree, x, y, options={"train": lambda x, y, seed: None})


def test_what_cannot_be_asked_gets_a_sentence_and_cancel_ends_it():
    x = rows(60, 3)
    with pytest.raises(Problem, match="labels"):
        asked(FORWARD, network(3), x, None)
    with pytest.raises(Problem, match="too few"):
        asked(BACKWARD, network(3), x[:15], x[:15, 0])
    with pytest.raises(Problem, match="groups"):
        asked(FORWARD, network(200), rows(60, 200), x[:, 0], options={"steps": 1000})
    calls = []

    def progress(now):
        calls.append(now.done)
        if len(calls) > 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        asked(FORWARD, network(3), x, x[:, 0], progress=progress)
    assert len(calls) == 21
