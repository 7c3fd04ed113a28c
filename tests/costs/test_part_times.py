"""What is said before of explanations that compute only what their points change."""

import pytest
import torch
from torch import nn

from explainers import METHODS
from explainers.models.spec import ModelSpec
from explainers.models.times import kept_times
from explainers.models.times.part_times import TRIED, seconds_in_parts
from explainers.service.tasks.explain import Explain

SHAPE = (3, 64, 64)
SIGNS = ModelSpec("demo", "signs")
PASS = 0.01


def said(method: str = "occlusion", part: float | None = 0.004, **options) -> float:
    """Seconds, where a pass takes PASS."""
    facts = {"shape": list(SHAPE), "references": 1, "seconds_per_pass": PASS}
    facts |= {"seconds_per_gradient_pass": PASS}
    if part is not None:
        facts["seconds_per_part"] = part
    return Explain(SIGNS, method=method, options=options).seconds(facts)


def passes(method: str = "occlusion", **options) -> int:
    return Explain(SIGNS, method=method, options=options).cost(SHAPE)


def test_regions_as_small_as_the_trial_cost_what_it_found():
    count = passes(window=8, stride=4)
    assert said(window=8, stride=4) == pytest.approx(0.4 * PASS * count + TRIED * PASS)
    assert said(window=4, stride=4) < PASS * passes(window=4, stride=4)


def test_larger_regions_cost_more_and_in_the_end_as_much_as_plain_passes():
    shares = [
        said(window=side, stride=2) / (PASS * passes(window=side, stride=2))
        for side in (8, 16, 32, 46)
    ]
    assert (
        shares == sorted(shares) and shares[0] < 0.45 and shares[-1] == pytest.approx(1, abs=0.02)
    )


@pytest.mark.parametrize(
    "asked",
    [{"part": None}, {"part": PASS}, {"window": 32, "stride": 32}, {"method": "rise"}],
    ids=["not tried", "no quicker", "little to do", "another method"],
)
def test_elsewhere_passes_are_counted_as_before(asked):
    part = asked.pop("part", 0.004)
    assert said(part=part, **asked) == pytest.approx(PASS * passes(**asked))


def test_methods_that_ask_about_parts_say_how_large_they_are():
    asking = {key for key, method in METHODS.items() if method.changes is not None}
    assert asking == {"occlusion", "ablation", "mutagenesis"}


def test_a_trial_finds_parts_quicker_only_where_they_are_used():
    x = torch.rand(1, *SHAPE)
    local = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 62 * 62, 2)).eval()
    slow = 10.0  # as if a plain pass took so long
    assert 0 < seconds_in_parts(local, x, slow) < 1
    assert seconds_in_parts(local, x, 1e-5) == 1e-5, "too little to do"
    assert seconds_in_parts(local.double(), x.double(), slow) < 1
    assert seconds_in_parts(lambda x: x.flatten(1).sort(1)[0], x, slow) <= slow

    def broken(points):
        raise ValueError("no")

    assert seconds_in_parts(broken, x, slow) == slow
    assert seconds_in_parts(nn.Linear(8, 2), torch.rand(1, 8), slow) == slow, "rows have no parts"


def test_parts_are_tried_once_in_a_while_and_not_for_every_input(monkeypatch):
    asked = []

    class Followed(nn.Module):
        def forward(self, points):
            asked.append(len(points))
            return points.flatten(1)

    model, x = Followed(), torch.rand(1, *SHAPE)
    first, tried = seconds_in_parts(model, x, 10.0), len(asked)
    assert seconds_in_parts(model, 1 - x, 10.0) == first and len(asked) == tried > 0
    monkeypatch.setattr(kept_times, "SECONDS_KEPT", 0.0)
    seconds_in_parts(model, x, 10.0)
    assert len(asked) > tried
