"""The stories as data: all that they ask can be answered, and what they say of the truth holds."""

import numpy as np
import pytest
import torch
from PIL import Image

from explainers.checks.agreement import rank_correlation
from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.kinds.picture import to_image
from explainers.models.prepared import build
from explainers.models.zoo.demos import demos
from explainers.perturbation.boxes import box_mask
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.storage.store import Store
from explainers.service.tasks.predict import Predict
from explainers.service.worker.task_runner import TaskRunner
from pages.state import service
from pages.stories import correlated, erasing, photos, stories, truths
from pages.stories.examples import explain, known_inputs, predict
from pages.stories.guessing import game
from pages.stories.guessing.rounds import PARTS

NEW = ("additive", "lstm", "dna", "digits", "diabetes")


class Here:
    """In place of the engine: a store and a worker in this process, and files read at once."""

    def __init__(self, folder) -> None:
        self.store, self.parsed = Store(folder), self
        self.runner = TaskRunner(self.store)

    def get(self, kind: str, digest: str, turn: str = "", **options):
        data = self.store.path(f"{digest}.blob").read_bytes()
        found = PARSERS[kind].parse(data, **options)
        put(self.store, kind, digest, found, **options)
        return found

    def answer(self, task):
        for kind, digest, options in task.uploads():
            self.get(kind, digest, **options)
        return self.runner.run(task.digest(), task, lambda report: None)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    made = Here(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "backend", lambda: made)
        yield made


def answered(here, requests: dict) -> dict:
    return {name: here.answer(request) for name, request in requests.items()}


@pytest.mark.parametrize("key", stories.stories())
def test_every_story_can_be_told(here, key):
    story = stories.stories()[key]
    of_one_page = [told.KEY for told in (game, *stories.OVER_ROWS)]
    assert len(story.caption) == 3 and bool(story.examples) == (key not in of_one_page)
    assert story.known == (key in truths.TRUTHS or key in of_one_page)
    for example in story.examples:
        facts, arrays = here.answer(example.setting.explanation())
        assert arrays["scores"].any() and np.isfinite(arrays["scores"]).all()
        prediction = here.answer(example.setting.prediction())
        case = example.shown.case(example.label, prediction)
        assert case.task == example.setting.explanation(), "what is known of it changes no question"
        assert example.about in case.about and facts["target"] == case.task.target
        best = case.names[int(prediction[1]["probabilities"].argmax())]
        assert key != photos.KEY or best == example.about


def test_old_stories_come_first_and_every_kind_has_one(here):
    told = stories.stories()
    over_rows = [told.KEY for told in stories.OVER_ROWS]
    first = [story.key for story in photos.told()]
    assert list(told) == [*first, game.KEY, "cheating", "blind", "baseline", *NEW, *over_rows]
    kinds = {
        example.setting.model.spec.kind for story in told.values() for example in story.examples
    }
    assert kinds == set(KINDS)


def test_the_game_asks_what_the_network_does(here):
    by_name = {name: game.settings()[name] for name in ("coffee", "rocket")}
    answers = answered(here, game.tasks(by_name))
    stays = game.stays(by_name, answers)
    assert True in stays["coffee"] and False in stays["coffee"], "hiding does not decide it"
    name, chosen = next(iter(by_name.items()))
    shown = answers[f"game parts {name}"][1]["shown"]
    side = shown.shape[1]
    asked = chosen.prediction()
    whole, (model, _, _) = here.answer(asked)[1], build(asked.model, None)
    for box, drawn, said in zip(PARTS.values(), shown, stays[name], strict=True):
        inside = box_mask(box, (side, side))
        values = np.where(inside, whole["baseline"], whole["input"])
        assert np.array_equal(drawn, np.asarray(to_image(values)))
        with torch.no_grad():
            best = model(torch.from_numpy(values)[None])[0].argmax().item()
        assert said == (best == whole["probabilities"].argmax())


def test_examples_are_computed_in_the_background_and_a_full_queue_stops_nothing(here, monkeypatch):
    asked = []

    def submit(task, visitor, *, background):
        asked.append((task, background))
        if len(asked) > 20:
            raise Problem("Too many explanations are waiting here.")

    monkeypatch.setattr(here, "submit", submit, raising=False)
    stories.prepare()
    assert asked == [(task, True) for task in stories.tasks()] and len(asked) > 20


def test_home_comes_first_without_prices_and_its_slowest_network_last():
    home = stories.home_examples()
    first = stories.tasks()[: 2 * len(home)]
    models = [task.model for task in first]
    assert models[-1] == home["first"].setting.model.spec and models[-1] not in models[:-2]
    assert [task.timed for task in first if isinstance(task, Predict)] == [False] * len(home)
    assert all(example.setting.prediction() in stories.tasks() for example in home.values()), (
        "whoever opens one finds its price"
    )


def test_a_link_names_what_the_explain_page_asks(here):
    told = stories.stories()
    assert told["diabetes"].examples[0].link["row"] == "24"
    assert (
        told["lstm"].examples[0].link | {"series": "2", "target": "6"}
        == told["lstm"].examples[0].link
    )
    assert told["lstm"].examples[0].link["o.noise.by"] == "cell"
    assert told["dna"].examples[0].link["sequence"] == "4"
    pair = told["digits"].examples[1].link
    assert (pair["versus"], pair["target"], pair["rather"]) == ("true", "8", "3")
    assert pair["sample"] == "01_8"


