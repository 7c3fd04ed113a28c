"""Small networks, at least one for every kind of thing that people build: name → (model, shape).

Models whose names are alike in their first word belong to one item. Shapes are of one input.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

PICTURE, ROW, SERIES = (3, 12, 12), (7,), (6, 5)
ZOO: dict = {}


def net(shape, name=None):
    """Register a builder, or a forward function of the input, under its name."""

    def register(build):
        ZOO[name or build.__name__] = (build, shape)
        return build

    return register


class Function(nn.Module):
    """A forward function with its layers."""

    def __init__(self, forward, **layers) -> None:
        super().__init__()
        self.function = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.function(self, x)


def with_layers(shape, **builders):
    """Register forward(self, x), with freshly built layers."""

    def register(forward):
        def build():
            return Function(forward, **{name: make() for name, make in builders.items()})

        ZOO[forward.__name__] = (build, shape)
        return forward

    return register


def head(channels, outputs=4):
    """Mean over places, then a dense layer."""
    return nn.Sequential(nn.Flatten(2), Mean(), nn.Linear(channels, outputs))


class Mean(nn.Module):
    """Over the last dimension."""

    def forward(self, x):
        return x.mean(-1)


def dense():
    return nn.Linear(7, 8)


def out():
    return nn.Linear(8, 4)


def conv():
    return nn.Conv2d(3, 8, 3, padding=1)


# Activations of torch.nn, each between two layers

ACTIVATIONS = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(0.1), nn.PReLU(8), nn.RReLU(),
    nn.ELU(0.7), nn.SELU(), nn.CELU(1.3), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(),
    nn.Softplus(), nn.Softsign(), nn.Sigmoid(), nn.LogSigmoid(), nn.Tanh(), nn.Tanhshrink(),
    nn.Hardtanh(), nn.Hardsigmoid(), nn.Hardswish(inplace=True), nn.Hardshrink(0.1),
    nn.Softshrink(0.1),
    nn.Threshold(0.1, -0.3), nn.Softmax(1), nn.LogSoftmax(1), nn.Softmin(1),
]  # fmt: skip
for _index, _activation in enumerate(ACTIVATIONS):

    def _build(activation=_activation):
        return nn.Sequential(dense(), activation, nn.Linear(8, 8), activation, out())

    ZOO[f"activation_{_index:02}_{type(_activation).__name__}"] = (_build, ROW)
ZOO["activation_GLU"] = (lambda: nn.Sequential(dense(), nn.GLU(), nn.Linear(4, 3)), ROW)

# Pools, norms and other layers, between two convolutions

LAYERS = {
    "maxpool_2_2": lambda: nn.MaxPool2d(2), "maxpool_3_2_1": lambda: nn.MaxPool2d(3, 2, 1),
    "maxpool_3_1_dilated": lambda: nn.MaxPool2d(3, 1, 1, dilation=2),
    "maxpool_ceil": lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
    "maxpool_adaptive": lambda: nn.AdaptiveMaxPool2d((5, 3)),
    "maxpool_global": lambda: nn.AdaptiveMaxPool2d(1),
    "avgpool": lambda: nn.AvgPool2d(3, 2, 1), "avgpool_adaptive": lambda: nn.AdaptiveAvgPool2d(5),
    "avgpool_global": lambda: nn.AdaptiveAvgPool2d(1),
    "transposed": lambda: nn.ConvTranspose2d(8, 8, 3, 2, 1, 1),
    "grouped": lambda: nn.Conv2d(8, 8, 3, groups=4),
    "depthwise": lambda: nn.Conv2d(8, 8, 3, groups=8),
    "dilated": lambda: nn.Conv2d(8, 8, 3, dilation=2, padding="same"),
    "circular": lambda: nn.Conv2d(8, 8, 3, padding=1, padding_mode="circular"),
    "reflect": lambda: nn.ReflectionPad2d(2), "padded_with_ones": lambda: nn.ConstantPad2d(1, 1.0),
    "upsample_nearest": lambda: nn.Upsample(scale_factor=2),
    "upsample_bilinear": lambda: nn.Upsample(scale_factor=1.5, mode="bilinear"),
    "upsample_bicubic": lambda: nn.Upsample(size=9, mode="bicubic", align_corners=True),
    "shuffle": lambda: nn.PixelShuffle(2), "unshuffle": lambda: nn.PixelUnshuffle(2),
    "batch_norm": lambda: nn.BatchNorm2d(8), "layer_norm": lambda: nn.LayerNorm([8, 12, 12]),
    "group_norm": lambda: nn.GroupNorm(2, 8), "group_norm_one": lambda: nn.GroupNorm(1, 8),
    "instance_norm": lambda: nn.InstanceNorm2d(8),
    "instance_norm_affine": lambda: nn.InstanceNorm2d(8, affine=True),
    "instance_norm_tracked": lambda: nn.InstanceNorm2d(8, track_running_stats=True),
    "response_norm": lambda: nn.LocalResponseNorm(3), "lp_pool": lambda: nn.LPPool2d(2, 2),
    "dropout": lambda: nn.Dropout2d(0.5), "softmax_channels": lambda: nn.Softmax2d(),
    "unfolded": lambda: nn.Sequential(nn.Unfold(3, stride=3), nn.Unflatten(1, (8, 9))),
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 3)),
    "spectral_norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(8, 8, 3)),
    "weight_norm_old": lambda: nn.utils.weight_norm(nn.Conv2d(8, 8, 3)),
}  # fmt: skip
for _name, _make in LAYERS.items():

    def _build(make=_make):
        layer = make()
        width = layer(torch.zeros(1, 8, 12, 12)).shape[1]
        return nn.Sequential(conv(), nn.ReLU(), layer, nn.ReLU(), head(width))

    ZOO[f"layer_{_name}"] = (_build, PICTURE)


@net((3, 20))
def one_dimension():
    return nn.Sequential(
        nn.Conv1d(3, 8, 5), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(3, 2, 1), nn.Conv1d(8, 8, 3),
        nn.AdaptiveMaxPool1d(3), nn.Flatten(), nn.Linear(24, 4),
    )  # fmt: skip


@net((2, 6, 6, 6))
def three_dimensions():
    return nn.Sequential(
        nn.Conv3d(2, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(), nn.MaxPool3d(3, 2, 1),
        nn.ConvTranspose3d(4, 4, 2), nn.AdaptiveMaxPool3d(2), nn.Flatten(), nn.Linear(32, 3),
    )  # fmt: skip


@net(PICTURE)
def conv_maxpool_relu():
    """ReLU next to max-pool, in both orders."""
    return nn.Sequential(conv(), nn.MaxPool2d(2), nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2), head(8))


@net(ROW)
def rms_norm():
    return nn.Sequential(dense(), nn.RMSNorm(8), nn.Tanh(), nn.LayerNorm(8), out())


@net(ROW)
def softmax_at_the_end():
    return nn.Sequential(dense(), nn.ReLU(), out(), nn.Softmax(1))


@net(ROW)
def sigmoid_at_the_end():
    return nn.Sequential(dense(), nn.Tanh(), out(), nn.Sigmoid())


@with_layers(ROW, a=dense, b=out)
def functional(self, x):
    return self.b(F.relu(self.a(x)))


@with_layers(ROW, a=dense, m=lambda: nn.Linear(8, 8), act=nn.ReLU, b=out)
def reused_module(self, x):
    return self.b(self.act(self.m(self.act(self.a(x)))))


@with_layers(ROW, a=dense, m=lambda: nn.Linear(8, 8), b=out)
def reused_layer(self, x):
    return self.b(self.m(self.m(self.a(x)).relu()).tanh())


@with_layers(ROW, a=dense, b=out)
def in_place(self, x):
    h = self.a(x)
    h.relu_().mul_(2).add_(h.sigmoid())
    h[:, 3:6] -= h[:, :3]
    h[:, 0].clamp_(max=0.5)
    return self.b(h)


@with_layers(ROW, a=dense, b=out)
def detached(self, x):
    h = self.a(x)
    return self.b(h.relu() - h.detach() * 0.5 + h.data.tanh())


@with_layers(ROW, a=dense, b=out)
def written_buffer(self, x):
    h, made = self.a(x), torch.zeros(len(x), 8, dtype=x.dtype)
    for k in range(8):
        made[:, k] = h[:, 7 - k].tanh() * (k + 1)
    made.t_().unsqueeze_(0)
    return self.b(made.squeeze(0).t())


@with_layers(ROW, a=dense, b=out)
def used_twice(self, x):
    h = self.a(x)
    return self.b(h.relu() + h.sigmoid() * h)


@with_layers(PICTURE, a=conv, b=lambda: nn.Conv2d(8, 8, 3, padding=1), c=lambda: head(8))
def residual(self, x):
    h = self.a(x).relu()
    return self.c(F.relu(h + self.b(h), inplace=True))


@with_layers(PICTURE, a=conv, b=conv, c=lambda: head(16))
def concatenated(self, x):
    return self.c(torch.cat([self.a(x).relu(), self.b(x).tanh()], 1))


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def sliced_and_indexed(self, x):
    h = self.a(x).relu()
    picked = h[:, [0, 2, 2]] + h[:, 1::2] + h[:, torch.tensor([5, 3, 0])].flip(1)
    return self.b((picked[..., 1:].sum((1, 2), keepdim=True) * h[:, -1:])[:, 0].roll(1, 1))


@with_layers(ROW, a=dense, b=dense, c=out)
def gate(self, x):
    return self.c(self.a(x).tanh() * self.b(x).sigmoid())


@with_layers(ROW, a=dense, b=dense, c=out)
def division(self, x):
    return self.c(self.a(x) / (1 + self.b(x).abs()) + 1 / (2 + self.a(x).exp()))


@with_layers(ROW, a=dense, b=out)
def powers(self, x):
    h = self.a(x)
    return self.b(h**2 + (h * h + 1) ** 0.5 + (h.abs() + 0.5) ** 1.7 + h**3 + (h * h + 1).rsqrt())


@with_layers(ROW, a=dense, b=out)
def logarithms(self, x):
    h = self.a(x).abs()
    return self.b((h + 1).log() + h.log1p() + (-h).expm1() + h.sin() * h.cos() + h.erf() + h.atan())


@with_layers(
    SERIES, a=lambda: nn.Linear(5, 8), b=lambda: nn.Linear(5, 8), c=lambda: nn.Linear(36, 3)
)
def einsum(self, x):
    return self.c(torch.einsum("nik,njk->nij", self.a(x), self.b(x).tanh()).flatten(1).relu())


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), c=lambda: nn.Linear(64, 3))
def matrix_product(self, x):
    h = self.a(x)
    return self.c((h.transpose(1, 2) @ h.relu()).flatten(1).tanh())


@with_layers(ROW, a=dense, b=out)
def choices(self, x):
    h = self.a(x)
    leaky = torch.where(h > 0, h, 0.2 * h)
    return self.b(leaky + (h > 0.1).to(h.dtype) * h + h.masked_fill(h < -0.2, 0.3))


@with_layers(ROW, a=dense, b=dense, c=out)
def extremes(self, x):
    a, b = self.a(x), self.b(x)
    h = torch.minimum(a, b) + torch.maximum(a, b * b) + a.clamp(-0.3, 0.2) + b.clamp(min=0.1)
    return self.c(h + a.amax(1, keepdim=True) - b.min(1, keepdim=True).values + torch.max(a, b))


@with_layers(ROW, a=dense, b=out)
def clamped_between(self, x):
    h = self.a(x)
    return self.b(torch.clamp(h, h.sin() - 0.1, 0.2 + h * h) + h.clamp_max(0.3) + h.abs())


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def log_sum_exp(self, x):
    h = self.a(x)
    return self.b(
        h.logsumexp(1) + h.cumsum(1)[:, 3].log_softmax(-1) + torch.logaddexp(h[:, 0], h[:, 1])
    )


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def spreads(self, x):
    h = self.a(x)
    size = h.norm(dim=1) + h.std(1) + h.var(1, unbiased=False) + h.norm(p=1, dim=1)
    return self.b(size + F.normalize(h[:, 0], dim=1) + torch.linalg.vector_norm(h, ord=3, dim=1))


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), b=out)
def running_product(self, x):
    return self.b((self.a(x).tanh() + 1).cumprod(1)[:, -1] + self.a(x).prod(1))


class Recurrent(nn.Module):
    """A recurrent layer, its last step read out."""

    def __init__(self, kind, **settings) -> None:
        super().__init__()
        self.layer = kind(5, 6, **settings)
        both = 2 if settings.get("bidirectional") else 1
        self.read, self.first = nn.Linear(6 * both, 3), settings.get("batch_first", False)

    def forward(self, x):
        y = self.layer(x if self.first else x.transpose(0, 1))[0]
        return self.read(y[:, -1] if self.first else y[-1])


for _kind in (nn.RNN, nn.LSTM, nn.GRU):
    for _name, _settings in {
        "": {"batch_first": True}, "_time_first": {}, "_stacked": {"num_layers": 2},
        "_bidirectional": {"bidirectional": True, "batch_first": True},
    }.items():  # fmt: skip

        def _build(kind=_kind, settings=_settings):
            return Recurrent(kind, **settings)

        ZOO[f"recurrent_{_kind.__name__}{_name}"] = (_build, SERIES)


@with_layers(SERIES, cell=lambda: nn.LSTMCell(5, 8), gru=lambda: nn.GRUCell(5, 8), b=out)
def recurrent_cells(self, x):
    state, hidden = None, None
    for step in x.unbind(1):
        state, hidden = self.cell(step, state), self.gru(step, hidden)
    return self.b(state[0] + hidden)


@with_layers(
    SERIES, a=lambda: nn.Linear(5, 8),
    attend=lambda: nn.MultiheadAttention(8, 2, batch_first=True), b=out,
)  # fmt: skip
def attention(self, x):
    h = self.a(x)
    return self.b(self.attend(h, h, h)[0].mean(1))


@with_layers(SERIES, a=lambda: nn.Linear(5, 8), attend=lambda: nn.MultiheadAttention(8, 2), b=out)
def attention_masked_time_first(self, x):
    h = self.a(x).transpose(0, 1)
    mask = torch.ones(6, 6, dtype=torch.bool).triu(1)
    away = torch.zeros(x.shape[0], 6, dtype=torch.bool)
    away[:, 4] = True
    return self.b(self.attend(h, h, h, attn_mask=mask, key_padding_mask=away)[0][-1])


@with_layers(SERIES, a=lambda: nn.Linear(5, 24), b=out)
def attention_scaled_dot_product(self, x):
    q, k, v = self.a(x).unflatten(2, (2, 12)).transpose(1, 2).chunk(3, -1)
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    y = y + F.scaled_dot_product_attention(
        q, k, v, attn_mask=torch.linspace(-1, 1, 36).view(6, 6).to(x)
    )
    return self.b(y.transpose(1, 2).flatten(2).mean(1))


for _norm_first in (False, True):

    def _build(first=_norm_first):
        layer = nn.TransformerEncoderLayer(8, 2, 16, norm_first=first, batch_first=True)
        body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        return nn.Sequential(nn.Linear(5, 8), body, nn.Flatten(), nn.Linear(48, 3))

    ZOO[f"transformer_{'pre' if _norm_first else 'post'}_norm"] = (_build, SERIES)


@net((3, 16, 16))
def vision_transformer():
    from torchvision.models import VisionTransformer

    made = VisionTransformer(16, 4, 2, 2, 16, 32, num_classes=4)
    nn.init.normal_(made.heads.head.weight)
    return made


@net((3, 32, 32))
def swin():
    from torchvision.models import SwinTransformer

    return SwinTransformer([4, 4], 16, [2, 2], [2, 4], [2, 2], num_classes=4)


@with_layers(
    PICTURE, a=conv, down=lambda: nn.Conv2d(8, 2, 1), up=lambda: nn.Conv2d(2, 8, 1),
    c=lambda: head(8),
)  # fmt: skip
def squeeze_and_excitation(self, x):
    h = F.silu(self.a(x))
    return self.c(h * self.up(F.relu(self.down(F.adaptive_avg_pool2d(h, 1)))).sigmoid())


class Bump(torch.autograd.Function):
    """A custom activation with a gradient of its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.exp(-x * x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (1 - 2 * x * x) * torch.exp(-x * x)


@with_layers(ROW, a=dense, b=out)
def custom_activation(self, x):
    h = self.a(x)
    return self.b(Bump.apply(h) + h * torch.tanh(F.softplus(h)) + torch.sign(h) * h.abs().sqrt())


class Constants(nn.Module):
    """Buffers, parameters used bare, and constants made on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.read = dense(), out()
        self.scale = nn.Parameter(torch.randn(8))
        self.register_buffer("shift", torch.randn(8))

    def forward(self, x):
        h = (self.layer(x) * self.scale - self.shift).relu()
        return self.read(h + torch.arange(8).to(h) / 8 + torch.eye(8).to(h)[0] * h)


ZOO["constants"] = (Constants, ROW)


@net(PICTURE)
def stochastic_depth():
    from torchvision.ops import StochasticDepth

    return nn.Sequential(conv(), nn.GELU(), StochasticDepth(0.5, "row"), nn.Dropout(), head(8))


@net(ROW)
def scripted():
    return torch.jit.trace(nn.Sequential(dense(), nn.ReLU(), out(), nn.Tanh()), torch.zeros(2, 7))


class Subclassed(nn.Linear):
    """A layer that does more than its parent."""

    def forward(self, x):
        return super().forward(x).relu() * 0.5


ZOO["subclassed"] = (lambda: nn.Sequential(Subclassed(7, 8), Subclassed(8, 8), out()), ROW)


@net(ROW)
def one_output():
    return nn.Sequential(dense(), nn.SELU(), nn.Linear(8, 1), nn.Flatten(0))


@net((3, 16, 16))
def unet():
    return UNet()


class UNet(nn.Module):
    """Down, up again, and across."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.low = conv(), nn.Conv2d(8, 8, 3, padding=1)
        self.up, self.last = nn.ConvTranspose2d(8, 8, 2, 2), nn.Conv2d(16, 4, 1)

    def forward(self, x):
        high = self.down(x).relu()
        low = self.low(F.max_pool2d(high, 2)).relu()
        return self.last(torch.cat([high, self.up(low)], 1)).amax((2, 3))


def built(name: str, dtype=torch.float64) -> tuple[nn.Module, torch.Tensor]:
    """The named net with reproducible random weights and statistics, and three inputs."""
    build, shape = ZOO[name]
    torch.manual_seed(sum(map(ord, name)))
    with torch.random.fork_rng():
        model = build().to(dtype).eval()
    make = torch.Generator().manual_seed(len(name))
    for layer in model.modules():
        if isinstance(getattr(layer, "running_mean", None), torch.Tensor):
            layer.running_mean.copy_(torch.randn(layer.running_mean.shape, generator=make) / 4)
            layer.running_var.copy_(torch.rand(layer.running_var.shape, generator=make) + 0.5)
            if layer.weight is not None:
                layer.weight.data.copy_(torch.randn(layer.weight.shape, generator=make))
    return model, torch.randn(3, *shape, generator=make, dtype=torch.float64).to(dtype)


def blurred(x: torch.Tensor) -> torch.Tensor:
    """Each value averaged with its neighbours along the last dimension."""
    return (x.roll(1, -1) + x + x.roll(-1, -1)) / 3
