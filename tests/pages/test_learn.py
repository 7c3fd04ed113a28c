"""What the Learn page says of networks set by hand: numbers, axioms, sentences, entries."""

import itertools
import re

import numpy as np
import pytest
import torch
from answering import Question, answered

from explainers import METHODS
from explainers.checks.axioms import ABOUT, AXIOMS, NO, YES, holds
from explainers.errors import Problem
from explainers.models.zoo.demos import WORKED_EXAMPLE
from explainers.models.zoo.worked_examples import PAIRS, WORKED_EXAMPLES
from explainers.service.tasks import Task
from explainers.service.tasks.axioms import Axioms
from explainers.service.tasks.lesson import Lesson, variants, worked_example_spec
from pages.learning.words import MISSED, OTHER, RIGHT, SHARED, calculation, verdict
from pages.learning.worked_examples import SHOWN


@pytest.fixture(scope="module")
def matrix(runner):
    """{name: {axiom: cell}}, as the worker computes it."""
    return {row["name"]: row["cells"] for row in facts_of(runner, Axioms())["rows"]}


def facts_of(runner, request: Question | Task) -> dict:
    return answered(runner, request)[0]


class Alone:
    """A context of a task that needs none."""

    def report(self, progress) -> None:
        """Nobody waits."""


def answers(name: str, x, baseline) -> list[dict]:
    return Lesson(name, tuple(x), tuple(baseline)).run(Alone())[0]["rows"]


def row(name: str, method: str, x=None, baseline=None) -> dict:
    net = WORKED_EXAMPLES[name]
    found = answers(name, x or net.start, baseline or net.baseline)
    return next(one for one in found if one["name"] == method)


def by_orders(value, x, baseline) -> list[float]:
    """Shapley values the long way: the mean over all orders of what an input adds."""
    gained = np.zeros(len(x))
    orders = list(itertools.permutations(range(len(x))))
    for order in orders:
        at = list(baseline)
        for player in order:
            before = value(at)
            at[player] = x[player]
            gained[player] += value(at) - before
    return (gained / len(orders)).tolist()


@pytest.mark.parametrize("name", WORKED_EXAMPLES)
def test_networks_set_by_hand_compute_their_formula_with_its_slopes(name):
    net, dice = WORKED_EXAMPLES[name], np.random.default_rng(4)
    for point in dice.uniform(net.low - 1, net.high, (20, len(net.names))):
        x = torch.tensor(point[None], requires_grad=True)
        out = net.build()(x)
        assert out.shape == (1, 1) and out.item() == pytest.approx(net.value(point))
        (slope,) = torch.autograd.grad(out.sum(), x)
        assert slope[0].tolist() == pytest.approx(list(net.slopes(point)))


@pytest.mark.parametrize("name", WORKED_EXAMPLES)
def test_shapley_and_the_straight_way_are_exact(name):
    net, dice = WORKED_EXAMPLES[name], np.random.default_rng(5)
    for x, baseline in dice.uniform(net.low, net.high, (5, 2, len(net.names))):
        facts_of = (x.tolist(), baseline.tolist())
        assert net.shapley(*facts_of) == pytest.approx(by_orders(net.value, *facts_of))
        places = (np.arange(5000) + 0.5) / 5000
        slopes = np.mean([net.slopes(baseline + a * (x - baseline)) for a in places], 0)
        assert net.integrated(*facts_of) == pytest.approx((x - baseline) * slopes, abs=0.02)


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_compute_the_same_function(pair):
    one, other = WORKED_EXAMPLES[PAIRS[pair].one], WORKED_EXAMPLES[PAIRS[pair].other]
    points = torch.tensor(np.random.default_rng(6).uniform(-1, 4, (100, 2)))
    assert torch.allclose(one.build()(points), other.build()(points))
    assert {one.value(p) - other.value(p) for p in ((3, 1), (0.5, 2), (4, 0))} == {0}


@pytest.mark.parametrize("name", SHOWN)
def test_methods_answer_what_their_closed_forms_say(name):
    net, dice = WORKED_EXAMPLES[name], np.random.default_rng(7)
    pairs = [(net.start, net.baseline)]
    pairs += [
        tuple(map(tuple, pair)) for pair in dice.uniform(net.low, net.high, (3, 2, len(net.names)))
    ]
    for x, baseline in pairs:
        rows = {one["name"]: one for one in answers(name, x, baseline)}
        room = 1e-4 * max(1.0, abs(net.value(x) - net.value(baseline)))
        straight = rows["Integrated Gradients"]["scores"]
        assert straight == pytest.approx(net.integrated(x, baseline), abs=room)
        slope = rows["Gradient × input"]["scores"]
        assert slope == pytest.approx(net.gradient_x_input(x, baseline), abs=room)
        size = [abs(value) for value in net.slopes(x)]
        assert rows["Saliency"]["scores"] == pytest.approx(size)
        alone = [
            net.value(x) - net.value([*x[:at], baseline[at], *x[at + 1 :]]) for at in range(len(x))
        ]
        assert rows["Ablation"]["scores"] == pytest.approx(alone)


def test_reveal_cancel_gives_both_inputs_of_the_minimum_their_half():
    assert row("minimum", "DeepLIFT, RevealCancel")["scores"] == pytest.approx([0.5, 0.5])
    assert row("minimum", "DeepLIFT, Rescale")["scores"] == pytest.approx([0, 1])