def test_a_sequence_brings_its_planted_motifs(here):
    (example, *_) = stories.stories()["dna"].examples
    assert example.shown.input.regions == {"GATA-like": [(23, 33)], "TAL-like": [(41, 51)]}


def test_contributions_of_the_table_lie_on_the_true_ones(here):
    answers = answered(here, truths.additive_tasks())
    found, true = truths.additive_scores(answers["additive"])
    assert found.shape == true.shape == (50, 96)
    assert min(rank_correlation(*pair) for pair in zip(found, true, strict=True)) >= 0.99
    assert np.abs(found - true).max() < 0.02
    assert truths._below(0.9999999) == "0.99999", "never rounded up to certainty"


def test_the_useless_variable_is_found_out(here):
    amounts = truths.lstm_changes(answered(here, truths.lstm_tasks()))
    assert amounts.shape == (3,) and truths.lead(amounts) > 10
    assert truths.lead(truths.PUBLISHED) == pytest.approx(0.1162 / 0.0077)


def test_sensitivity_is_the_root_mean_square_of_the_sums_over_steps():
    each = np.zeros((2, 4, 3))
    each[:, :, 0] = [[0.5], [1.5]]
    found = truths.lstm_changes({"a": ({}, {"scores": each}), "b": ({}, {"scores": 0 * each})})
    assert found == pytest.approx([np.sqrt((2**2 + 6**2) / 4), 0, 0])


def test_support_lies_on_the_planted_words_more_than_by_chance(here):
    sequences = truths.dna_sequences()
    assert len(sequences) == 9 and {about for about, _ in sequences.values()} == {
        "both",
        "GATA-like",
        "TAL-like",
    }
    found = truths.dna_shares(answered(here, truths.dna_tasks()), sequences)
    chance = np.mean([mask.mean() for _, mask in sequences.values()])
    for name, shares in found.items():
        assert len(shares) == 9
        assert np.mean(shares) > 3 * chance, name
    assert np.mean(found["DeepLIFT"]) > 0.8


def test_rows_of_the_file_are_its_sequences_in_order(here):
    _, many = here.answer(truths.dna_tasks()["dna DeepLIFT both"])
    for place in (0, 7, 11):
        _, one = here.answer(
            explain("dna", place, method="deeplift", target=0, baseline="frequencies")
        )
        np.testing.assert_allclose(many["scores"][place], one["scores"], rtol=1e-3, atol=1e-5)
    assert list(known_inputs("dna")) == [str(place) for place in range(12)]


def test_wiping_out_an_eight_moves_it_to_a_three(here):
    before = answered(here, erasing.map_tasks())
    pictures = erasing.wiped(before)
    after = answered(here, erasing.wiped_tasks(pictures))
    falls = erasing.falls(before, after)
    for name in ("Integrated Gradients", "DeepLIFT RevealCancel"):
        assert np.mean(falls[name]) > 2 * np.mean(falls[erasing.CHANCE]) and min(falls[name]) > 5
    changed = pictures["wiped 01_8 Integrated Gradients"]
    _, first = here.answer(predict("digits", "01_8"))
    assert (changed != first["input"]).sum() <= erasing.MOST
    path = demos()["digits"].data.parent / "01_8.png"
    np.testing.assert_allclose(
        first["input"][0], np.asarray(Image.open(path).convert("L")) / 255, atol=0.01
    )


def test_only_pixels_that_speak_for_it_are_wiped_out():
    pixels, scores = np.full((1, 8, 8), 0.5), np.full((1, 8, 8), -1.0)
    scores[0, 2, :3] = [3, 1, 2]
    left = erasing.erased(pixels, scores)
    assert (left == 0).sum() == 3 and not left[0, 2, :3].any() and (pixels == 0.5).all()
    assert (erasing.erased(pixels, np.ones((1, 8, 8))) == 0).sum() == erasing.MOST


def test_correlated_measurements_are_hidden_together(here):
    answers = answered(here, correlated.tasks())
    alike, task = correlated.together(answers)
    assert {"total cholesterol (mg/dL)", "LDL (mg/dL)"} <= set(alike) and len(alike) == 5
    effects = correlated.changes(answers["diabetes alone"], here.answer(task), alike)
    *single, together = (np.abs(values).mean() for values in effects.values())
    assert len(single) == 5 and together > max(single)
    _, alone = here.answer(predict("diabetes", 0, baseline="data_mean"))
    place = demos()["diabetes"].spec.columns.index(alike[0])
    changed = alone["input"].copy()
    changed[place] = alone["baseline_shown"][place]
    said = here.answer(
        predict("diabetes", 0, baseline="data_mean", values=tuple(map(float, changed)))
    )
    lost = alone["probabilities"][0] - said[1]["probabilities"][0]
    assert effects[alike[0]][0] == pytest.approx(lost, abs=1e-2)
