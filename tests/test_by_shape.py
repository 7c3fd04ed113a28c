"""Networks from their weights alone: the same answers as the network that was saved, or a no."""

import copy
import io
import json
from collections import OrderedDict

import pytest
import torch
import torchvision
from safetensors.torch import save
from torch import nn

from explainers import Problem
from explainers.models.architectures import ARCHITECTURES, PLAIN_CHAIN
from explainers.models.by_shape import built, describe, input_of
from explainers.models.by_shape.plans import Plan, fitting, plans
from explainers.models.recognise import recognised
from explainers.models.state_dicts import fitted, read_state_dict, weightless


def trained(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with random weights and random memories of its normalisations, in eval mode."""
    dice = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            values = torch.randn(tensor.shape, generator=dice) * 0.4
            tensor.copy_(values.abs() + 0.5 if name.endswith("running_var") else values)
    return network.eval()


def same(network: nn.Module, inputs: torch.Tensor, answers=None, theirs=None) -> bool:
    """Whether the network built from the weights gives the network's own answers."""
    state = network.state_dict()
    ours = built(describe(state), state, answers).double()(inputs.double())
    wanted = copy.deepcopy(network).double()(inputs.double() if theirs is None else theirs.double())
    return ours.shape == wanted.shape and torch.allclose(ours, wanted, rtol=1e-6, atol=1e-6)


class Named(nn.Module):
    """Layers under names of their own, run in the order given, with what stands between them."""

    def __init__(self, run, **layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.run = run

    def forward(self, values):
        return self.run(self, values)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def linears(*sizes: int) -> list[nn.Linear]:
    return [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]


ACTIVATIONS = {
    "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "elu": nn.ELU,
    "leaky relu": nn.LeakyReLU, "silu": nn.SiLU, "softplus": nn.Softplus, "none": nn.Identity,
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_plain_perceptron_with_each_activation(name):
    one, two, three = linears(5, 7, 6, 3)
    active = ACTIVATIONS[name]
    network = trained(nn.Sequential(one, active(), two, active(), three))
    assert same(network, noise(4, 5), {"activation": name})
    found = describe(network.state_dict())
    assert (found.kind, found.shape, found.outputs) == ("table", (5,), 3)
    assert {question.name for question in found.questions} == {"activation", "ending"}
    assert name == "relu" or not same(network, noise(4, 5))


@pytest.mark.parametrize(
    "names", [("fc1", "fc2", "fc3"), ("entry", "middle", "away"), ("z", "y", "x"),
              ("layers_9", "layers_10", "layers_11")],
)  # fmt: skip
def test_names_do_not_matter_as_long_as_torch_wrote_the_order(names):
    def run(net, values):
        first, second, third = (net.get_submodule(name) for name in names)
        return third(second(first(values).relu()).tanh())

    network = trained(Named(run, **dict(zip(names, linears(4, 4, 4, 4), strict=True))))
    assert same(network, noise(3, 4), {"activation": "relu, tanh"})


def test_a_file_that_is_sorted_by_name_is_put_in_order_by_numbers_and_shapes():
    layers = [layer for index in range(12) for layer in (nn.Linear(4, 4), nn.Tanh())]
    network = trained(nn.Sequential(*layers, nn.Linear(4, 2)))
    state = read_state_dict(save(network.state_dict()), ".safetensors")
    assert list(state) == sorted(network.state_dict()), "else it were an order of chance"
    ours = built(describe(state), state, {"activation": "tanh"})
    assert torch.equal(ours(noise(3, 4)), network(noise(3, 4)))
    body = nn.Sequential(OrderedDict(b1=nn.Linear(4, 4), b2=nn.Linear(4, 4)))
    network = trained(Named(lambda n, v: n.ahead(n.body(v)), body=body, ahead=nn.Linear(4, 3)))
    state = dict(sorted(network.state_dict().items()))
    assert torch.allclose(built(describe(state), state, {"activation": "none"})(noise(3, 4)),
                          network(noise(3, 4)), atol=1e-6)  # fmt: skip


def test_normalisations_registered_apart_go_to_the_layer_of_their_number():
    def run(net, x):
        x = net.bn1(net.conv1(x)).relu()
        x = net.bn2(net.conv2(x)).relu()
        return net.fc(x.mean((2, 3)))

    network = Named(
        run, conv1=nn.Conv2d(3, 8, 3, padding=1), conv2=nn.Conv2d(8, 8, 3, padding=1),
        bn1=nn.BatchNorm2d(8), bn2=nn.BatchNorm2d(8), fc=nn.Linear(8, 4),
    )  # fmt: skip
    network = trained(network)
    assert same(network, noise(2, 3, 12, 12), {"pooling": "none"})


def test_an_order_that_cannot_be_told_is_said():
    network = trained(Named(None, blue=nn.Linear(4, 4), green=nn.Linear(4, 4)))
    state = dict(sorted(network.state_dict().items()))
    with pytest.raises(
        Problem, match="fit each other in several orders, .*blue, green or green, blue"
    ):
        describe(state)
    assert describe(network.state_dict()).layers[0].name == "blue", "in torch's order it can"


@pytest.mark.parametrize("norm", [nn.BatchNorm1d, nn.LayerNorm])
@pytest.mark.parametrize("where", ["before the activation", "after the activation"])
def test_normalisations_between_linear_layers(norm, where):
    pair = [norm(6), nn.Tanh()]
    pair = pair if where.startswith("before") else pair[::-1]
    network = trained(nn.Sequential(nn.Linear(4, 6), *pair, nn.Linear(6, 2)))
    answers = {"activation": "tanh", "normalisation": where}
    assert same(network, noise(5, 4), answers)
    other = {"before the activation", "after the activation"} - {where}
    assert not same(network, noise(5, 4), {**answers, "normalisation": other.pop()})


def test_a_normalisation_of_the_input_and_activations_with_weights():
    network = nn.Sequential(
        nn.BatchNorm1d(4, affine=False), nn.Linear(4, 6, bias=False), nn.BatchNorm1d(6),
        nn.PReLU(), nn.Linear(6, 6), nn.PReLU(), nn.Linear(6, 1), nn.Sigmoid(),
    )  # fmt: skip
    network = trained(network)
    assert same(network, noise(5, 4), {"ending": "sigmoid"})
    found = describe(network.state_dict())
    assert [question.name for question in found.questions] == ["normalisation", "ending"]
    assert found.questions[-1].choices == ("none", "sigmoid"), "softmax of one number is 1"


# Convolutions


def lenet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(),
        nn.AvgPool2d(2), nn.Flatten(), *linears(400, 120), nn.Tanh(), nn.Linear(120, 10),
    )  # fmt: skip


def test_a_grey_picture_network_and_the_sides_that_fit_it():
    network = trained(lenet())
    answers = {"activation": "tanh", "pooling": "average 2", "padding": "none"}
    found = describe(network.state_dict())
    assert (found.kind, found.shape, found.outputs) == ("picture", (1, None, None), 10)
    assert input_of(found, answers) == ("picture", (1, 32, 32))
    assert same(network, noise(2, 1, 32, 32), answers)
    with pytest.raises(Problem, match=r"4 of 28 are left on a side, .* takes 5.* of 32 to 35"):
        built(found, network.state_dict(), {**answers, "input side": "28"})


def test_the_usual_network_for_digits_is_built_by_its_defaults():
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(9216, 16), nn.ReLU(), nn.Linear(16, 10),
    )  # fmt: skip
    network = trained(network)
    assert input_of(describe(network.state_dict()), {})[1] == (1, 28, 28)
    assert same(network, noise(2, 1, 28, 28))


def test_strides_paddings_and_poolings_may_be_said_layer_by_layer():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 7, stride=2, padding=3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(4, 8, 3, padding=1, groups=1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8),
        nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8 * 25, 3), nn.Softmax(1),
    )  # fmt: skip
    network = trained(network)
    answers = {
        "stride": "2,1,1", "padding": "3, 1, none", "pooling": "max 3 step 2, none, average 2",
        "activation": "relu,relu,gelu", "input side": "50", "ending": "softmax",
    }  # fmt: skip
    assert same(network, noise(2, 3, 50, 50), answers)


