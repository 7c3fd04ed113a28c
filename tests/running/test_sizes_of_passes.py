"""How many points a pass takes is known of a model that was asked the same before."""

import pytest
import torch
from torch import nn

from explainers import explain, jacobian

ROWS, COLUMNS = 200, 3


class Counting(nn.Module):
    """Notes how many rows each pass has."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.rows = nn.Linear(COLUMNS, 2), ()

    def forward(self, x):
        seen.append(len(x))
        return self.net(x)


seen: list[int] = []


def asked(call) -> int:
    """The size of the first pass, of a Jacobian after that of one row alone."""
    seen.clear()
    call()
    return seen[0] if seen[0] > 1 else seen[1]


@pytest.mark.parametrize("way", ["occlusion", "jacobian"])
def test_the_second_call_begins_where_the_first_ended(way):
    net, x = Counting().eval(), torch.rand(ROWS, COLUMNS)

    def call():
        return jacobian(net, x) if way == "jacobian" else explain(net, x, way, target=0).scores

    first = call()
    assert asked(call) == ROWS
    torch.testing.assert_close(call(), first)


@pytest.mark.parametrize(
    "change",
    {
        "weights": lambda net: net.net.weight.add_(1),
        "a parameter": lambda net: setattr(net.net, "bias", nn.Parameter(torch.ones(2))),
        "a module": lambda net: setattr(net, "net", nn.Linear(COLUMNS, 2)),
        "precision": lambda net: net.double(),
    }.items(),
    ids=lambda change: change[0],
)
def test_a_changed_model_begins_small_again(change):
    net, x = Counting().eval(), torch.rand(ROWS, COLUMNS)
    for _ in range(2):
        explain(net, x, "occlusion", target=0)
    with torch.no_grad():
        change[1](net)
    x = x.to(net.net.weight.dtype)
    assert asked(lambda: explain(net, x, "occlusion", target=0)) <= 8
    assert asked(lambda: explain(net, x, "occlusion", target=0)) == ROWS
    assert asked(lambda: explain(net, x, "occlusion", target=0, batch_size=5)) == 5


@pytest.mark.parametrize("way", ["occlusion", "ablation", "finite_differences"])
def test_what_a_model_wrote_on_before_memory_ran_out_is_made_anew(way):
    class Centring(nn.Module):
        """Works in place, and then finds no memory for many rows."""

        def forward(self, x):
            x.sub_(0.25).mul_(2)
            if len(x) > 150 and hungry:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return torch.stack([(x**3).sum(1), x.prod(1)], 1)

    x, net = torch.rand(ROWS, COLUMNS), Centring()
    hungry = False
    expected = explain(net, x, way, target=0).scores
    hungry = True
    torch.testing.assert_close(explain(net, x, way, target=0).scores, expected)
