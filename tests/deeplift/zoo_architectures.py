"""Recurrent networks, attention, and whole architectures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from exportable import small_vit
from torch import nn
from zoo_register import PICTURE, SERIES, ZOO, conv, head, net, out, with_layers


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
        "": {"batch_first": True},
        "_time_first": {},
        "_stacked": {"num_layers": 2},
        "_bidirectional": {"bidirectional": True, "batch_first": True},
    }.items():

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
    SERIES,
    a=lambda: nn.Linear(5, 8),
    attend=lambda: nn.MultiheadAttention(8, 2, batch_first=True),
    b=out,
)
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
    return small_vit(4)


@net((3, 32, 32))
def swin():
    from torchvision.models import SwinTransformer

    return SwinTransformer([4, 4], 16, [2, 2], [2, 4], [2, 2], num_classes=4)


@with_layers(
    PICTURE,
    a=conv,
    down=lambda: nn.Conv2d(8, 2, 1),
    up=lambda: nn.Conv2d(2, 8, 1),
    c=lambda: head(8),
)
def squeeze_and_excitation(self, x):
    h = F.silu(self.a(x))
    return self.c(h * self.up(F.relu(self.down(F.adaptive_avg_pool2d(h, 1)))).sigmoid())


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
