"""Agreement with captum where it computes the same thing."""

import captum.attr
import pytest
import torch
import torchvision
from nets import convnet, pictures

from explainers import explain


def close(ours, theirs, bound=1e-5):
    error = (ours - theirs).norm() / theirs.norm()
    assert error < bound, error


@pytest.fixture(scope="module")
def resnet18():
    torch.manual_seed(0)
    return torchvision.models.resnet18(num_classes=10).double().eval()


@pytest.fixture(params=["convnet", "resnet18"])
def net(request):
    return convnet() if request.param == "convnet" else request.getfixturevalue("resnet18")


def inputs(net):
    return pictures(2, 12 if len(list(net.children())) == 8 else 48)


def test_saliency(net):
    x = inputs(net)
    close(explain(net, x, "saliency", target=1).scores, captum.attr.Saliency(net).attribute(x, 1))


def test_gradient_x_input(net):
    x = inputs(net)
    theirs = captum.attr.InputXGradient(net).attribute(x.requires_grad_(), 1).detach()
    close(explain(net, x.detach(), "gradient_x_input", target=1).scores, theirs)


@pytest.mark.parametrize(
    "rule, name", [("gauss_legendre", "gausslegendre"), ("midpoint", "riemann_middle")]
)
def test_integrated_gradients(net, rule, name):
    x = inputs(net)
    ours = explain(net, x, baseline="mean", target=1, rule=rule, steps=12).scores
    baseline = x.mean((2, 3), keepdim=True).expand_as(x)
    theirs = captum.attr.IntegratedGradients(net).attribute(x, baseline, 1, n_steps=12, method=name)
    close(ours, theirs)


def test_occlusion(net):
    x = inputs(net)
    # The last windows of a row and of a column are cut off by the edge.
    window, stride = (5, 3) if x.shape[-1] == 12 else (15, 9)
    ours = explain(net, x, "occlusion", target=1, window=window, stride=stride).scores
    theirs = captum.attr.Occlusion(net).attribute(x, (3, window, window), (3, stride, stride), 0, 1)
    close(ours, theirs)


@pytest.mark.parametrize("layer", ["0", "3"])
def test_grad_cam(layer):
    net, x = convnet(), pictures()
    ours = explain(net, x, "grad_cam", target=1, layer=layer).scores
    cam = captum.attr.LayerGradCam(net, net[int(layer)])
    small = cam.attribute(x, 1, relu_attributions=True)
    theirs = torch.nn.functional.interpolate(small, x.shape[2:], mode="bilinear") / 3
    close(ours, theirs.expand_as(ours).detach())
