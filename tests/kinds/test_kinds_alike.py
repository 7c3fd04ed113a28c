"""Every kind of input on the same road: the demo's file, explanation and checks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import answered, question_about

from explainers import METHODS
from explainers.baselines import BASELINES
from explainers.kinds import KINDS
from explainers.kinds.layout import InputLayout
from explainers.models.zoo import demos

NAMES = [name for name, demo in demos.demos().items() if demo.data and demo.spec.kind != "picture"]
QUICK = {"samples": 4, "steps": 8, "count": 2}


def quick(options: type) -> dict:
    known = set(options.__dataclass_fields__)
    return {name: value for name, value in QUICK.items() if name in known}


def test_there_is_a_demo_of_every_kind():
    assert {demo.spec.kind for demo in demos.demos().values()} == set(KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_that_fits_explains_it(runner, name):
    demo = demos.demos()[name]
    for key, method in METHODS.items():
        if method.kinds is not None and demo.spec.kind not in method.kinds:
            continue
        if key == "grad_cam":
            continue
        options = method.trial_options(InputLayout.of(demo.spec.shape, demo.spec.kind))
        options = {} if method.complete else options
        request = question_about(runner, name, method=key, options=options, baseline="zeros")
        facts, arrays = answered(runner, request)
        assert arrays["scores"].shape == demo.spec.shape, key
        assert np.isfinite(arrays["scores"]).all() and arrays["scores"].any(), key
        if method.complete:
            assert abs(facts["gap"]) < 0.02, key


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_that_fits_is_made_from_the_file(runner, name):
    demo = demos.demos()[name]
    for key, entry in BASELINES.items():
        if demo.spec.kind not in entry.kinds:
            continue
        request = question_about(
            runner,
            name,
            method="integrated_gradients",
            baseline=key,
            item=1,
            baseline_options=quick(entry.options),
        )
        facts, arrays = answered(runner, request)
        assert abs(facts["gap"]) < 0.02, key
        whole = facts["output"] - facts["baseline_output"]
        assert arrays["scores"].sum() == pytest.approx(whole, rel=0.02, abs=1e-3), key


@pytest.mark.parametrize("name", NAMES)
def test_hiding_all_of_it_gives_the_baselines_answer(runner, name):
    request = question_about(runner, name, method="saliency", check="proof")
    _, proof = answered(runner, request)
    _, prediction = answered(runner, question_about(runner, name))
    np.testing.assert_allclose(proof["deletion"][0], prediction["probabilities"], atol=1e-4)
    np.testing.assert_allclose(
        proof["deletion"][-1], prediction["baseline_probabilities"], atol=1e-4
    )
    assert sorted(proof["order"].ravel()) == list(range(proof["order"].size))
    kind = KINDS[demos.demos()[name].spec.kind]
    assert proof["order"].shape == kind.heat(np.zeros(demos.demos()[name].spec.shape)).shape


def test_values_changed_by_hand_take_the_place_of_the_row(runner):
    request = question_about(runner, "diabetes")
    _, there = answered(runner, request)
    changed = there["input"].copy()
    changed[2] += 10
    _, other = answered(runner, replace(request, values=tuple(map(float, changed))))
    np.testing.assert_array_equal(other["input"], changed)
    assert other["probabilities"][0] > there["probabilities"][0], "a higher body mass index"


def test_contributions_are_in_the_units_of_the_data(runner):
    """Standardised inside or outside the model: a contribution is of the answer either way."""
    request = question_about(runner, "diabetes", method="gradient_x_input", baseline="data_mean")
    _, arrays = answered(runner, request)
    demo = demos.demos()["diabetes"]
    network, _ = demos.load("diabetes")
    mean, std = torch.tensor(demo.spec.mean), torch.tensor(demo.spec.std)
    _, prediction = answered(runner, replace(request, method=""))
    x = torch.from_numpy(prediction["input"])
    z = ((x - mean) / std)[None].requires_grad_()
    (slope,) = torch.autograd.grad(network(z).sum(), z)
    baseline = torch.from_numpy(prediction["baseline_shown"])
    expected = ((x - baseline) / std * slope[0]).numpy()
    np.testing.assert_allclose(arrays["scores"], expected, rtol=1e-4, atol=1e-4)


def test_many_rows_are_explained_as_each_alone(runner):
    request = question_about(
        runner, "diabetes", method="integrated_gradients", baseline="data_mean"
    )
    _, many = answered(runner, replace(request, check="rows", rows=5))
    rows = np.linspace(0, 441, 5).astype(int)
    for place, item in enumerate(rows):
        _, one = answered(runner, replace(request, item=int(item)))
        np.testing.assert_allclose(many["scores"][place], one["scores"], rtol=1e-3, atol=1e-3)


def test_labels_have_a_probability_each(runner):
    _, prediction = answered(runner, question_about(runner, "dna"))
    logits = prediction["logits"].astype(np.float64)
    np.testing.assert_allclose(prediction["probabilities"], 1 / (1 + np.exp(-logits)), rtol=1e-4)
    assert prediction["probabilities"].sum() > 1
