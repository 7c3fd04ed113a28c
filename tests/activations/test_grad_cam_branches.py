"""Grad-CAM where maps branch, where the answer is a map itself, and where axes come and go."""

import torch
import torch.nn.functional as F
from split_nets import F64, Plain, Split, cam, made, matches
from torch import nn

from explainers import explain


class TwoHeads(Split):
    """Class 0 is read from one map, class 1 from another that is computed later."""

    def __init__(self):
        super().__init__()
        self.trunk, self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)
        self.weight = nn.Parameter(torch.randn(2, 4))

    def maps(self, x):
        x = F.relu(self.trunk(x))
        return x, F.relu(self.a(x)), F.relu(self.b(x))

    def forward(self, x):
        _, *maps = self.maps(x)
        return torch.stack([m.mean((2, 3)) @ w for m, w in zip(maps, self.weight, strict=True)], 1)


def test_each_class_has_the_map_that_it_depends_on():
    net, x = made(TwoHeads)
    x = x[:2]
    answer = explain(net, x, "grad_cam", target=[0, 1])
    with torch.no_grad():
        _, a, b = net.maps(x)
    for row, (maps, weight) in enumerate(zip((a, b), net.weight, strict=True)):
        count = maps.shape[2] * maps.shape[3]
        gradients = (weight / count).view(1, 4, 1, 1).expand(1, 4, *maps.shape[2:])
        one = cam(maps[row : row + 1], gradients, x.shape[2:]).detach()
        torch.testing.assert_close(answer.scores[row : row + 1].sum(1, keepdim=True), one)
    assert answer.settings["layer"] == "relu()#2, relu()#3"
    again = explain(net, x, "grad_cam", target=[0, 1], layer=answer.settings["layer"])
    torch.testing.assert_close(again.scores, answer.scores)
    # Both at once: the map that both come from.
    pair = explain(net, x, "grad_cam", target=(0, 1))
    assert pair.settings["layer"] == "relu()" and pair.notes == ()


class TwoNetworks(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 5)

    def forward(self, x):
        return self.a(x).relu().mean((2, 3)) + self.b(x).relu().mean((2, 3))


def test_branches_that_never_meet_are_said():
    net, x = made(TwoNetworks)
    answer = explain(net, x, "grad_cam", target=1)
    assert answer.settings["layer"] == "relu()#2"
    assert len(answer.notes) == 1 and "never meet" in answer.notes[0]
    named = explain(net, x, "grad_cam", target=1, layer="a")
    assert named.notes == ()


class ClosedGate(Plain):
    """A ReLU behind the maps that is off for dark inputs and on for bright ones."""

    def head(self, maps):
        pooled = maps.flatten(2).mean(2)
        return F.relu(pooled - 0.5) @ self.dense.weight.abs().T


def test_an_input_without_a_gradient_changes_nothing_for_the_others():
    net, x = made(ClosedGate)
    x[0] *= 0.0
    x[1:] *= 90
    alone = explain(net, x[1:], "grad_cam", target=1)
    together = explain(net, x, "grad_cam", target=1)
    assert (together.scores[0] == 0).all() and (alone.scores > 0).any()
    torch.testing.assert_close(together.scores[1:], alone.scores)


class Segments(nn.Module):
    """Two scales and a 1 × 1 convolution to the classes, enlarged to the input."""

    def __init__(self):
        super().__init__()
        self.down, self.deep = (
            nn.Conv2d(3, 6, 3, stride=2, padding=1),
            nn.Conv2d(6, 6, 3, padding=1),
        )
        self.up, self.classes = nn.Conv2d(9, 5, 3, padding=1), nn.Conv2d(5, 4, 1)

    def decoded(self, x):
        deep = F.relu(self.deep(F.relu(self.down(x))))
        return F.relu(self.up(torch.cat([x, F.interpolate(deep, scale_factor=2.0)], 1)))

    def forward(self, x):
        return F.interpolate(self.classes(self.decoded(x)), scale_factor=2.0).softmax(1)


def test_segmentation_is_read_before_the_map_that_is_the_answer():
    net, x = made(Segments)

    def target(output):
        return output[:, 2].mean((1, 2))

    with torch.no_grad():
        maps = net.decoded(x)
    maps.requires_grad_()
    scores = F.interpolate(net.classes(maps), scale_factor=2.0).softmax(1)
    (gradients,) = torch.autograd.grad(target(scores).sum(), maps)
    expected = cam(maps.detach(), gradients, x.shape[2:])
    answer = explain(net, x, "grad_cam", target=target)
    matches(answer.scores, expected)


def test_letters_that_run_through_pictures_and_pictures_through_series():
    torch.manual_seed(0)
    flat, long = nn.Conv2d(1, 5, (4, 7)).double(), nn.Conv1d(6, 5, 3, padding=1).double()

    def letters(x):  # (N, 4, L) as a picture of height 4
        return flat(x.unsqueeze(1)).relu().mean((2, 3))

    x = torch.rand(2, 4, 30, dtype=F64)
    with torch.no_grad():
        maps = flat(x.unsqueeze(1)).relu().squeeze(2)
    gradients = torch.zeros_like(maps)
    gradients[:, 1] = 1 / maps.shape[2]
    matches(explain(letters, x, "grad_cam", target=1).scores, cam(maps, gradients, x.shape[2:]))

    def spectrum(x):  # (N, 1, 6, T), the six bands as channels
        return long(x.squeeze(1)).relu().mean(2)

    x = torch.rand(2, 1, 6, 20, dtype=F64)
    with torch.no_grad():
        maps = long(x.squeeze(1)).relu()
    expected = maps[:, 1:2] / maps.shape[2]
    answer = explain(spectrum, x, "grad_cam", target=1).scores
    matches(answer, expected.unsqueeze(2).expand(2, 1, 6, 20))
