"""The demo networks of tables, series, DNA and digits: what they are, and how good they are."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from assets.digits.train import FOLDER as DIGITS
from assets.dna.letters import ALPHABET, MOTIFS, planted
from assets.lstm.train import truth
from explainers.models.zoo.demo_networks import (
    MLP,
    SeriesLSTM,
    Standardised,
    load,
    load_in_data_units,
)

ASSETS = Path(__file__).resolve().parents[2] / "assets"
NAMES = ("additive", "diabetes", "digits", "dna", "lstm")
FIELDS = {
    "name",
    "title",
    "description",
    "kind",
    "network",
    "arguments",
    "weights",
    "data",
    "shape",
    "mean",
    "std",
    "outputs",
    "answers",
    "link",
    "baseline",
    "key",
    "figures",
    "source",
}


def card(name: str) -> dict:
    return json.loads((ASSETS / name / "card.json").read_text(encoding="utf-8"))


def rows(name: str) -> np.ndarray:
    """The sample file's numbers, without its header."""
    path = ASSETS / name / card(name)["data"]
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32, encoding="utf-8")


def r2(answer: torch.Tensor, y: np.ndarray) -> float:
    return 1 - float(((answer.numpy() - y) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def sequences() -> dict[str, str]:
    """The sample's DNA by name."""
    found = {}
    for part in (ASSETS / "dna" / "dna.fasta").read_text(encoding="utf-8").split(">")[1:]:
        name, *lines = part.split()
        found[name] = "".join(lines)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_card_tells_all_and_its_network_answers_what_it_names(name):
    facts = card(name)
    assert set(facts) >= FIELDS and facts["name"] == name
    assert facts["kind"] in ("picture", "table", "series", "sequence")
    assert facts["answers"] in ("classes", "numbers")
    assert (ASSETS / name / facts["data"]).is_file()
    model = load(ASSETS / name / "card.json")
    assert not model.training
    with torch.no_grad():
        assert model(torch.rand(2, *facts["shape"])).shape == (2, len(facts["outputs"]))
    values = facts["shape"][0 if facts["kind"] in ("picture", "sequence") else -1]
    assert len(facts["mean"]) == len(facts["std"]) == values and min(facts["std"]) > 0
    names = facts.get("columns") or facts.get("variables")
    assert names is None or len(names) == len(set(names)) == values


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_small_enough_to_keep(name):
    assert (ASSETS / name / card(name)["weights"]).stat().st_size < 200_000


def test_sample_tables_have_the_cards_columns():
    for name in ("additive", "diabetes"):
        facts = card(name)
        with (ASSETS / name / facts["data"]).open(encoding="utf-8") as file:
            assert file.readline().strip().split(",") == [*facts["columns"], facts["target"]]


@torch.no_grad()
def test_the_additive_network_learned_the_sum():
    table = rows("additive")
    model = load_in_data_units(ASSETS / "additive" / "card.json")
    assert table.shape == (200, 97)
    assert r2(model(torch.from_numpy(table[:, :-1])).squeeze(1), table[:, -1]) > 0.9999


@torch.no_grad()
def test_the_series_network_names_the_side_of_the_product():
    x = torch.from_numpy(rows("lstm")[:, 2:].reshape(-1, 10, 3))
    answer = load_in_data_units(ASSETS / "lstm" / "card.json")(x)
    assert len(x) == 250
    assert ((answer > 0.5) == (truth(x) > 0.5)).float().mean() > 0.98


@torch.no_grad()
def test_the_dna_network_is_right_on_fresh_sequences():
    from sklearn.metrics import roc_auc_score

    data = planted(400, seed=11)
    logits = load(ASSETS / "dna" / "card.json")(torch.from_numpy(data.one_hot())).numpy()
    for k in range(3):
        assert roc_auc_score(data.answers[:, k], logits[:, k]) > 0.98


@torch.no_grad()
def test_the_digit_network_reads_its_samples_and_the_held_out_digits():
    from sklearn.datasets import load_digits

    model, data = load(DIGITS / "card.json"), load_digits()
    held = np.arange(len(data.target)) % 5 == 0
    x = torch.tensor(data.images[held], dtype=torch.float32)[:, None] / 16
    right = (model(x).argmax(1).numpy() == data.target[held]).mean()
    assert right == pytest.approx(card("digits")["figures"]["held_out_accuracy"], abs=0.003)
    entries = json.loads((DIGITS / "samples" / "index.json").read_text(encoding="utf-8"))
    assert sum(entry["named"] == entry["label"] for entry in entries) >= len(entries) - 1 > 8
    for entry in entries:
        picture = Image.open(DIGITS / "samples" / entry["picture"])
        assert (picture.mode, picture.size) == ("L", (8, 8))
        values = torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255)[None, None]
        assert str(model(values).argmax().item()) == entry["named"]
        assert (x - values).abs().amax((1, 2, 3)).min() < 1 / 255  # one that was held out


@torch.no_grad()
def test_the_diabetes_network_is_as_good_as_a_line_on_held_out_patients():
    from sklearn.linear_model import LinearRegression

    table = rows("diabetes")
    held = np.arange(len(table)) % 5 == 0
    x, y = table[:, :-1], table[:, -1]
    answer = load_in_data_units(ASSETS / "diabetes" / "card.json")(torch.from_numpy(x[held]))
    line = LinearRegression().fit(x[~held], y[~held]).score(x[held], y[held])
    assert r2(answer.squeeze(1), y[held]) > line - 0.02 > 0.45


def test_the_diabetes_table_is_scikit_learns_in_its_own_units():
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    table = rows("diabetes")
    np.testing.assert_allclose(table[:, :-1], data.data, rtol=1e-5)
    np.testing.assert_allclose(table[:, -1], data.target)
    held = np.arange(len(table)) % 5 == 0
    np.testing.assert_allclose(card("diabetes")["mean"], data.data[~held].mean(0), rtol=1e-4)


def test_the_dna_answer_key_names_the_letters_that_lie_there():
    found = sequences()
    assert len(found) == 12 and {len(word) for word in found.values()} == {200}
    planted_in = {name: set() for name in found}
    for line in (ASSETS / "dna" / "dna.bed").read_text(encoding="utf-8").splitlines():
        name, start, end, motif, letters = line.split("\t")
        assert found[name][int(start) : int(end)] == letters
        assert len(letters) == len(MOTIFS[motif])
        planted_in[name].add(motif)
    wanted = {"both": {*MOTIFS}, "gata": {"GATA-like"}, "tal": {"TAL-like"}, "neither": set()}
    for name, motifs in planted_in.items():
        assert motifs == wanted[name.split("_")[0]]


def test_planted_motifs_follow_their_tables_and_do_not_overlap():
    data = planted(1600, seed=12)
    counts = {motif: np.zeros((10, 4)) for motif in MOTIFS}
    for letters, spans in zip(data.letters, data.spans, strict=True):
        for motif, start, end in spans:
            counts[motif][np.arange(10), letters[start:end]] += 1
        ends = [end for _, _, end in spans]
        starts = [start for _, start, _ in spans]
        assert all(a <= b for a, b in zip(ends, starts[1:], strict=False))
        assert not ends or ends[-1] <= len(letters)
    for motif, table in MOTIFS.items():
        np.testing.assert_allclose(
            counts[motif] / counts[motif].sum(1, keepdims=True), table, atol=0.04
        )
    np.testing.assert_array_equal(data.one_hot().argmax(1), data.letters)
    assert data.words()[0][:5] == "".join(ALPHABET[k] for k in data.letters[0, :5])


def test_standardised_puts_the_scaler_in_front():
    model = MLP(2, [], 1)
    x = torch.tensor([[3.0, 10.0]])
    front = Standardised(model, [1.0, 2.0], [2.0, 4.0])
    torch.testing.assert_close(front(x), model(torch.tensor([[1.0, 2.0]])))
    letters = Standardised(torch.nn.Identity(), [1.0, 0.0], [1.0, 2.0], along=1)
    found = letters(torch.ones(1, 2, 3))
    assert found.tolist() == [[[0.0] * 3, [0.5] * 3]]


def test_a_series_network_answers_with_one_unit():
    with pytest.raises(ValueError, match="one unit"):
        SeriesLSTM(3, [10, 5])