@pytest.mark.parametrize("where", ["before the activation", "after the activation",
                                   "after the pooling"])  # fmt: skip
def test_where_a_normalisation_stands_among_convolutions(where):
    norm, active, pool = nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)
    order = {"b": [norm, active, pool], "n": [active, norm, pool], "g": [active, pool, norm]}
    key = {"before the activation": "b", "after the activation": "n", "after the pooling": "g"}
    network = nn.Sequential(nn.Conv2d(3, 6, 3), *order[key[where]], nn.AdaptiveAvgPool2d(1),
                            nn.Flatten(), nn.Linear(6, 4))  # fmt: skip
    answers = {"padding": "none", "pooling": "max 2", "normalisation": where}
    assert same(trained(network), noise(2, 3, 20, 17), answers)


def test_groups_of_normalisations_are_asked_for():
    network = nn.Sequential(nn.Conv2d(3, 12, 3), nn.GroupNorm(4, 12), nn.SiLU(),
                            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 4))  # fmt: skip
    answers = {"padding": "none", "pooling": "none", "activation": "silu", "groups": "4"}
    assert same(trained(network), noise(2, 3, 9, 9), answers)
    assert not same(network, noise(2, 3, 9, 9), {**answers, "groups": "each channel"})


def test_a_series_network_takes_steps_by_variables():
    network = nn.Sequential(
        nn.Conv1d(7, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        nn.Linear(16, 2),
    )  # fmt: skip
    network, series = trained(network), noise(3, 40, 7)
    found = describe(network.state_dict())
    assert (found.kind, found.shape) == ("series", (None, 7))
    assert same(network, series, {"pooling": "max 2, none"}, theirs=series.transpose(1, 2))


def test_four_channels_in_a_row_are_taken_for_letters():
    network = nn.Sequential(nn.Conv1d(4, 8, 11), nn.ReLU(), nn.MaxPool1d(4), nn.Flatten(),
                            nn.Linear(8 * 47, 1))  # fmt: skip
    network, answers = trained(network), {"pooling": "max 4", "padding": "none",
                                          "stride": "1", "input length": "200"}  # fmt: skip
    found = describe(network.state_dict())
    assert found.kind == "sequence" and input_of(found, answers) == ("sequence", (4, 200))
    assert same(network, noise(2, 4, 200), answers)
    series = {**answers, "input": "a series of 4 variables"}
    assert input_of(found, series) == ("series", (200, 4))
    assert same(network, noise(2, 200, 4), series, theirs=noise(2, 200, 4).transpose(1, 2))
    with pytest.raises(Problem, match="22 of 100 are left"):
        built(found, network.state_dict(), {**series, "stride": "1", "input length": "100"})


def test_channels_that_are_seen_one_by_one_are_asked_for():
    network = nn.Sequential(nn.Conv1d(3, 6, 5, groups=3), nn.ReLU(), nn.Conv1d(6, 6, 1), nn.ReLU(),
                            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 2))  # fmt: skip
    answers = {"channels": "3", "padding": "none", "pooling": "none"}
    assert same(trained(network), noise(2, 30, 3), answers, theirs=noise(2, 30, 3).transpose(1, 2))
    assert input_of(describe(network.state_dict()), answers) == ("series", (None, 3))


