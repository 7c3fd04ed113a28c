"""Every method gives what it declares on a linear function, of every kind that it takes.

The expected scores come from c, x and x′ alone. That the comparison can tell right from wrong is
tested as well: every method is broken in turn, and must then fail.
"""

import functools
from dataclasses import replace

import pytest
import torch
from linear_cases import (
    BIAS,
    SHAPES,
    LinearCase,
    Options,
    closed_form,
    grouped,
    mask_covariance,
    mutated,
    windows_that_cover,
)
from torch import Tensor

from explainers import METHODS, explain
from explainers.methods.registry import MethodResult
from explainers.perturbation.regions import group_labels

SIGMA = 0.3

# Options with which every value is a group of its own, by method.
SINGLE = {
    "occlusion": lambda shape: {"window": (1,) * len(shape), "stride": (1,) * len(shape)},
    "ablation": lambda shape: {"by": "cell"},
    "finite_differences": lambda shape: {"block": (1,) * len(shape)},
    "noise": lambda shape: {"by": "cell", "sigma": SIGMA, "samples": 300},
    # With a cell a place the mask hides every place by itself.
    "rise": lambda shape: {"cells": shape[-1], "samples": 1500},
    "smoothgrad": lambda shape: {"samples": 4},
    "expected_gradients": lambda shape: {"samples": 6},
    "shapley": lambda shape: {"by": "cell"},
}
# Further choices, each of which must keep the declared answer.
VARIANTS: dict[str, list[Options]] = {
    "integrated_gradients": [{"steps": 3}, {"rule": "midpoint"}, {"rule": "trapezoid", "steps": 4}],
    "deeplift": [{"rule": "reveal_cancel"}, {"rule": "genomics"}, {"fallback": "integral"}],
    "saliency": [{"signed": True}],
    "smoothgrad": [{"signed": True}, {"sigma": 1.0}],
    "finite_differences": [{"step": 0.1}],
    "rise": [{"visible": 0.3}],
    "shapley": [{"exact": 3, "samples": 4}],
}
# How far a method of magnitudes moves the values; others count per unit.
MOVED = {"noise": SIGMA}
# Methods that bring a baseline of their own.
OWN_BASELINE = {"mutagenesis": mutated}

KINDS_OF = {
    key: [kind for kind in SHAPES if entry.kinds is None or kind in entry.kinds]
    for key, entry in METHODS.items()
}
# Grad-CAM answers for a layer, and has a test of its own.
HELD = [key for key in METHODS if key != "grad_cam"]
CASES = [
    (key, kind, baseline, options)
    for key in HELD
    for kind in KINDS_OF[key]
    for baseline in ("zeros", "random")
    for options in [{}, *VARIANTS.get(key, [])]
]


def assert_scores(scores: Tensor, expected: Tensor, spread: Tensor | None) -> None:
    """Equal to rounding, or within five standard errors, which must be small."""
    scale = expected.abs().max()
    allowed = 1e-8 * scale
    if spread is not None:
        assert spread.max() < 0.1 * scale, "the standard error leaves room for anything"
        allowed = allowed + 5 * spread
    assert ((scores - expected).abs() <= allowed).all(), (scores, expected)


def check_answer(key: str, case: LinearCase, options: Options) -> None:
    """AssertionError where the method's scores are not what it declares."""
    entry = METHODS[key]
    options = (SINGLE[key](SHAPES[case.kind]) if key in SINGLE else {}) | options
    chosen = entry.options(**options)
    answer = explain(case.model, case.inputs, key, case.baseline, 0, kind=case.kind, **options)
    if key in OWN_BASELINE:
        expected = OWN_BASELINE[key](case)
    else:
        expected = closed_form(
            entry.answer_to_linear(chosen),
            case,
            MOVED.get(key, 1.0),
            getattr(chosen, "visible", 0.0),
        )
    assert_scores(answer.scores, expected, answer.spread)
    if entry.complete:
        assert answer.gap is not None and answer.gap.abs().max() < 1e-9


@pytest.mark.parametrize("key, kind, baseline, options", CASES)
def test_a_method_answers_what_it_declares(key, kind, baseline, options):
    check_answer(key, LinearCase.of(kind, baseline), options)


