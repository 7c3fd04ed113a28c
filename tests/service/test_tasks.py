"""The worker's checks of an explanation, and the work that explanations share."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import Question, answered, question_about
from nets import PICTURE_METHODS, convnet, pictures

from explainers import BASELINES, METHODS, Problem, explain
from explainers.checks.faithfulness import SHARES, deletion, insertion
from explainers.figures.views import drawn
from explainers.figures.views.areas import find_areas, sums
from explainers.kinds import picture
from explainers.kinds.layout import InputLayout
from explainers.models.prepared import build
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.models.zoo.signs import samples
from explainers.output_cache import OutputCache
from explainers.passes import Passes
from explainers.service.parsing.parsed_uploads import put
from explainers.service.storage.store import Store
from explainers.service.tasks import BaselineRef
from explainers.service.tasks.prove import HideBoxes
from explainers.service.worker.task_runner import TaskRunner

SIX = ("integrated_gradients", "deeplift", "occlusion", "gradient_x_input", "saliency", "grad_cam")
SPEC = ModelSpec(
    "demo", "signs", size=96, mean=NORMALISATIONS["0–1"][0], std=NORMALISATIONS["0–1"][1]
)


@pytest.fixture
def runner(tmp_path):
    return TaskRunner(Store(tmp_path))


@pytest.fixture
def question(runner):
    return Question(SPEC, _kept(runner), "blur", target=0)


def _kept(runner) -> str:
    """The first sample in the shop's store, as the reading process would have left it."""
    data = samples()[0].path.read_bytes()
    digest = runner.store.put_blob(data)
    put(runner.store, "picture", digest, ({}, {"pixels": np.asarray(picture.read(data))}))
    return digest


def pixels():
    image = picture.read(samples()[0].path.read_bytes())
    return torch.from_numpy(picture.pixels(image, 96, "crop"))[None]


@pytest.fixture
def evaluations(monkeypatch):
    """Rows that went through any model, forward and backward, as they are counted."""
    total, count = [0], Passes._count

    def counted(run, points, backward):
        total[0] += points * (1 + backward)
        return count(run, points, backward)

    monkeypatch.setattr(Passes, "_count", counted)
    return total


def test_what_a_pass_costs_is_timed_whatever_is_in_the_cache(question, tmp_path):
    runner = TaskRunner(Store(tmp_path))
    asked = replace(question, data=_kept(runner), method="")
    runner.load(SPEC, "cpu").model.register_forward_hook(
        lambda _, points, answer: time.sleep(0.02 * len(answer))
    )
    for _ in range(2):  # the second time all answers come from the cache
        facts, _ = answered(runner, asked)
        assert facts["seconds_per_pass"] > 0.02 and 2 * facts["seconds_per_gradient_pass"] > 0.02
        for kept in tmp_path.glob("*.npz"):
            kept.unlink()


def test_six_methods_on_one_picture_share_what_they_have_in_common(question, evaluations, tmp_path):
    alone = {}
    for method in SIX:
        evaluations[0] = 0
        answered(_runner(tmp_path / method), replace(question, method=method))
        alone[method] = evaluations[0]
    together = _runner(tmp_path / "all")
    evaluations[0] = 0
    for method in SIX:
        answered(together, replace(question, method=method))
    # The answer to the picture and to the baseline five times, and one gradient.
    shared = 5 * 2 + 2
    assert evaluations[0] == sum(alone.values()) - shared


def _runner(folder) -> TaskRunner:
    runner = TaskRunner(Store(folder))
    _kept(runner)
    return runner


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_sharing_changes_no_score(method):
    model, x, cache = convnet(), pictures(1, side=24), OutputCache()
    options = {"noise": {"samples": 3}, "shapley": {"samples": 3}}.get(
        method, {"samples": 40} if METHODS[method].random else {}
    )
    explain(model, x, "saliency", "blur", score="logit", cache=cache)
    alone = explain(model, x, method, "blur", score="logit", batch_size=16, **options)
    shared = explain(model, x, method, "blur", score="logit", cache=cache, batch_size=16, **options)
    assert torch.equal(alone.scores, shared.scores)
    assert shared.passes <= alone.passes
    other = explain(
        model, x, method, "blur", target=3, score="logit", cache=cache, batch_size=16, **options
    )
    fresh = explain(model, x, method, "blur", target=3, score="logit", batch_size=16, **options)
    assert torch.equal(other.scores, fresh.scores), "another class is another question"