def test_maps_may_be_averaged_by_regions():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(3),
                            nn.Flatten(), nn.Linear(36, 2))  # fmt: skip
    answers = {"head": "averages of regions", "pooling": "none"}
    assert same(trained(network), noise(2, 3, 25, 31), answers)


@pytest.mark.parametrize("side", [28, 32, 64, 224])
@pytest.mark.parametrize("plan", range(0, 24, 5))
def test_a_plan_leaves_what_torch_leaves(side, plan):
    kernels, plan = (7, 3, 4), plans(3)[plan]
    x = torch.zeros(1, 1, side)
    try:
        for kernel, stride, padding, pooling in zip(
            kernels, plan.stride, plan.padding, plan.pooling, strict=True
        ):
            step = kernel if stride == "kernel" else int(stride)
            around = (kernel - 1) // 2 if padding == "same" else 0
            x = nn.functional.conv1d(x, torch.zeros(1, 1, kernel), None, step, around)
            if pooling != "none":
                x = nn.functional.max_pool1d(x, 2)
    except RuntimeError:
        x = torch.zeros(1, 1, 0)
    assert plan.side(kernels, side) == x.shape[-1]


def test_every_choice_of_sides_fits_a_plan():
    found = fitting((5, 5), 5, (32, 28, 224))
    assert found[0] == (Plan(("1", "1"), ("none", "none"), ("max 2", "max 2")), 32)
    assert all(plan.side((5, 5), side) == 5 for plan, side in found)


# Recurrent networks

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

    network = Named(run, conv=nn.Conv1d(6, 8, 3), rnn=nn.GRU(8, 5, batch_first=True),
                    one=nn.Linear(5, 6), norm=nn.LayerNorm(6), two=nn.Linear(6, 2))  # fmt: skip
    answers = {"activation": "relu, tanh", "padding": "none", "steps": "every step"}
    assert same(trained(network), noise(4, 9, 6), answers)
    network = Named(lambda net, x: net.two(net.rnn(net.norm(x.transpose(1, 2)).transpose(1, 2))[0]),
                    norm=nn.BatchNorm1d(3), rnn=nn.RNN(3, 5, nonlinearity="relu", batch_first=True),
                    two=nn.Linear(5, 2))  # fmt: skip
    answers = {"steps": "every step", "recurrence": "relu"}
    assert same(trained(network), noise(4, 9, 3), answers)


