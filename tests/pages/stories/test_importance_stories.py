"""The stories about importance over a data set: their numbers beside what is known."""

import io

import msgspec
import numpy as np
import pandas as pd
import pytest

from explainers.importance.reading.expectations import check_names, read_expectations
from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.reports.page.collection_page import Part, collection_page
from explainers.reports.page.record import read_record
from explainers.reports.ranking import as_csv
from explainers.service.tasks.importance import Importance
from pages.links import schema
from pages.ranking import closer
from pages.stories import stories
from pages.stories.importance import shares, together, useless, weights, wrong_sign
from pages.stories.story import Tables
from pages.takeaway import data_story
from tests.pages.stories.test_story_truths import here as here

# Closed forms in six digits: Ishigami & Homma 1990, Saltelli & Sobol 1995, Owen 2014.
REFERENCE = {
    "ishigami": {
        "variance": [13.844588],
        "first": [0.313905, 0.442411, 0],
        "total": [0.557589, 0.442411, 0.243684],
        "effects": [0.435747, 0.442411, 0.121842],
    },
    "g_function": {
        "variance": [0.465424],
        "first": [0.716192, 0.179048, 0.023676, 0.007162],
        "total": [0.787144, 0.242198, 0.034317, 0.010460],
    },
}


def asked(here, tasks: dict) -> dict[str, StoredTable]:
    return {slot: StoredTable.of(*here.answer(task)) for slot, task in tasks.items()}


def test_each_has_one_page_that_leads_to_the_whole_table():
    for told in stories.OVER_ROWS:
        story = told.story()
        assert story.parts == 1 and len(story.caption) == 3
        assert story.page == "importance" and story.link["model"] in demos()


def test_the_story_of_signs_leads_to_what_is_expected_of_every_variable():
    choices, malformed = schema.parse(wrong_sign.story().link)
    assert not malformed and choices["closer"] == closer.PLAUSIBLE
    demo = demos()[choices["model"]]
    check_names(read_expectations(choices["expected"]), demo.spec.columns)
    assert [(one["sign"], one["output"]) for one in choices["expected"]] == [
        ("-", place) for place in range(len(demo.outputs))
    ]


@pytest.mark.parametrize("model", REFERENCE)
def test_indices_lie_on_those_that_are_known(here, model):
    for name, wanted in REFERENCE[model].items():
        told = demos()[model].card["key"][name][: len(wanted)]
        assert told == pytest.approx(wanted, abs=1e-6), name
    task = shares.tasks()[f"{shares.KEY} {model}"]
    (table,) = asked(here, {model: task}).values()
    assert table.quality["r2"] > 0.99
    found = shares.shares(model, table)
    assert [one.known.sum() for one in found] == pytest.approx(
        [sum(demos()[model].card["key"][name]) for name in ("first", "total", "effects")]
    )
    for one in found:
        assert one.farthest < 0.04, one.name
    joint, most = found[1], min(4, len(table.names))
    assert (np.argsort(-joint.values)[:most] == np.argsort(-joint.known)[:most]).all()


def test_an_interval_holds_the_truth_between_its_ends():
    found = shares.Found("", *map(np.array, ([0.5, 0.2], [0.4, 0.1], [0.6, 0.3], [0.55, 0.35])))
    assert found.held == 1 and found.farthest == pytest.approx(0.15)


def test_the_third_variable_is_useless_and_only_the_last_step_counts(here):
    (table,) = asked(here, useless.tasks()).values()
    values = table.values[table.methods.index(useless.NOISE)]
    assert useless.lead(values) > 10
    assert useless.share_of_last_step(table) > 0.9
    for line in table.rank:
        assert line[2] == 3


def test_weights_say_four_times_and_slopes_one(here):
    table, goh = asked(here, weights.tasks()).values()
    found = weights.ratios(table, goh)
    # By hand, from 13.12, 1.49, .16; −.11, −.19, −.16; .56, −.52, .81.
    assert found["Connection weights"] == pytest.approx(0.9287 / 0.2128, rel=1e-4)
    assert found["Garson, weighted"] == pytest.approx(0.683677 / 0.316323, rel=1e-4)
    assert found["Garson, as in R"] == pytest.approx(0.722944 / 0.277056, rel=1e-4)
    assert found["Slopes"] == pytest.approx(0.19 / 0.16, rel=1e-3)
    assert found["Noise"] == pytest.approx(0.19 / 0.16, rel=0.03)
    assert 1 < found["Shuffling"] < 1.4
    assert any("saturated" in note for note in table.notes)
    key = demos()["two_units"].card["key"]
    assert (key["weights"], key["slopes"]) == pytest.approx((0.9287 / 0.2128, 0.19 / 0.16))


def test_what_goes_together_matters_more_together(here):
    (table,) = asked(here, together.tasks()).values()
    names = together.alike(table)
    assert {"total cholesterol (mg/dL)", "LDL (mg/dL)"} <= set(names) and len(names) == 5
    (grouped,) = asked(here, together.tasks_together(names)).values()
    most, _, at_once = together.rises(table, grouped, names)
    assert len(grouped.names) == 6 and at_once > most > 0


def test_the_true_slopes_are_those_of_the_equations():
    rng = np.random.default_rng(0)
    x = rng.normal(2, 4, (5, 8))
    exact, step = wrong_sign.jacobian(x), 1e-6
    for place in range(8):
        moved = x.copy()
        moved[:, place] += step
        by_steps = (wrong_sign.derivatives(moved) - wrong_sign.derivatives(x)) / step
        np.testing.assert_allclose(exact[:, :, place], by_steps, atol=1e-4)


def test_good_answers_go_with_wrong_signs(here):
    tasks = wrong_sign.tasks()
    answers = {slot: here.answer(task) for slot, task in tasks.items()}
    said = here.answer(next(iter(tasks.values())).rows)[1]["answers"].astype(np.float64)
    found = wrong_sign.slopes(answers, said)
    assert found.found.shape == found.known.shape == (500, 8, 8)
    assert found.r2 > 0.9
    assert np.abs(found.found.mean(0) - found.known.mean(0)).max() < 1
    # The same network by autograd, in the units of the data.
    assert 0 < found.violations.max() < 0.5


def test_what_leaves_is_what_was_asked_and_answered(here):
    asked_tasks = weights.tasks()
    first, goh = asked(here, asked_tasks).values()
    pairs = zip(asked_tasks.values(), (first, goh), strict=True)
    away = data_story.told(Tables(dict(zip(("all", "<goh>"), pairs, strict=True)), {}))
    rows = pd.read_csv(io.BytesIO(as_csv({name: each.one for name, each in away.items()})))
    ours = rows[(rows["of"] == "all") & (rows["method"].str.startswith("Garson"))].set_index(
        "input"
    )["value"]
    assert ours["x1"] == pytest.approx(0.683677, rel=1e-4), "by hand, see above"
    theirs = rows[rows["of"] == "<goh>"].set_index("input")["value"]
    assert theirs["x1"] == pytest.approx(0.722944, rel=1e-4)
    parts = [Part(name, each.one, each.source) for name, each in away.items()]
    page = collection_page("Weights", parts)
    assert b"<goh>" not in page and b"Weights that mislead" in page
    record, unsealed = read_record(page)
    given = [msgspec.convert(each["task"], Importance) for each in record["several"]]
    assert not unsealed and given == list(asked_tasks.values())
