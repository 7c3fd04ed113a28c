"""Grad-CAM on published architectures: where the field looks, and on transformers by tokens.

The right values come from hooks of PyTorch on the layer that the package pytorch-grad-cam names for
the architecture, with its `reshape_transform` for tokens, and the paper's formula.
"""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models import DenseNet, MaxVit, SwinTransformer, VisionTransformer
from torchvision.models.inception import InceptionE
from torchvision.models.resnet import BasicBlock
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2

from explainers import explain

F64 = torch.float64


def hooked(net, layer, x, target, transform=lambda tokens: tokens):
    """The map of a module's output, enlarged; `transform` brings it to (N, channels, …)."""
    kept = {}

    def keep(_module, _inputs, output):
        # ReLUs behind it that work in place get a copy.
        kept["activation"] = output
        return output.clone()

    handle = layer.register_forward_hook(keep)
    score = net(x.clone().requires_grad_())[:, target].sum()
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept["activation"])
    activation, gradient = (transform(t.detach()) for t in (kept["activation"], gradient))
    small = (gradient.mean((2, 3), keepdim=True) * activation).sum(1, keepdim=True).relu()
    return F.interpolate(small, x.shape[2:], mode="bilinear")


def compare(net, layer, side, transform=lambda tokens: tokens, name=None, targets=(0, 1)):
    net = net.double().eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    x = torch.rand(len(targets), 3, side, side, dtype=F64)
    found, seen = set(), 0.0
    for target in targets:
        answer = explain(net, x, "grad_cam", target=target)
        expected = hooked(net, layer(net), x, target, transform)
        torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)
        found.add(answer.settings["layer"])
        seen = max(seen, expected.max())
        assert answer.notes == ()
    assert seen > 0 and len(found) == 1 and name in (None, *found)


def randomised(net):
    """Statistics and heads that are not what they start with, which is 0 or 1."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return net


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def grid(sides, before=0):
    """pytorch-grad-cam's reshape_transform: tokens (N, L, C) → (N, C, h, w)."""
    return lambda t: t[:, before:].unflatten(1, sides).permute(0, 3, 1, 2)


def last(t):
    """(N, h, w, C) → (N, C, h, w)."""
    return t.permute(0, 3, 1, 2)


def test_resnet_is_read_at_the_end_of_its_last_block():
    net = randomised(torchvision.models.ResNet(BasicBlock, [1, 1, 1, 2], num_classes=2))
    compare(net, lambda net: net.layer4[-1], 40, name="layer4", targets=(1,))


def test_densenet_is_read_in_all_its_channels():
    net = randomised(DenseNet(8, (2, 2), 8, num_classes=2)).double().eval()
    x = torch.rand(2, 3, 64, 64, dtype=F64)
    with torch.no_grad():
        maps = F.relu(net.features(x))  # as DenseNet.forward has it
    assert maps.shape[1] == 28 > net.features.denseblock2.denselayer2.conv2.out_channels
    weight = net.classifier.weight[0].view(1, -1, 1, 1) / maps[0, 0].numel()
    small = (weight * maps).sum(1, keepdim=True).relu().detach()
    answer = explain(net, x, "grad_cam", target=0)
    expected = F.interpolate(small, x.shape[2:], mode="bilinear")
    torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)
    assert expected.max() > 0


def test_googlenet_is_read_behind_its_branches_though_heads_never_run():
    net = torchvision.models.GoogLeNet(num_classes=2, aux_logits=True, init_weights=False)
    compare(randomised(net), lambda net: net.inception5b, 64, name="inception5b", targets=(1,))


def test_inception_is_read_behind_its_branches():
    body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=4), InceptionE(8))
    net = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 2))
    compare(randomised(net), lambda net: net[0][1], 24, name="0", targets=(1,))


@pytest.mark.parametrize("version", [1, 2])
def test_swin_is_read_at_its_last_normalisation(version):
    kinds = {} if version == 1 else {"block": SwinTransformerBlockV2}
    if version == 2:
        kinds["downsample_layer"] = PatchMergingV2
    net = SwinTransformer([4, 4], 12, [2, 2], [2, 2], [4, 4], num_classes=2, **kinds)
    compare(randomised(net), lambda net: net.norm, 64, last, "norm")


def test_the_vision_transformer_is_read_before_its_last_attention():
    net = randomised(VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=2))
    name = "encoder.layers.encoder_layer_1.ln_1"
    compare(net, lambda net: net.get_submodule(name), 32, grid((4, 4), 1), name)