BREAKS = {
    "flipped": lambda scores: -scores,
    "doubled": lambda scores: 2 * scores,
    "moved by one place": lambda scores: scores.roll(1, -1),
    "of another input": lambda scores: scores.flip(0),
    "nothing": lambda scores: 0 * scores,
}


@functools.cache
def result_of(key: str, kind: str) -> MethodResult:
    """What the unbroken method returns on the case of a random baseline."""
    entry, results = METHODS[key], []

    def attribute(context, options):
        results.append(entry.attribute(context, options))
        return results[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METHODS, key, replace(entry, attribute=attribute))
        check_answer(key, LinearCase.of(kind, "random"), {})
    return results[0]


# The slopes of a linear function are the same for every input.
BREAKABLE = [
    (key, kind, broken)
    for key in HELD
    for kind in KINDS_OF[key]
    for broken in BREAKS
    if broken != "of another input" or METHODS[key].uses_baseline or key in OWN_BASELINE
]


@pytest.mark.parametrize("key, kind, broken", BREAKABLE)
def test_a_broken_method_is_noticed(key, kind, broken, monkeypatch):
    entry, result = METHODS[key], result_of(key, kind)
    wrong = replace(result, scores=BREAKS[broken](result.scores))
    monkeypatch.setitem(METHODS, key, replace(entry, attribute=lambda context, options: wrong))
    with pytest.raises(AssertionError):
        check_answer(key, LinearCase.of(kind, "random"), {})


@pytest.mark.parametrize("key", METHODS)
def test_what_a_method_declares_fits_its_sign(key):
    entry = METHODS[key]
    for options in [{}, *VARIANTS.get(key, [])]:
        chosen = entry.options(**options)
        signless = entry.answer_to_linear(chosen) in ("magnitude", "activation")
        assert entry.knows_sign(chosen) != signless


@pytest.mark.parametrize("baseline", ["zeros", "random"])
@pytest.mark.parametrize("kind", KINDS_OF["ablation"])
def test_ablation_shares_the_contributions_of_what_it_hides_together(kind, baseline):
    case = LinearCase.of(kind, baseline)
    by = {"picture": "square", "sequence": "letter"}.get(kind, "cell")
    groups = torch.from_numpy(group_labels(SHAPES[kind], by))
    answer = explain(case.model, case.inputs, "ablation", case.baseline, 0, kind=kind)
    expected = grouped(case, groups, lambda inside: case.contributions[:, inside].sum(1))
    assert_scores(answer.scores, expected, None)


@pytest.mark.parametrize("baseline", ["zeros", "random"])
@pytest.mark.parametrize("kind", KINDS_OF["occlusion"])
def test_occlusion_averages_the_contributions_in_its_windows(kind, baseline):
    """By default windows of one row's value, or of one place with all its channels."""
    case = LinearCase.of(kind, baseline)
    shape = SHAPES[kind]
    sides = (1,) if kind == "table" else (shape[0], *[1] * (len(shape) - 1))
    answer = explain(case.model, case.inputs, "occlusion", case.baseline, 0, kind=kind)
    assert_scores(answer.scores, windows_that_cover(case, sides, (1,) * len(shape)), None)
    wide = tuple(min(2, side) for side in shape)
    options = {"window": wide, "stride": (1,) * len(shape)}
    answer = explain(case.model, case.inputs, "occlusion", case.baseline, 0, kind=kind, **options)
    assert_scores(answer.scores, windows_that_cover(case, wide, (1,) * len(shape)), None)


@pytest.mark.parametrize("kind", KINDS_OF["noise"])
def test_noise_on_a_group_moves_the_answer_by_the_root_of_its_squares(kind):
    """√(Σ c²)·σ, whose standard error from n draws is 1/√(2n) of it."""
    case, draws = LinearCase.of(kind, "zeros"), 2000
    by = {"picture": "square", "series": "variable"}.get(kind, "cell")
    groups = torch.from_numpy(group_labels(SHAPES[kind], by))

    def moves(inside: Tensor) -> Tensor:
        return SIGMA * case.c[inside].square().sum().sqrt().expand(2)

    answer = explain(
        case.model, case.inputs, "noise", target=0, kind=kind, sigma=SIGMA, samples=draws
    )
    expected = grouped(case, groups, moves)
    assert_scores(answer.scores, expected, answer.spread)
    error = expected / (2 * draws) ** 0.5
    torch.testing.assert_close(answer.spread, error, rtol=0.15, atol=0)


