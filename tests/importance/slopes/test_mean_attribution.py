"""The mean size of an attribution: equal to the mean over `explain`, for any of its methods."""

import pytest
import torch
from small_networks import network, rows

from explainers import Problem, explain, explain_dataset


@pytest.mark.parametrize(
    ("method", "baseline"),
    [
        (None, None),
        ("integrated_gradients", "zeros"),
        ("gradient_x_input", None),
        ("deeplift", "zeros"),
        ("shapley", "data_mean"),
        ("ablation", "zeros"),
        ("saliency", None),
    ],
)
def test_it_is_the_mean_over_explain(method, baseline):
    model, x = network("ten outputs")
    given = {name: value for name, value in (("method", method), ("baseline", baseline)) if value}
    table = explain_dataset(
        model, x, output=3, methods="attribution", options={"attribution": given}
    )
    one = explain(
        model,
        x,
        method=method or "integrated_gradients",
        baseline=x.mean(0) if baseline in (None, "data_mean") else baseline,
        target=3,
    ).scores
    torch.testing.assert_close(table.values[0], one.abs().mean(0), rtol=1e-9, atol=1e-12)
    found = table.details["attribution"]
    torch.testing.assert_close(found["mean"], one.mean(0), rtol=1e-9, atol=1e-12)
    assert found["method"] == (method or "integrated_gradients")
    assert found["baseline"] == (baseline or "data_mean")


def test_a_pair_of_outputs():
    model, x = network("ten outputs")
    pair = explain_dataset(model, x, output=(2, 7), methods="attribution")
    one = explain(model, x, method="integrated_gradients", baseline=x.mean(0), target=(2, 7))
    torch.testing.assert_close(pair.values[0], one.scores.abs().mean(0))


def test_series_count_variables_and_say_what_the_first_step_is():
    model, x = network("recurrent")
    table = explain_dataset(
        model, x, methods="attribution", options={"attribution": {"baseline": "zeros"}}
    )
    scores = explain(model, x, method="integrated_gradients", baseline="zeros", target=0).scores
    torch.testing.assert_close(table.values[0], scores.sum(1).abs().mean(0))
    lags = table.details["attribution"]["lags"]
    torch.testing.assert_close(lags["values"], scores.abs().mean(0).flip(0).T)
    assert bool((lags["low"] <= lags["values"]).all() and (lags["values"] <= lags["high"]).all())
    assert any("first step meets the initial state" in note for note in table.notes)


def test_models_without_gradients_are_asked_by_ablation():
    def model(x):
        return torch.from_numpy(x.numpy() @ [3.0, -1.0])

    x = rows(40, 2)
    table = explain_dataset(model, x, methods="attribution")
    assert table.details["attribution"]["method"] == "ablation"
    torch.testing.assert_close(
        table.values[0], ((x - x.mean(0)) * torch.tensor([3.0, -1.0])).abs().mean(0)
    )


def test_of_very_many_rows_some_are_drawn_and_that_is_said():
    """x is standard normal: the mean of |3 x| is 3 √(2/π)."""
    x = rows(6000, 2)
    table = explain_dataset(lambda x: 3 * x[:, 0], x, methods="attribution")
    assert any("5,000 of the 6,000 rows" in note for note in table.notes)
    assert float(table.low[0, 0]) < 3 * (2 / torch.pi) ** 0.5 < float(table.high[0, 0])
    few = explain_dataset(lambda x: 3 * x[:, 0], x[:5000], methods="attribution")
    assert not any("drawn at random" in note for note in few.notes)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "shapely"}, "method='shapely' is not one.* Did you mean 'shapley'"),
        ({"baseline": "zero"}, "baseline='zero' is not one.* Did you mean 'zeros'"),
        ({"method": "grad_cam"}, "."),
        ({"method": "mutagenesis"}, "."),
    ],
)
def test_what_cannot_be_asked(options, says):
    with pytest.raises(Problem, match=says):
        explain_dataset(*network("mlp"), methods="attribution", options={"attribution": options})


def test_contributions_that_do_not_add_up_are_said():
    """A step that no slope shows: Integrated Gradients misses all of what it changes."""
    model = lambda x: (x[:, 0] > 0).to(x.dtype) + 0.01 * x[:, 1]  # noqa: E731
    notes = explain_dataset(model, rows(60, 2), methods="attribution").notes
    assert any("Integrated Gradients are off by" in note for note in notes)
    model, x = network("mlp")
    assert explain_dataset(model, x, methods="attribution").notes == ()


def test_what_the_method_says_of_itself_is_passed_on():
    model, x = network("mlp")
    options = {"attribution": {"method": "finite_differences"}}
    (note,) = explain_dataset(model, x, methods="attribution", options=options).notes
    assert note.startswith("Halving the step changes the slopes by")