class Attention(nn.Module):
    """As in timm: one product for queries, keys and values, normalised or not."""

    def __init__(self, width, heads, normalised):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        norm = nn.LayerNorm if normalised else nn.Identity
        self.q_norm, self.k_norm = norm(width // heads), norm(width // heads)

    def forward(self, x):
        rows, length, width = x.shape
        qkv = self.qkv(x).reshape(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        q, k = self.q_norm(q) * self.scale, self.k_norm(k)
        weights = (q @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(rows, length, width))


class Block(nn.Module):
    def __init__(self, width, heads, normalised):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, normalised)
        self.mlp = nn.Sequential(nn.Linear(width, 24), nn.GELU(), nn.Linear(24, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Tokens(nn.Module):
    """A vision transformer as in timm, with class and register tokens before the patches."""

    def __init__(self, before=1, pool="token", normalised=False, tokens_first=False):
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 8, stride=8)
        self.before = nn.Parameter(torch.randn(1, before, 12))
        self.position = nn.Parameter(torch.randn(1, 12, 12) * 0.1)
        self.blocks = nn.ModuleList(Block(12, 3, normalised) for _ in range(2))
        self.norm, self.head, self.pool = nn.LayerNorm(12), nn.Linear(12, 2), pool
        self.count = before

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.position
        x = torch.cat([self.before.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.head(x[:, 0] if self.pool == "token" else x[:, self.count :].mean(1))


@pytest.mark.parametrize("before", [1, 5])
@pytest.mark.parametrize("normalised", [False, True])
def test_class_and_register_tokens_are_no_places(before, normalised):
    net, x = Tokens(before, normalised=normalised).double(), torch.rand(2, 3, 24, 32, dtype=F64)
    answer = explain(net, x, "grad_cam", target=1)
    expected = hooked(net, net.blocks[-1].norm1, x, 1, grid((3, 4), before))
    torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)
    assert answer.settings["layer"] == "blocks.1.norm1" and expected.max() > 0


def test_where_all_tokens_are_averaged_the_last_normalisation_is_read():
    net, x = Tokens(1, "mean").double(), torch.rand(2, 3, 24, 32, dtype=F64)
    answer = explain(net, x, "grad_cam", target=1)
    expected = hooked(net, net.norm, x, 1, grid((3, 4), 1))
    torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)
    assert answer.settings["layer"] == "norm"


def test_a_named_layer_of_tokens_is_read_on_the_grid():
    net, x = Tokens(1).double(), torch.rand(2, 3, 24, 32, dtype=F64)
    answer = explain(net, x, "grad_cam", target=0, layer="blocks.0.mlp.1")
    expected = hooked(net, net.blocks[0].mlp[1], x, 0, grid((3, 4), 1))
    torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)


def test_patches_cut_by_reshaping_and_tokens_before_rows():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(3 * 64, 12)
            self.token = nn.Parameter(torch.randn(1, 1, 12))
            layer = nn.TransformerEncoderLayer(12, 2, 16, norm_first=True, dropout=0.0)
            self.layers = nn.ModuleList([layer, layer])  # one layer, used twice
            self.head = nn.Linear(12, 2)

        def forward(self, x):
            x = x.unflatten(3, (4, 8)).unflatten(2, (3, 8)).permute(0, 2, 4, 3, 5, 1)
            x = self.embed(x.reshape(len(x), 12, 192)).transpose(0, 1)
            x = torch.cat([self.token.expand(-1, x.shape[1], -1), x])
            for layer in self.layers:
                x = layer(x)
            return self.head(x[0])

    net, x = Net().double().eval(), torch.rand(2, 3, 24, 32, dtype=F64)
    answer = explain(net, x, "grad_cam", target=1)
    transform = grid((3, 4), 1)
    norm = net.layers[0].norm1
    expected = hooked(net, norm, x, 1, lambda t: transform(t.transpose(0, 1)))
    torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)
    assert expected.max() > 0


def test_windows_are_put_back_where_they_were():
    net = MaxVit((32, 32), 4, 4, [8, 16], [1, 1], 4, 0.0, num_classes=2)
    net = randomised(net).double().eval()
    x = torch.rand(1, 3, 32, 32, dtype=F64)
    answer = explain(net, x, "grad_cam", target=1)
    # The classifier averages what blocks[-1] returns: the same numbers, laid out by windows.
    expected = hooked(net, net.blocks[-1], x, 1)
    torch.testing.assert_close(answer.scores.sum(1, keepdim=True), expected)
    assert expected.max() > 0