# What is none of these


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_of_torchvisions_networks_only_plain_chains_are_taken(name):
    with weightless():
        state = torchvision.models.get_model(name, weights=None, init_weights=False).state_dict() \
            if name in ("googlenet", "inception_v3") \
            else torchvision.models.get_model(name, weights=None).state_dict()  # fmt: skip
    if name.startswith(("alexnet", "vgg")):
        assert describe(state).kind == "picture"
    else:
        with pytest.raises(Problem, match=r"\.onnx or \.pt2"):
            describe(state)


def test_vgg_and_alexnet_are_built_from_their_weights():
    for name, answers in (
        ("alexnet", {"stride": "4,1,1,1,1", "padding": "2,2,1,1,1", "head": "averages of regions",
                     "pooling": "max 3 step 2, max 3 step 2, none, none, max 3 step 2"}),
        ("vgg11_bn", {"pooling": "max 2, max 2, none, max 2, none, max 2, none, max 2",
                      "padding": "same", "stride": "1", "head": "averages of regions"}),
    ):  # fmt: skip
        torch.manual_seed(0)
        network = torchvision.models.get_model(name, weights=None, num_classes=4).eval()
        with torch.no_grad():
            assert same(network, noise(1, 3, 96, 96), answers), name


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)


def test_a_plain_chain_is_recognised_where_no_architecture_is():
    network = trained(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)))
    state = network.state_dict()
    assert recognised(state) == PLAIN_CHAIN
    ours = fitted(PLAIN_CHAIN, state, {"activation": "tanh"})
    assert torch.allclose(ours(noise(3, 4)), network(noise(3, 4)), atol=1e-6)
    with pytest.raises(Problem, match="none of the 80 architectures .* as blocks with shortcuts"):
        recognised(nn.Sequential(nn.Linear(8, 8), Residual(), nn.Linear(8, 1)).state_dict())


def test_blocks_that_may_have_shortcuts_are_refused():
    network = nn.Sequential(nn.Linear(3, 8), Residual(), Residual(), nn.Linear(8, 1))
    with pytest.raises(Problem, match="as blocks with shortcuts do"):
        describe(network.state_dict())


@pytest.mark.parametrize(
    "network, words",
    [
        (nn.TransformerEncoderLayer(8, 2), "self_attn"),
        (nn.Sequential(nn.Embedding(30, 8), nn.Linear(8, 2)), "make no chain"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 3, 3)), "does not end in a linear layer"),
        (nn.Sequential(nn.Conv2d(13, 8, 3), nn.Flatten(), nn.Linear(8, 2)), "of 13 channels"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 15, 2)), "no square input"),
        (nn.Sequential(nn.ConvTranspose2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2)), "transposed"),
        (nn.Sequential(nn.LSTM(3, 8, proj_size=2), nn.Linear(2, 2)), "without projections"),
        (nn.ModuleDict({"a": nn.Linear(3, 4), "b": nn.Linear(3, 4)}), "does not fit after 'a'"),
        (nn.ParameterDict({"w": nn.Parameter(torch.zeros(2, 2))}), "'w' is the name of no tensor"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), "is the name of no tensor"),
    ],
)  # fmt: skip
def test_other_weights_get_a_sentence_and_the_way_out(network, words):
    with pytest.raises(Problem, match=words):
        describe(network.state_dict())


@pytest.mark.parametrize(
    "answers, words",
    [
        ({"activation": "swish"}, "'swish' does not answer .*relu, tanh"),
        ({"activation": "relu, relu, relu"}, "or 2 of them with commas"),
        ({"colour": "blue"}, "no question 'colour'.*activation, ending"),
    ],
)
def test_wrong_answers_get_a_sentence(answers, words):
    one, two, three = linears(2, 3, 3, 1)
    state = nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three).state_dict()
    with pytest.raises(Problem, match=words):
        built(describe(state), state, answers)


def test_a_description_is_plain_data_with_a_sentence():
    facts = describe(lenet().state_dict()).to_facts()
    assert json.loads(json.dumps(facts))["layers"][0]["kernel"] == [5, 5]
    assert "convolution 6 → 16, linear 400 → 120" in facts["sentence"]
    assert "cannot be seen" in facts["sentence"]


def test_half_precision_weights_are_taken():
    network = trained(nn.Sequential(nn.Linear(4, 3)))
    buffer = io.BytesIO()
    torch.save({k: v.bfloat16() for k, v in network.state_dict().items()}, buffer)
    state = read_state_dict(buffer.getvalue(), ".pt")
    ours = built(describe(state), state)
    assert ours(noise(2, 4)).dtype == torch.float32
    assert torch.allclose(ours(noise(2, 4)), network.bfloat16().float()(noise(2, 4)), atol=1e-6)
