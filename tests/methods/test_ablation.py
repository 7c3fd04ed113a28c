"""Ablation: closed forms, captum, and groups of every kind of input."""

import captum.attr
import numpy as np
import pytest
import torch
from nets import convnet, linear, pictures, smooth

from explainers import Problem, explain
from explainers.perturbation.regions import group_labels

F64 = torch.float64


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def test_a_linear_function_loses_what_every_value_contributes():
    w, x, x0 = some(5), some(3, 5, seed=1), some(5, seed=2)
    answer = explain(linear(w), x, "ablation", x0)
    torch.testing.assert_close(answer.scores, w * (x - x0))
    assert answer.passes == 5 + 2, "one pass a column, the inputs and the baseline"


def test_joined_columns_are_replaced_together_and_share_the_effect():
    """x₁x₂ + x₃ + x₄: the pair loses the whole product, which each alone would lose too."""

    def net(x):
        return x[:, 0] * x[:, 1] + x[:, 2] + x[:, 3]

    x = torch.tensor([[2.0, 3.0, 5.0, 7.0]], dtype=F64)
    alone = explain(net, x, "ablation").scores
    assert alone.tolist() == [[6, 6, 5, 7]]
    joined = explain(net, x, "ablation", groups=((0, 1), (3, 2))).scores
    assert joined.tolist() == [[3, 3, 6, 6]]
    assert explain(net, x, "ablation", groups=[[0, 1], [3, 2]]).scores.tolist() == joined.tolist()


@pytest.mark.parametrize(
    "shape, options, expected",
    [
        ((6, 2), {"by": "variable"}, [[0, 1]] * 6),
        ((6, 2), {"by": "step", "width": 4}, [[0, 0]] * 4 + [[1, 1]] * 2),
        ((4, 2), {"by": "block", "width": 2}, [[0, 1], [0, 1], [2, 3], [2, 3]]),
        ((4, 5), {"by": "letter", "width": 2}, [[0, 0, 1, 1, 2]] * 4),
        ((2, 2), {"by": "cell"}, [[0, 1], [2, 3]]),
        ((1, 3, 4), {"by": "square", "width": 2}, [[[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3]]]),
        ((3,), {"joined": ((0, 2),)}, [0, 1, 0]),
        ((2, 3), {"by": "variable", "joined": ((1, 2),)}, [[0, 1, 1]] * 2),
    ],
)
def test_groups_are_what_they_are_called(shape, options, expected):
    assert group_labels(shape, **options).tolist() == expected


def test_an_eighth_is_a_group_where_no_width_is_given():
    assert group_labels((3, 50, 100), "square").max() + 1 == 8 * 4
    assert len(np.unique(group_labels((16, 3), "block"))) == 8 * 3


@pytest.mark.parametrize(
    "shape, options",
    [
        ((7, 3), {"by": "variable"}),
        ((7, 3), {"by": "step", "width": 2}),
        ((7, 3), {}),
        ((7, 3), {"by": "block", "width": 3}),
        ((4, 9), {}),
        ((4, 9), {"width": 4}),
        ((3, 12, 10), {"width": 5}),
        ((3, 12, 10), {}),
        ((6,), {"groups": ((1, 4), (5, 0))}),
    ],
)
def test_captum_finds_the_same_effect_of_every_group(shape, options):
    """captum gives every value its group's whole effect; ours share it."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(torch.Size(shape).numel(), 7),
        torch.nn.Tanh(),
        torch.nn.Linear(7, 3),
    ).double()
    x, x0 = some(2, *shape, seed=3), some(2, *shape, seed=4)
    by = {(4, 9): "letter", (3, 12, 10): "square"}.get(shape, "cell")
    mask = group_labels(shape, options.get("by", by), options.get("width"), options.get("groups"))
    mask = torch.from_numpy(mask)
    ours = explain(net, x, "ablation", x0, 1, **options).scores
    with torch.no_grad():
        theirs = captum.attr.FeatureAblation(net).attribute(x, x0, 1, feature_mask=mask[None])
    torch.testing.assert_close(ours * mask.flatten().bincount()[mask], theirs)


def test_scores_of_a_picture_add_up_over_a_square_to_its_effect():
    net, x = convnet(), pictures(1)
    scores = explain(net, x, "ablation", "mean", 2, width=4).scores
    hidden = x.clone()
    hidden[:, :, 4:8, 8:12] = x.mean((2, 3))[:, :, None, None]
    effect = (net(x) - net(hidden))[0, 2].item()
    assert scores[0, :, 4:8, 8:12].sum().item() == pytest.approx(effect)


def test_a_value_that_the_answer_ignores_gets_zero_and_equal_parts_get_the_same():
    def net(x):
        return torch.tanh(x[:, 0] * x[:, 1])

    (scores,) = explain(net, torch.tensor([[0.7, 0.7, 9.0]], dtype=F64), "ablation").scores
    assert scores[2] == 0 and scores[0] == scores[1] > 0


def test_several_references_are_averaged():
    net, x, references = smooth(), some(2, 5), some(2, 3, 5, seed=6)
    both = explain(net, x, "ablation", references, 0).scores
    parts = [explain(net, x, "ablation", references[:, i], 0).scores for i in range(3)]
    torch.testing.assert_close(both, sum(parts) / 3)


def test_occlusion_hides_one_value_of_a_row_at_a_time():
    net, x = smooth(), some(2, 5)
    theirs = captum.attr.Occlusion(net).attribute(x, (1,), target=1).detach()
    ours = explain(net, x, "occlusion", target=1).scores
    torch.testing.assert_close(ours.to(theirs), theirs)
    wide, many = linear(some(40)), some(1, 40)
    torch.testing.assert_close(
        explain(wide, many, "occlusion").scores, explain(wide, many, "ablation").scores
    )


def test_occlusion_hides_steps_of_one_variable_with_a_window_for_each_dimension():
    net, x = linear(some(6, 3)), some(1, 6, 3, seed=1)
    ours = explain(net, x, "occlusion", window=(2, 1), stride=(2, 1)).scores
    blocks = explain(net, x, "ablation", by="block", width=2).scores
    torch.testing.assert_close(ours, 2 * blocks)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"by": "square"}, "need inputs of 3 dimensions"),
        ({"by": "planet"}, "is not one of"),
        ({"groups": ((0, 5),)}, "5 is not between 0 and 4"),
        ({"groups": ((0, 1), (1, 2))}, "1 is in two groups"),
        ({"groups": (0, 1)}, "such as"),
        ({"groups": 3}, "3 is not"),
        ({"width": 0}, "not at least 1"),
    ],
)
def test_groups_that_cannot_be_used_are_named(options, words):
    with pytest.raises(Problem, match=words):
        explain(smooth(), some(1, 5), "ablation", **options)
