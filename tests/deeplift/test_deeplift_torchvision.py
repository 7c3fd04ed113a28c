"""Completeness on torchvision's models, small pictures; tests/bench/deeplift has the full table."""

import functools
import sys
from pathlib import Path

import pytest
import torch

from explainers import explain

sys.path.append(str(Path(__file__).parents[1] / "bench" / "deeplift"))
from deeplift_completeness import built, cases  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


net = functools.lru_cache(1)(built)


@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel", "genomics"])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet1_1", "swin_t"])
def test_contributions_add_up(name, rule):
    model = net(name).cpu().double()
    x, black = next(cases(64, torch.float64))
    answer = explain(model, x[:1].cpu(), method="deeplift", target=3, rule=rule)
    assert answer.gap.abs().max() < 1e-9
    single = explain(model.float(), x[:1].cpu().float(), method="deeplift", target=3, rule=rule)
    assert single.gap.abs().median() < 1e-4