def test_what_is_known_is_known_by_value_and_forgotten_in_time():
    cache, calls = OutputCache(), []

    def compute(points):
        def found(rows):
            calls.append(len(rows))
            return (points[rows] * 2,)

        return found

    points = torch.arange(12.0).view(4, 3)
    for repeat in (points, points.clone()):
        (found,) = cache.recall(["a"] * 4, repeat, compute(repeat))
        assert torch.equal(found, 2 * points)
    assert calls == [4]
    changed = points.clone()
    changed[2, 1] += 1e-6
    cache.recall(["a"] * 4, changed, compute(changed))
    cache.recall(["b"] * 4, points, compute(points))
    assert calls == [4, 1, 4]
    for start in range(20):
        other = torch.full((4, 3), float(100 + start)) + torch.arange(4.0)[:, None] * 50
        cache.recall(["a"] * 4, other, compute(other))
    cache.recall(["a"] * 4, points, compute(points))
    assert calls[-1] == 4, "what was not asked for lately is not kept for ever"


def test_a_proof_is_the_librarys_deletion_and_insertion(runner, question):
    request = replace(question, method="gradient_x_input", check="proof")
    facts, arrays = answered(runner, request)
    assert facts["shares"] == list(SHARES)
    model, _, _ = build(SPEC, None)
    x = pixels()
    heat = explain(model, x, "gradient_x_input", "blur", 0, score="logit").scores.sum(1)
    for name, measure in (("deletion", deletion), ("insertion", insertion)):
        expected = measure(model, x, heat, "blur", 0).values[0, 0].numpy()
        np.testing.assert_allclose(arrays[name][:, 0], expected, atol=1e-5)
    order = arrays["order"]
    assert sorted(order.ravel()) == list(range(96 * 96))
    assert heat[0].flatten()[order.ravel() == 0].item() == heat.max().item()
    prediction = answered(runner, question)[1]
    np.testing.assert_allclose(arrays["deletion"][0], prediction["probabilities"], atol=1e-6)
    np.testing.assert_allclose(
        arrays["deletion"][-1], prediction["baseline_probabilities"], atol=1e-6
    )


def test_what_hides_may_differ_from_what_was_compared_with(runner, question, evaluations):
    request = replace(question, method="occlusion", check="proof")
    own = answered(runner, request)[1]
    evaluations[0] = 0
    white = answered(runner, replace(request, hide_with=BaselineRef("white")))[1]
    assert evaluations[0] <= 2 * len(SHARES), "the explanation itself is not made again"
    assert np.array_equal(own["order"], white["order"])
    at_end = answered(runner, replace(question, baseline="white"))[1]["baseline_probabilities"]
    np.testing.assert_allclose(white["deletion"][-1], at_end, atol=1e-6)
    assert np.abs(own["deletion"] - white["deletion"]).max() > 0.01


def test_boxes_are_hidden_one_by_one_with_the_baseline(runner, question):
    asked = replace(question, method="").task
    boxes = ((0.0, 0.0, 0.5, 1.0), (0.25, 0.5, 0.75, 1.0))
    task = HideBoxes(asked.model, asked.input, asked.baseline, boxes=boxes)
    _, arrays = answered(runner, task)
    model, x = build(SPEC, None)[0], pixels()
    blurred = BASELINES["blur"].make(x)
    by_hand = [x.clone(), x.clone()]
    by_hand[0][..., :48] = blurred[..., :48]
    by_hand[1][..., 48:, 24:72] = blurred[..., 48:, 24:72]
    with torch.no_grad():
        expected = model(torch.cat(by_hand)).softmax(1).numpy()
    np.testing.assert_allclose(arrays["probabilities"], expected, atol=1e-5)
    drawn = (torch.cat(by_hand) * 255).round().permute(0, 2, 3, 1).numpy()
    assert np.array_equal(arrays["shown"], drawn.astype("uint8"))
    table = replace(asked.model, kind="table", shape=(3,))
    for wrong in (HideBoxes(table, boxes=boxes), task.replace(boxes=())):
        with pytest.raises(Problem, match="give a network of these, and the boxes"):
            wrong.run(runner)


