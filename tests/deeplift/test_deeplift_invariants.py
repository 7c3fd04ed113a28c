"""What must not matter: the batch, an earlier call; what must not change: the model, the memory."""

import gc

import pytest
import torch
import zoo
from torch import nn

from explainers import explain

pytestmark = pytest.mark.filterwarnings("ignore")
RULES = ("rescale", "reveal_cancel", "genomics")
NETS = ("residual", "recurrent_LSTM_time_first", "swin", "layer_instance_norm", "written_buffer")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NETS)
def test_an_answer_does_not_depend_on_the_batch(name, rule):
    model, x = zoo.built(name)
    options = {"method": "deeplift", "rule": rule, "baseline": zoo.blurred(x)}
    whole = explain(model, x, target=1, **options).scores
    for size in (1, 2):
        split = explain(model, x, target=1, batch_size=size, **options).scores
        torch.testing.assert_close(split, whole, rtol=1e-9, atol=1e-11)
    options["baseline"] = options["baseline"][[2, 1]]
    torch.testing.assert_close(
        explain(model, x[[2, 1]], target=1, **options).scores, whole[[2, 1]], rtol=1e-9, atol=1e-11
    )


def test_the_model_and_the_inputs_are_left_as_found():
    model, x = zoo.built("in_place")
    model.train()
    model.a.weight.requires_grad_(False)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    given = x.clone()
    explain(model, x, method="deeplift", rule="reveal_cancel")
    assert model.training and model.b.weight.requires_grad and not model.a.weight.requires_grad
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(x, given)
    assert all(p.grad is None for p in model.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert torch.backends.mkldnn.enabled and torch.backends.mha.get_fastpath_enabled()


def test_new_weights_are_seen_at_once():
    model, x = zoo.built("functional")
    before = explain(model, x, method="deeplift", target=0).scores
    with torch.no_grad():
        model.b.weight.mul_(2)
    torch.testing.assert_close(explain(model, x, method="deeplift", target=0).scores, 2 * before)


def test_no_growth_in_memory_over_a_thousand_calls():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.randn(2, 4)

    def alive():
        gc.collect()
        return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())

    def work(times):
        for _ in range(times):
            explain(model, x, method="deeplift", rule="reveal_cancel")

    work(3)
    before = alive()
    work(1000)
    assert alive() <= before


@pytest.mark.parametrize("rule", RULES)
def test_references_are_averaged(rule):
    model, x = zoo.built("residual")
    many = torch.randn(3, 2, *x.shape[1:], dtype=x.dtype)
    answer = explain(model, x, method="deeplift", baseline=many, target=2, rule=rule)
    each = [
        explain(model, x, method="deeplift", baseline=many[:, r], target=2, rule=rule).scores
        for r in range(2)
    ]
    torch.testing.assert_close(answer.scores, sum(each) / 2)
    assert answer.gap.abs().max() < 1e-9


@pytest.mark.parametrize("score", ["output", "logit", "probability"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", ["softmax_at_the_end", "sigmoid_at_the_end", "functional"])
def test_every_form_of_the_score(name, rule, score):
    model, x = zoo.built(name)
    for target in (1, (0, 2), lambda y: y.square().sum(1), None):
        answer = explain(model, x, method="deeplift", target=target, score=score, rule=rule)
        assert answer.gap.abs().max() < 1e-9


def test_the_mean_over_classes_is_subtracted_on_request():
    model, x = zoo.built("functional")
    each = [explain(model, x, method="deeplift", target=k).scores for k in range(4)]
    answer = explain(model, x, method="deeplift", target=1, centre=True)
    torch.testing.assert_close(answer.scores, each[1] - sum(each) / 4)
    assert answer.gap.abs().max() < 1e-9


def test_a_pair_is_the_difference_of_its_classes():
    model, x = zoo.built("gate")
    a, b, pair = (explain(model, x, method="deeplift", target=t).scores for t in (0, 3, (0, 3)))
    torch.testing.assert_close(pair, a - b)
