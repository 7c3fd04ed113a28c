"""What the pages know of an explanation before and after it was made."""

import numpy as np
import pytest
from answering import Question

from explainers.models.spec import ModelSpec
from pages.answers.grid import limits
from pages.state.cases import SECONDS_UNASKED, Case, duration
from pages.state.chosen import ChosenInput

PREDICTION = (
    {
        "shape": [3, 96, 96],
        "references": 1,
        "seconds_per_pass": 0.002,
        "seconds_per_gradient_pass": 0.003,
        "region": [0, 0, 1, 1],
    },
    {
        "probabilities": np.array([0.6, 0.3, 0.1], dtype=np.float32),
        "baseline_probabilities": np.array([0.4, 0.3, 0.3], dtype=np.float32),
    },
)


def case(method="integrated_gradients", options=None, **asked) -> Case:
    request = Question(
        ModelSpec("demo", "signs"),
        "0" * 64,
        method=method,
        options=options or {},
        **{"target": 0, **asked},
    )
    picture = ChosenInput("0" * 64, "a picture", "a.png")
    return Case("label", request.task, picture, ("stop", "yield", "no entry"), PREDICTION)


def test_a_class_or_one_of_two():
    shares = PREDICTION[1]["probabilities"]
    assert case().share(shares) == pytest.approx(0.6)
    pair = case(target=0, rather_than=1)
    assert pair.share(shares) == pytest.approx(2 / 3)
    assert pair.about == "stop rather than yield"
    np.testing.assert_allclose(pair.share(np.array([[0, 0, 1.0], [0, 1, 0], [1, 0, 0]])), [0, 0, 1])


def test_the_sign_follows_the_options():
    assert case().signed
    assert not case("saliency").signed
    assert case("saliency", {"signed": True}).signed


def test_what_is_slow_is_known_beforehand():
    quick, slow = case("saliency"), case("rise", {"samples": 100_000})
    assert quick.seconds() < SECONDS_UNASKED < slow.seconds()
    assert slow.seconds() == pytest.approx(200, rel=0.01) and slow.most() == slow.passes()
    assert quick.seconds() == pytest.approx(4 * 0.003), "forward and back"
    assert case("rise").most() > case("rise").passes(), "as many as it takes"
    assert duration(200) == "3 minutes" and duration(20) == "20 s"


def answer(peak: float, signed: bool = True):
    heat = np.zeros((3, 8, 8), dtype=np.float32)
    heat[0, :4] = peak
    return {"signed": signed}, {"scores": heat}


def together(shown, answers, shared: bool) -> list[float]:
    maps = [one.heat(arrays["scores"]) for one, (_, arrays) in zip(shown, answers, strict=True)]
    return limits(shown, answers, maps, shared)


def test_only_scores_that_mean_the_same_share_a_scale():
    shown = [case(), case("deeplift"), case("saliency"), case("occlusion")]
    answers = [answer(2.0), answer(5.0), answer(100.0, signed=False), answer(7.0)]
    assert together(shown, answers, True) == pytest.approx([5, 5, 100, 7])
    assert together(shown, answers, False) == pytest.approx([2, 5, 100, 7])
    answers[:2] = [answer(0.0), answer(0.002)]
    assert together(shown, answers, True)[:2] == pytest.approx([0.002, 0.002]), "zeros say no"