@pytest.mark.parametrize("baseline", ["zeros", "random"])
@pytest.mark.parametrize("visible", [0.5, 0.2])
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("kind", KINDS_OF["rise"])
def test_rise_with_coarse_masks_is_the_contributions_blurred_by_the_mask(
    kind, centred, visible, baseline
):
    """E[(f − f̄)·M_i]/p = Σ_j c_j(x_j − x′_j)·cov(M_i, M_j)/p; without the centre f̄ is added.

    The covariance is p(1 − p) times `mask_covariance`; f̄, of the same n masks, takes 1/n of it.
    """
    case, cells, samples = LinearCase.of(kind, baseline), 3, 6_000
    answer = explain(
        case.model,
        case.inputs,
        "rise",
        case.baseline,
        0,
        kind=kind,
        cells=cells,
        visible=visible,
        centred=centred,
        samples=samples,
    )
    blurred = (1 - visible) * case.contributions.sum(1)
    for dimension, size in enumerate(SHAPES[kind][1:], start=1):
        blurred = (blurred.transpose(dimension, -1) @ mask_covariance(size, cells)).transpose(
            dimension, -1
        )
    if centred:
        blurred = blurred * (1 - 1 / samples)
    else:
        faded = (case.c * (visible * case.inputs + (1 - visible) * case.baseline)).flatten(1).sum(1)
        blurred = blurred + (faded + BIAS).view(-1, *[1] * (blurred.ndim - 1))
    expected = (blurred / case.inputs.shape[1]).unsqueeze(1).expand_as(case.inputs)
    assert_scores(answer.scores, expected, answer.spread)


class LinearConvolution(torch.nn.Module):
    """f(x) = Σ_{k,place} head·A with A_k = Σ_c weight_kc x_c: linear, by way of a layer."""

    def __init__(self, weight: Tensor, head: Tensor) -> None:
        super().__init__()
        places = weight.dim() - 2
        layer = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d}[places]
        self.features = layer(weight.shape[1], weight.shape[0], 1, bias=False).double()
        self.features.weight = torch.nn.Parameter(weight)
        self.head = torch.nn.Parameter(head)

    def forward(self, x: Tensor) -> Tensor:
        return (self.features(x) * self.head).flatten(1).sum(1) + BIAS


def check_grad_cam(kind: str) -> None:
    """AssertionError where Grad-CAM is not ReLU(Σ_k mean(head_k)·A_k), shared by the channels."""
    case, generator = LinearCase.of(kind, "zeros"), torch.Generator().manual_seed(5)
    channels, *space = SHAPES[kind]
    weight = torch.randn(2, channels, generator=generator, dtype=torch.float64)
    head = torch.randn(2, *space, generator=generator, dtype=torch.float64)
    net = LinearConvolution(weight.view(2, channels, *[1] * len(space)), head)
    activations = torch.einsum("kc,nc...->nk...", weight, case.inputs)
    cam = torch.einsum("k,nk...->n...", head.flatten(1).mean(1), activations).relu()
    expected = (cam / channels).unsqueeze(1).expand_as(case.inputs)
    answer = explain(net, case.inputs, "grad_cam", target=0, kind=kind)
    assert_scores(answer.scores, expected, None)


@pytest.mark.parametrize("kind", KINDS_OF["grad_cam"])
def test_grad_cam_is_what_a_layer_holds_weighted_by_the_mean_of_what_follows(kind):
    check_grad_cam(kind)


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("kind", KINDS_OF["grad_cam"])
def test_a_broken_grad_cam_is_noticed(kind, broken, monkeypatch):
    entry = METHODS["grad_cam"]

    def attribute(context, options):
        return MethodResult(BREAKS[broken](entry.attribute(context, options).scores))

    monkeypatch.setitem(METHODS, "grad_cam", replace(entry, attribute=attribute))
    with pytest.raises(AssertionError):
        check_grad_cam(kind)
