"""What deletion and insertion cost, and what must not matter to them."""

import pytest
import torch
from nets import convnet, linear, pictures
from untouched import untouched

from explainers.checks.faithfulness import chance, deletion, insertion
from explainers.checks.unit_order import SHARES, reachable_shares

WEIGHTS = torch.tensor([2.0, -3.0, 1.0, 0.5], dtype=torch.float64)
X = torch.tensor([[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 2.0, 1.0]], dtype=torch.float64)
X0 = torch.tensor([0.5, 1.0, -1.0, 2.0], dtype=torch.float64)


class Counted:
    """Counts the rows that a function is asked about, and the longest batch."""

    def __init__(self, function):
        self.function, self.rows, self.longest = function, 0, 0

    def __call__(self, x):
        self.rows += len(x)
        self.longest = max(self.longest, len(x))
        return self.function(x)


def test_every_point_is_evaluated_once_and_progress_ends_at_the_end():
    """Of 21 shares of 4 units 1, 2 and 3 are left, in 3 orders; and two ends an input.

    Three more rows find out, once, how the model behaves.
    """
    seen = []
    counted = Counted(linear(WEIGHTS))
    curve = chance(counted, X, X0, 0, draws=3, batch_size=4, progress=seen.append)
    assert curve.values.shape == (2, 3, len(SHARES))
    assert counted.rows == 2 * 3 * 3 + 2 * 2 + 3
    assert counted.longest == 4
    assert (seen[-1].done, seen[-1].total) == (22, 22)
    assert {p.total for p in seen if p.done > 4} == {22}
    assert all(p.total > p.done for p in seen[1:-1])
    assert [p.done for p in seen] == sorted({p.done for p in seen})
    counted = Counted(linear(WEIGHTS))
    deletion(counted, X, X, X0, 0, shares=[0.5])
    assert counted.rows == 2 + 2 + 3


@pytest.mark.parametrize("target", [None, 2, (0, 1), [1, 3], lambda y: y.norm(dim=1)])
def test_batch_mates_and_batch_size_do_not_matter(target):
    net, x = convnet(), pictures(2)
    heat = x.sum(1)
    whole = deletion(net, x, heat, "zeros", target)
    small = deletion(net, x, heat, "zeros", target, batch_size=1)
    torch.testing.assert_close(whole.values, small.values)
    for row in range(2):
        own = [target[row]] if isinstance(target, list) else target
        alone = deletion(net, x[row : row + 1], heat[row : row + 1], "zeros", own)
        torch.testing.assert_close(alone.values[0], whole.values[row])
        alone = chance(net, x[row : row + 1], "zeros", own, draws=2)
        both = chance(net, x, "zeros", target, draws=2)
        torch.testing.assert_close(alone.values[0], both.values[row])


def test_no_target_means_the_first_choice_on_the_unhidden_input():
    net, x = convnet(), pictures(3)
    for measure in (deletion, insertion):
        curve = measure(net, x, x)
        best = measure(net, x, x, target=net(x).argmax(1).tolist())
        assert torch.equal(curve.values, best.values)
    probability = net(x).softmax(1).max(1).values.detach()
    torch.testing.assert_close(deletion(net, x, x).values[:, 0, 0], probability)


def test_the_model_is_left_as_found():
    net = (
        torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3),
            torch.nn.BatchNorm2d(4),
            torch.nn.Dropout(),
            torch.nn.Flatten(),
            torch.nn.Linear(400, 3),
        )
        .double()
        .train()
    )
    x = pictures(2)
    kept = x.clone()
    for measure in (deletion, insertion):
        with untouched(net):
            first = measure(net, x, x, "blur")
        assert torch.equal(first.values, measure(net, x, x, "blur").values)
    with untouched(net):
        chance(net, x, "noise", draws=2)
    assert torch.equal(x, kept)


@pytest.mark.parametrize("units", [1, 2, 4, 10, 30, 63, 64, 9216])
def test_the_shares_followed_are_such_as_whole_units_reach(units):
    shares = reachable_shares(units)
    assert (shares[0], shares[-1]) == (0, 1) and shares == sorted(set(shares))
    assert len(shares) <= len(SHARES)
    if units < 64:
        counts = [share * units for share in shares]
        assert counts == pytest.approx([round(count) for count in counts])
        assert counts[1] == pytest.approx(1), "the first thing hidden is one unit"
    else:
        assert tuple(shares) == SHARES
    if units <= 10:
        assert len(shares) == units + 1
