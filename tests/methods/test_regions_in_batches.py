"""Every region of every input is replaced once, in whatever batches the model takes them."""

import pytest
import torch

from explainers import explain
from explainers.batch_plan import BatchPlan
from explainers.perturbation.evaluation import Replacements, replaced
from explainers.perturbation.windows import sliding


@pytest.mark.parametrize("rows", [1, 3, 7])
@pytest.mark.parametrize("cut", [(0, 35), (0, 4), (5, 6), (2, 20), (6, 35)])
def test_a_part_of_the_points_is_what_an_index_would_give(rows, cut):
    torch.manual_seed(0)
    x, baseline = torch.rand(rows, 2, 5), torch.rand(rows, 2, 5)
    windows = sliding((2, 5), (2, 1), (2, 1))
    points = Replacements(x, baseline, windows.masks, len(windows))
    start, stop = (bound * rows // 7 for bound in cut)
    number = torch.arange(start, stop)
    row, region = number % rows, number // rows
    expected = replaced(x[row], baseline[row], windows.masks(region))
    assert torch.equal(points.points(slice(start, stop)), expected)


def test_the_points_have_the_memory_layout_of_the_inputs():
    x = torch.rand(2, 3, 4, 6).to(memory_format=torch.channels_last)
    windows = sliding((3, 4, 6), (3, 2, 2), (3, 2, 2))
    made = Replacements(x, 0 * x, windows.masks, len(windows)).points(slice(1, 9))
    assert made.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("method", ["occlusion", "ablation", "finite_differences"])
def test_the_batch_size_changes_nothing_and_all_points_are_asked_once(method):
    torch.manual_seed(0)
    x = torch.randn(70, 6, dtype=torch.float64)
    answers = []
    for batch_size in (1, 16, 75, 5000):
        asked = []

        def model(points, asked=asked):
            asked.append(len(points))
            return torch.stack([points.prod(1), points.square().sum(1)], 1)

        answers.append(explain(model, x, method, batch_size=batch_size).scores)
        assert max(asked) <= batch_size + 1  # and one look at two points at once
    for other in answers[1:]:
        torch.testing.assert_close(other, answers[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "shape, sides, strides", [((7,), (3,), (2,)), ((2, 5, 4), (2, 3, 2), (2, 2, 1))]
)
def test_what_is_spread_out_and_gathered_is_what_the_masks_say(shape, sides, strides):
    torch.manual_seed(0)
    windows = sliding(shape, sides, strides)
    masks = windows.masks(torch.arange(len(windows))).double()
    effects = torch.randn(3, len(windows), dtype=torch.float64)
    values = torch.randn(3, *shape, dtype=torch.float64)
    spread = torch.einsum("nw,w...->n...", effects, masks)
    torch.testing.assert_close(windows.spread_out(effects), spread)
    gathered = torch.einsum("nv,wv->nw", values.flatten(1), masks.flatten(1))
    torch.testing.assert_close(windows.gathered(values), gathered)
    torch.testing.assert_close(windows.covered(), masks.sum(0))


def test_batches_of_whole_rounds_grow_though_they_are_not_full():
    plan = BatchPlan(size=8)
    plan.learn(plan.points(5), 0.001)
    assert plan.size == 64
    plan.learn(20, 0.001)
    assert plan.size == 64, "less than half full"