def test_chance_knows_of_no_map(runner, question):
    _, arrays = answered(runner, replace(question, check="chance"))
    assert arrays["deletion"].shape == (10, len(SHARES), 12)
    np.testing.assert_allclose(arrays["deletion"].sum(-1), 1, atol=1e-5)
    proof = answered(runner, replace(question, method="integrated_gradients", check="proof"))[1]
    assert proof["deletion"][:, 0].mean() < arrays["deletion"][..., 0].mean(1).min()


def test_randomising_the_weights_changes_the_map(runner, question):
    request = replace(question, method="gradient_x_input", check="randomisation")
    facts, arrays = answered(runner, request)
    assert arrays["maps"].shape == (len(facts["stages"]), 96, 96)
    assert 2 <= len(facts["stages"]) <= 5 and facts["stages"][0] == ["network.head"]
    assert all(-1 <= value < 0.9 for value in facts["similarity"])
    again = answered(runner, replace(question, method="gradient_x_input"))[1]["scores"]
    fresh = explain(build(SPEC, None)[0], pixels(), "gradient_x_input", "blur", 0, score="logit")
    assert np.array_equal(again, fresh.scores[0].numpy()), "the warm model was left as it was"


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_the_estimated_cost_is_near_the_true_one(method):
    model, x = convnet(), pictures(1, side=24)
    entry = METHODS[method]
    layout, fixed = InputLayout.of(tuple(x.shape[1:])), {"samples": 40} if entry.random else {}
    found = explain(model, x, method, "blur", score="logit", **fixed)
    estimate = entry.estimate(entry.options(**fixed), layout) + 2
    assert found.passes / 3 <= estimate <= 3 * found.passes
    if fixed:  # else it ends by itself, and how soon depends on the network
        assert explain(model, x, method, "blur").passes <= entry.most(entry.options(), layout) + 2


class Noisy(torch.nn.Module):
    """A network whose answers are multiplied by something random, in the mean by 1."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x):
        answer = self.network(x)
        return answer * (1 + torch.randn(len(x), 1).clamp(-2, 2))


def test_a_network_that_draws_random_numbers_can_be_averaged(runner):
    question = question_about(runner, "diabetes", method="gradient_x_input")
    facts, exact = answered(runner, question)
    assert facts["repeats"] == 0 and not facts["notes"]
    model = runner.load(question.model, "cpu").model
    model.network = Noisy(model.network)
    # Other values, so that nothing is answered from the store.
    once = answered(runner, question.task.replace(method="saliency"))[0]
    assert once["repeats"] == 1 and "random" in once["notes"][0]
    facts, mean = answered(runner, question.task.replace(repeats=100))
    assert facts["repeats"] == 100 and "100 runs" in facts["notes"][0]
    missed = np.abs(mean["scores"] - exact["scores"])
    assert (missed < 4 * mean["spread"] + 1e-6).all() and missed.any()
    assert question.task.replace(repeats=20).cost((10,)) == 20 * question.task.cost((10,))


def test_a_proof_by_areas_hides_them_whole_and_hottest_first(runner, question):
    explained = answered(runner, replace(question, method="gradient_x_input", baseline="blur"))
    heat = explained[1]["scores"].sum(0)
    areas = find_areas(drawn(pixels()[0].numpy()))
    asked = replace(question, method="gradient_x_input", check="proof").task
    order = answered(runner, asked.replace(view="areas"))[1]["order"]
    means = sums(heat, areas) / np.bincount(areas.ravel())
    by_rank = areas.ravel()[np.argsort(order.ravel())]
    changes = np.flatnonzero(np.diff(by_rank)) + 1
    assert len(changes) == areas.max(), "each area's cells follow one another"
    visited = by_rank[np.r_[0, changes]]
    assert (np.diff(means[visited]) <= 1e-9).all()