def test_every_method_for_tables_is_asked():
    names = {one.method for one in variants()}
    assert names == {k for k, m in METHODS.items() if m.kinds is None or "table" in m.kinds}
    assert sum(one.method == "deeplift" for one in variants()) == 3
    assert "grad_cam" not in names and "mutagenesis" not in names


def test_the_worker_gives_the_lesson_at_the_values_and_the_baseline(runner):
    lesson = Lesson("product", (2.0, 3.0), (1.0, 1.0))
    rows = {one["name"]: one for one in facts_of(runner, lesson)["rows"]}
    # From (1, 1): the change of 5 is (2−1)·(1+3)/2 = 2 for a, and (3−1)·(1+2)/2 = 3 for b.
    assert rows["Integrated Gradients"]["scores"] == pytest.approx([2, 3], abs=1e-3)
    assert rows["Saliency"]["scores"] == pytest.approx([3, 2])


def test_ordinary_questions_of_a_network_set_by_hand_are_answered(runner):
    request = Question(
        worked_example_spec("minimum"),
        "",
        values=(2.0, 1.0),
        method="deeplift",
        score="output",
        target=0,
        options={"rule": "reveal_cancel"},
    )
    facts = facts_of(runner, request)
    assert (facts["output"], facts["baseline_output"]) == (1.0, 0.0)
    assert abs(facts["gap"]) < 1e-6


def test_a_lesson_on_another_network_is_refused(runner):
    spec = worked_example_spec("minimum")
    assert spec.name == f"{WORKED_EXAMPLE}minimum"
    with pytest.raises(Problem, match="no network set by hand"):
        facts_of(runner, Lesson("signs", (1.0,)))


def test_integrated_gradients_fulfils_every_axiom(matrix):
    assert {key: cell["holds"] for key, cell in matrix["Integrated Gradients"].items()} == (
        dict.fromkeys(AXIOMS, YES)
    )


@pytest.mark.parametrize(
    "method, axiom, network",
    [
        ("Gradient × input", "completeness", "saturation"),
        ("Gradient × input", "sensitivity", "saturation"),
        ("Saliency", "sensitivity", "saturation"),
        ("Saliency", "linearity", "late_step"),
        ("Ablation", "completeness", "minimum"),
        ("DeepLIFT, Rescale", "invariance", "late_step"),
        ("DeepLIFT, RevealCancel", "invariance", "late_step"),
    ],
)
def test_axioms_that_are_broken_are_shown_as_broken(matrix, method, axiom, network):
    cell = matrix[method][axiom]
    assert cell["holds"] == NO
    broken = {net for trial in cell["trials"] if trial["holds"] == NO for net in trial["networks"]}
    assert network in broken


@pytest.mark.parametrize("method", [one.name for one in variants() if one.method == "deeplift"])
def test_deeplift_is_complete_and_finds_what_was_moved(matrix, method):
    for axiom in ("completeness", "sensitivity", "dummy", "linearity"):
        assert matrix[method][axiom]["holds"] == YES, axiom


def test_random_methods_add_up_within_their_error(matrix):
    assert matrix["Expected Gradients"]["completeness"]["holds"] == ABOUT


def test_what_counts_as_held():
    assert holds([1.0], [1.0005], [0.0]) == YES
    assert holds([1.0], [1.1], [0.0]) == NO
    assert holds([1.0], [1.1], [0.05]) == ABOUT
    assert holds([0.0], None, [0.0]) == NO and holds([-0.5], None, [0.0]) == YES


@pytest.mark.parametrize(
    "name, method, mark, words",
    [
        ("minimum", "DeepLIFT, RevealCancel", RIGHT, "As by hand"),
        ("minimum", "Integrated Gradients", SHARED, "all to b: on the straight way only b"),
        ("minimum", "Ablation", MISSED, "Adds up to 2, but the answer changed by 1"),
        ("saturation", "Ablation", MISSED, "the other one suffices"),
        ("saturation", "Gradient × input", MISSED, "nothing, although .* by 1: .*at the end"),
        ("saturation", "Saliency", OTHER, "slope: here none moves the answer"),
        ("threshold", "Gradient × input", MISSED, "Adds up to 20, but the answer changed by 10"),
        ("product", "Gradient × input", MISSED, "Adds up to 12, but the answer changed by 6"),
        ("product", "Integrated Gradients", RIGHT, "As by hand"),
    ],
)
def test_a_verdict_says_what_is_missed(name, method, mark, words):
    net = WORKED_EXAMPLES[name]
    told = verdict(net, net.start, net.baseline, row(name, method))
    assert told.mark == mark and re.search(words, told.says), told


def test_the_hand_calculation_shows_both_orders():
    net = WORKED_EXAMPLES["minimum"]
    told = "\n".join(calculation(net, (2.0, 1.0), (0.0, 0.0)))
    assert "a: (0 + 1) / 2 = **0.5**" in told and "b: (0 + 1) / 2 = **0.5**" in told
    net = WORKED_EXAMPLES["product"]
    # a: b's baseline 1 → (2−1)·1 first, (2−1)·3 last.
    told = "\n".join(calculation(net, (2.0, 3.0), (1.0, 1.0)))
    assert "a: (1 + 3) / 2 = **2**" in told and "b: (2 + 4) / 2 = **3**" in told
