"""Networks that say where their last map is, for Grad-CAM: head(features(x)).

The right value of every one is the paper's formula by hand, on the map that its own `features`
returns: a gradient through its own `head`, without hooks.
"""

import torch
import torch.nn.functional as F
from torch import nn

F64 = torch.float64


def cam(activations, gradients, shape):
    """ReLU(Σ_k mean(∂f/∂A_k)·A_k), enlarged."""
    places = tuple(range(2, activations.ndim))
    small = (gradients.mean(places, keepdim=True) * activations).sum(1, keepdim=True).relu()
    mode = {3: "linear", 4: "bilinear", 5: "trilinear"}[activations.ndim]
    return F.interpolate(small, shape, mode=mode)


class Split(nn.Module):
    """A network that says where its last map is: head(features(x))."""

    def forward(self, x):
        return self.head(self.features(x))

    def by_hand(self, x, target):
        with torch.no_grad():
            maps = self.features(x).clone()
        maps.requires_grad_()
        self.eval()
        (gradients,) = torch.autograd.grad(self.head(maps.clone())[:, target].sum(), maps)
        return cam(maps.detach(), gradients, x.shape[2:])


class Plain(Split):
    """What the others change one thing of."""

    def __init__(self, places=2):
        super().__init__()
        self.conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[places]
        self.first, self.second = self.conv(3, 6, 3, padding=1), self.conv(6, 6, 3, padding=1)
        self.dense = nn.Linear(6, 3)

    def features(self, x):
        return F.relu(self.second(F.relu(self.first(x))))

    def head(self, maps):
        return self.dense(maps.flatten(2).mean(2))


class WrongOrder(Plain):
    def __init__(self):
        super().__init__()
        self.first, self.late = None, self.conv(3, 6, 3, stride=2, padding=1)

    def features(self, x):
        return F.relu(self.second(F.relu(self.late(x))))


class ShortcutLast(Plain):
    def __init__(self):
        super().__init__()
        self.shortcut = self.conv(3, 6, 1)

    def features(self, x):
        inner = self.second(F.relu(self.first(x)))
        inner += self.shortcut(x)
        return inner.relu_()


class NeverRun(Plain):
    def __init__(self):
        super().__init__()
        self.auxiliary = self.conv(6, 6, 1)


class RunForNothing(NeverRun):
    def forward(self, x):
        maps = self.features(x)
        side = self.auxiliary(maps.detach())
        return self.head(maps) + 0 * self.auxiliary(maps).mean() + side.detach().sum() * 0


class Dense(Plain):
    """Only the last of the joined maps comes from the last convolution."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(9, 3)

    def features(self, x):
        return torch.cat([x, F.relu(self.second(F.relu(self.first(x))))], 1)


class PoolBranch(Dense):
    def __init__(self):
        super().__init__()
        self.pooled = self.conv(6, 3, 1)

    def features(self, x):
        x = F.relu(self.first(x))
        return torch.cat([self.second(x), self.pooled(F.max_pool2d(x, 3, 1, 1))], 1).relu()


class Reused(Plain):
    def features(self, x):
        return self.second(self.second(self.first(x)).tanh()).tanh()


class Gated(Plain):
    """Squeeze and excitation last: its maps of one place are no maps."""

    def __init__(self):
        super().__init__()
        self.squeeze, self.excite = self.conv(6, 2, 1), self.conv(2, 6, 1)

    def features(self, x):
        x = F.relu(self.second(F.relu(self.first(x))))
        gate = self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))).sigmoid()
        return x * gate


class PooledBehind(Plain):
    """The paper's relu5_3: before the pooling that follows."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(6 * 36, 8), nn.ReLU(), nn.Linear(8, 3))

    def head(self, maps):
        return self.dense(F.dropout(F.max_pool2d(maps, 2), training=False))


class ConvolutionHead(Plain):
    """Behind the pooling, convolutions go on on one place."""

    def __init__(self):
        super().__init__()
        self.last = self.conv(6, 3, 1)

    def head(self, maps):
        return F.relu(self.last(F.adaptive_avg_pool2d(maps, 1))).flatten(1)


class WithoutRelu(Plain):
    def features(self, x):
        return self.second(F.relu(self.first(x)))


class ChannelsLast(Plain):
    """(N, H, W, C) inside, as in Swin; by_hand gives it channels first."""

    def __init__(self):
        super().__init__()
        self.norm, self.mix = nn.LayerNorm(6), nn.Linear(6, 6)

    def forward(self, x):
        x = self.first(x).permute(0, 2, 3, 1)
        return self.dense(self.norm(x + F.gelu(self.mix(x))).mean((1, 2)))

    def features(self, x):
        x = self.first(x).permute(0, 2, 3, 1)
        return self.norm(x + F.gelu(self.mix(x))).permute(0, 3, 1, 2)


class EndsInOnePlace(Plain):
    """The last convolutions leave one place; the last map with more is shown."""

    def __init__(self):
        super().__init__()
        self.end = self.conv(6, 6, 12)

    def head(self, maps):
        return self.dense(F.relu(self.end(maps)).flatten(1))


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (x.sigmoid() * (1 + x * (1 - x.sigmoid())))


class OwnFunction(Plain):
    def features(self, x):
        return Swish.apply(self.second(Swish.apply(self.first(x))))


class WrittenInPieces(Plain):
    def features(self, x):
        x = F.relu(self.first(x))
        maps = self.second(x)
        maps[:, :3] = maps[:, :3].tanh()
        return F.relu(maps)


def made(kind, *args):
    torch.manual_seed(3)
    net = kind(*args).double().eval()
    x = torch.rand(3, 3, 12, 12, dtype=F64)
    return net, x


def matches(scores, expected):
    torch.testing.assert_close(scores.sum(1, keepdim=True), expected, atol=1e-10, rtol=1e-9)
    assert expected.max() > 0
