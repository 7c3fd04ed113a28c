"""What is said before of how long explanations take, of a network that takes a known time."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from explainers import METHODS, ModelProblem, explain
from explainers.kinds.layout import InputLayout
from explainers.models.spec import ModelSpec
from explainers.models.times import kept_times, pass_times
from explainers.service.tasks.explain import Explain

SHAPE = (3, 16, 16)


class Clock:
    """Time that passes only where a network works; no part of what a network holds."""

    now = 0.0
    rows: ClassVar[list[int]] = []


class Slow(nn.Module):
    """A network whose passes take `ahead` seconds a point and `back` on the way back.

    Each also takes `call` however many points it has, as all do.
    """

    def __init__(self, ahead: float, back: float, call: float = 0.0) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 14 * 14, 3))
        self.ahead, self.back, self.call = ahead, back, call

    def forward(self, x):
        Clock.rows.append(len(x))
        Clock.now += self.call + self.ahead * len(x)
        output = self.net(x)
        if output.requires_grad:
            output.register_hook(self._backward)
        return output

    def _backward(self, slopes):
        Clock.now += self.call + self.back * len(slopes)


@pytest.fixture
def clock(monkeypatch):
    """A clock of its own, that trials are timed by."""
    monkeypatch.setattr(Clock, "now", 0.0)
    monkeypatch.setattr(Clock, "rows", [])
    for name in ("clock", "processor"):
        monkeypatch.setattr(pass_times, name, lambda: Clock.now)
    return Clock


def times(net, x=None):
    """Of the network, as a prediction tells them."""
    x = torch.rand(1, *SHAPE) if x is None else x
    found = pass_times.pass_times(net.eval(), x).facts
    return found | {"shape": list(x.shape[1:]), "references": 1}


FIXED = {
    "smoothgrad": {"samples": 40},
    "rise": {"samples": 400},
    "integrated_gradients": {"steps": 50},
    "expected_gradients": {"samples": 100},
    "noise": {"samples": 20},
}


@pytest.mark.parametrize("key", [k for k in METHODS if METHODS[k].kinds != ("sequence",)])
@pytest.mark.parametrize("ahead, back, call", [(0.002, 0.005, 0.003), (0.02, 0.01, 0.0)])
def test_what_is_said_before_is_what_it_takes(key, ahead, back, call, clock):
    net, x = Slow(ahead, back, call), torch.rand(1, *SHAPE)
    task = Explain(ModelSpec("demo", "signs"), method=key, options=FIXED.get(key, {}))
    said, started = task.seconds(times(net, x)), clock.now
    explain(net, x, key, "mean", 0, **FIXED.get(key, {}))
    took = clock.now - started
    if max(said, took) > 0.3:
        assert 0.5 <= said / took <= 1.5, (said, took)


def test_shapley_values_are_said_to_take_the_orders_that_demos_took():
    """Those of the second look or 8, 1.4 times as many in the mean; never more than the most."""
    method, layout = METHODS["shapley"], InputLayout.of((3, 64, 64))
    each = method.estimate(method.options(samples=1), layout)
    assert method.estimate(method.options(), layout) == 14 * each  # of a second look of 10
    assert method.estimate(method.options(most_samples=16, samples=None), layout) == 14 * each
    letters = InputLayout.of((4, 200), "sequence")
    each = method.estimate(method.options(samples=1), letters)
    assert method.estimate(method.options(), letters) == 11 * each
    assert method.most(method.options(), letters) == 16 * each
    assert method.estimate(method.options(samples=5), letters) == 5 * each


def test_a_trial_is_short_or_one_pass(clock):
    net = Slow(0.001, 0.002)
    times(net)
    assert clock.now < 3 * pass_times.SECONDS_OF_A_TRIAL and max(clock.rows) > 8
    clock.rows.clear()
    before, heavy = clock.now, Slow(5.0, 9.0)
    found = times(heavy)
    assert clock.rows == [1] and clock.now - before == pytest.approx(5.0)
    assert found["seconds_per_pass"] == pytest.approx(5.0)
    assert found["seconds_per_gradient_pass"] == pytest.approx(5.0 * (1 + pass_times.BACK) / 2)


def test_beside_other_work_a_trial_is_not_misled_by_waiting(clock, monkeypatch):
    """Each pass waits for its turn, whatever it asks, for far longer than it works."""
    net = Slow(0.0015, 0.003, call=0.08)
    monkeypatch.setattr(pass_times, "processor", lambda: Clock.now - 0.08 * len(Clock.rows))
    found = times(net)
    assert found["seconds_per_pass"] == pytest.approx(0.0015 + 0.08 / max(clock.rows), rel=0.5)
    assert found["seconds_per_pass"] < 0.01 and clock.now < 3 * pass_times.LONGEST_TRIAL


def test_it_is_tried_once_in_a_while(clock, monkeypatch):
    net, x = Slow(0.001, 0.002), torch.rand(1, *SHAPE)
    first, tried = times(net, x), len(clock.rows)
    assert times(net, 1 - x) == first and len(clock.rows) == tried
    monkeypatch.setattr(kept_times, "SECONDS_KEPT", 0.0)
    net.ahead = 0.01
    assert times(net, x)["seconds_per_pass"] == pytest.approx(0.01, rel=0.05)


def test_a_network_that_takes_one_input_at_a_time_or_has_no_way_back_is_timed_too(clock):
    class One(Slow):
        def forward(self, x):
            if len(x) > 1:
                raise RuntimeError("a fixed batch of 1")
            return super().forward(x)

    assert times(One(0.001, 0.002))["seconds_per_pass"] == pytest.approx(0.001)

    class Hard(Slow):
        def forward(self, x):
            return super().forward(x).detach()

    found = times(Hard(0.001, 0.002))
    assert found["seconds_per_gradient_pass"] == pytest.approx(0.001 * (1 + pass_times.BACK) / 2)

    class Broken(Slow):
        def forward(self, x):
            raise RuntimeError("boom")

    with pytest.raises(ModelProblem, match="boom"):
        times(Broken(0.001, 0.002))


def test_references_that_share_draws_cost_no_more(clock):
    task = Explain(ModelSpec("demo", "signs"), method="expected_gradients", options={"samples": 60})
    assert task.cost(SHAPE, 10) == task.cost(SHAPE, 1) == 122
    layout = InputLayout.of(SHAPE)
    assert METHODS["expected_gradients"].most(METHODS["expected_gradients"].options(), layout) > 514


def test_a_callable_without_weak_references_is_tried_every_time():
    class Doubling:
        __slots__ = ()

        def __call__(self, x):
            return 2 * x

    model = Doubling()
    assert all(pass_times.pass_times(model, torch.ones(1, 3)).forward > 0 for _ in range(2))
