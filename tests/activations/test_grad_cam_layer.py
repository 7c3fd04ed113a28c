"""Grad-CAM looks at the last map that the explained output depends on, however it is made."""

import captum
import pytest
import torch
import torch.nn.functional as F
from split_nets import (
    F64,
    ChannelsLast,
    ConvolutionHead,
    Dense,
    EndsInOnePlace,
    Gated,
    NeverRun,
    OwnFunction,
    Plain,
    PoolBranch,
    PooledBehind,
    Reused,
    RunForNothing,
    ShortcutLast,
    WithoutRelu,
    WrittenInPieces,
    WrongOrder,
    cam,
    made,
    matches,
)
from torch import nn

from explainers import explain
from explainers.errors import Problem

NETS = [
    Plain,
    WrongOrder,
    ShortcutLast,
    NeverRun,
    RunForNothing,
    Dense,
    PoolBranch,
    Reused,
    Gated,
    PooledBehind,
    ConvolutionHead,
    WithoutRelu,
    ChannelsLast,
    EndsInOnePlace,
    OwnFunction,
    WrittenInPieces,
]


@pytest.mark.parametrize("kind", NETS)
def test_the_last_map_that_the_output_depends_on(kind):
    net, x = made(kind)
    targets = [0, 1, 2]  # one for each of the three inputs
    answer = explain(net, x, "grad_cam", target=targets)
    expected = [net.by_hand(x[i : i + 1], i) for i in targets]
    matches(answer.scores, torch.cat(expected))
    assert answer.notes == ()


class Unfolded(Plain):
    """Convolutions written as products of windows, as some layers of attention have them."""

    def features(self, x):
        x = F.relu(self.first(x))
        windows = F.unfold(x, 3, padding=1)
        return F.relu(self.second.weight.flatten(1) @ windows).unflatten(2, x.shape[2:])


def test_windows_that_are_laid_out_as_columns_stay_in_their_places():
    net, x = made(Unfolded)
    answer = explain(net, x, "grad_cam", target=[0, 1, 2])
    matches(answer.scores, torch.cat([net.by_hand(x[i : i + 1], i) for i in range(3)]))


@pytest.mark.parametrize("kind", [Plain, ShortcutLast, PoolBranch, ChannelsLast, OwnFunction])
def test_a_callable_is_looked_into_like_a_module(kind):
    net, x = made(kind)
    answer = explain(lambda values: net(values), x, "grad_cam", target=1)
    matches(answer.scores, net.by_hand(x, 1))


@pytest.mark.parametrize("places, shape", [(1, (20,)), (2, (8, 14)), (3, (4, 6, 5))])
def test_any_number_of_axes(places, shape):
    torch.manual_seed(0)
    net = Plain(places).double()
    x = torch.rand(2, 3, *shape, dtype=F64)
    kind = None if places < 3 else "picture"
    matches(explain(net, x, "grad_cam", target=0, kind=kind).scores, net.by_hand(x, 0))


def test_the_setting_says_which_and_runs_again():
    net, x = made(Plain)
    answer = explain(net, x, "grad_cam", target=1)
    assert answer.settings["layer"] == "relu()#2"
    again = explain(net, x, "grad_cam", target=1, layer=answer.settings["layer"])
    torch.testing.assert_close(again.scores, answer.scores)
    whole = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU()))
    whole = nn.Sequential(whole, nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()
    assert explain(whole, x, "grad_cam", target=1).settings["layer"] == "0"


def test_a_named_layer_that_is_used_twice_is_taken_where_it_counts_last():
    net, x = made(Reused)
    with torch.no_grad():
        maps = net.second(net.second(net.first(x)).tanh())
    maps.requires_grad_()
    (gradients,) = torch.autograd.grad(net.head(maps.tanh())[:, 1].sum(), maps)
    expected = cam(maps.detach(), gradients, x.shape[2:])
    matches(explain(net, x, "grad_cam", target=1, layer="second").scores, expected)


def test_an_in_place_operation_behind_a_named_layer_leaves_it_alone():
    torch.manual_seed(0)
    body = [nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    net = nn.Sequential(*body, nn.Linear(4, 2)).double()
    x = torch.rand(2, 3, 12, 12, dtype=F64)
    body[1].inplace = False
    theirs = captum.attr.LayerGradCam(net, net[0]).attribute(x, 1, relu_attributions=True)
    body[1].inplace = True
    answer = explain(net, x, "grad_cam", target=1, layer="0")
    matches(answer.scores, F.interpolate(theirs.detach(), x.shape[2:], mode="bilinear"))


def test_a_wrong_name_is_answered_with_those_that_are_possible():
    net, x = made(NeverRun)
    with pytest.raises(Problem, match=r"no layer 'nothing'.*'relu\(\)#2', 'second', 'relu\(\)'"):
        explain(net, x, "grad_cam", layer="nothing")
    with pytest.raises(Problem, match=r"'auxiliary' is not used for this input.*'second'"):
        explain(net, x, "grad_cam", layer="auxiliary")
    with pytest.raises(Problem, match=r"'dense' has no map.*'second'"):
        explain(net, x, "grad_cam", layer="dense")


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(432, 2)),
        nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(432, 2)),
        lambda x: (x - 0.5).relu().flatten(1)[:, :2],
        lambda x: x.detach().flatten(1)[:, :2],
    ],
)
def test_no_map_is_said(model):
    with pytest.raises(Problem, match="finds no convolution"):
        explain(model, torch.rand(1, 3, 12, 12), "grad_cam", target=0)


def test_two_passes_an_input_and_one_search():
    net, x = made(Plain)
    counts = []
    net.register_forward_hook(lambda module, inputs, output: counts.append(len(output)))
    explain(net, x, "saliency", target=1)  # how it behaves is found out once
    counts.clear()
    explain(net, x, "grad_cam", target=1, batch_size=8)
    # Outputs of the inputs and of the baseline they share, the search on one input, all maps.
    assert counts == [3, 1, 1, 3]
    assert not any(m._forward_hooks and m is not net for m in net.modules())
