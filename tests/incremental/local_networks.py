"""Random networks of operations that are computed in parts, and perturbed copies of an input."""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """x + what its layers make of x."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x) + x


class Joined(nn.Module):
    """Concatenates two branches; the second in place of what it was given."""

    def __init__(self, one, two):
        super().__init__()
        self.one, self.two = one, two

    def forward(self, x):
        return torch.cat([self.one(x), self.two(x).clamp_(min=-1).mul_(0.5)], 1)


class Shuffled(nn.Module):
    """Channels in another order, by views, as in ShuffleNet; split, and joined again."""

    def forward(self, x):
        sides = x.shape[2:]
        x = x.view(len(x), 2, -1, *sides).transpose(1, 2).contiguous().view(len(x), -1, *sides)
        one, two = x.chunk(2, 1)
        return torch.cat([two, one * 2], 1)


def random_network(seed: int, dimensions: int, side: int) -> nn.Module:
    """A network over (N, 4, side) or (N, 4, side, side - 3), in double precision."""
    draw = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)

    def among(*choices):
        return choices[int(torch.randint(len(choices), (), generator=draw))]

    convolution = (nn.Conv1d, nn.Conv2d)[dimensions - 1]
    norm = (nn.BatchNorm1d, nn.BatchNorm2d)[dimensions - 1]
    most = (nn.MaxPool1d, nn.MaxPool2d)[dimensions - 1]
    mean = (nn.AvgPool1d, nn.AvgPool2d)[dimensions - 1]
    channels, layers = 4, []
    for _ in range(among(3, 4, 5)):
        width = among(4, 8)
        what = among("strided", "same", "residual", "joined", "pool", "shuffled", "grouped")
        size, dilation = among(1, 3, 5), among(1, 2, 3)
        same = {"padding": dilation * (size - 1) // 2, "dilation": dilation}
        if what == "strided":
            given = {"stride": among(1, 2, 3), "padding": among(0, 1), "dilation": among(1, 2)}
            layers.append(convolution(channels, width, among(2, 3, 4), **given, bias=among(0, 1)))
            channels = width
        elif what == "same":
            layers += [convolution(channels, width, size, **same), norm(width)]
            channels = width
        elif what == "grouped":
            layers.append(convolution(channels, channels, size, groups=among(2, channels), **same))
        elif what == "residual":
            inside = convolution(channels, channels, size, **same)
            layers.append(Residual(inside, nn.ReLU(inplace=True), norm(channels)))
        elif what == "joined":
            layers.append(Joined(convolution(channels, width, size, **same), nn.Identity()))
            channels += width
        elif what == "shuffled":
            layers.append(Shuffled())
        elif among(0, 1):
            layers.append(most(3, among(1, 2), padding=among(0, 1), ceil_mode=bool(among(0, 1))))
        else:
            layers.append(mean(among(2, 3), among(1, 2), padding=1))
        layers.append(among(nn.ReLU(inplace=True), nn.GELU(), nn.Tanh(), nn.Hardswish()))
    ends = [
        (nn.AdaptiveMaxPool1d, nn.AdaptiveAvgPool1d),
        (nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d),
    ]
    end = among(*ends[dimensions - 1])
    layers += among([end(1)], [end(2)], [nn.Softmax(1)], [])
    network = nn.Sequential(*layers, nn.Flatten())
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.weight)
    return network.double().eval()


def perturbed(x: Tensor, window: int, stride: int) -> Tensor:
    """Copies of one input (1, C, …) with a window of noise each, those at the edges cut off."""
    points = []
    starts = [range(-window // 2, side, stride) for side in x.shape[2:]]
    for place in torch.cartesian_prod(*map(torch.tensor, map(list, starts))).view(-1, x.ndim - 2):
        point = x[0].clone()
        box = tuple(slice(max(0, int(a)), max(0, int(a) + window)) for a in place)
        point[(slice(None), *box)] = torch.randn_like(point[(slice(None), *box)])
        points.append(point)
    return torch.stack(points)
