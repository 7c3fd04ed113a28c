"""A run as a whole: counts, medians, confusion and mean maps beside plain enumeration."""

from collections import Counter

import numpy as np
import pytest
from small_runs import SPEC, TABLE, Tiny, pictures

from explainers import explain_many
from explainers.many.summary.labels import labels_from_names
from explainers.many.summary.shares import EvenSample
from explainers.many.summary.summarise import summarise

NAMES = ("stop", "yield", "limit")


def rows_of(count: int, seed: int = 0):
    """Rows as a run tells them, of three classes; every tenth failed."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        said = int(rng.choice(3, p=(0.6, 0.3, 0.1)))
        row = dict.fromkeys(("class", "class_name", "confidence", "centre", "border", "seconds"))
        row |= {"index": index, "name": f"{index}.png", "error": "Damaged."}
        if index % 10:
            row |= {"class": said, "class_name": NAMES[said], "confidence": float(rng.random())}
            row |= {"centre": rng.random(2).tolist(), "border": float(rng.random())}
            row |= {"seconds": 0.5, "error": None}
        yield row


def maps_of(rows, shape=(4, 6), seed=1):
    """A map for each row that has an answer."""
    rng = np.random.default_rng(seed)
    return [(row["index"], rng.normal(size=shape)) for row in rows if row["error"] is None]


def test_counts_and_medians_are_those_of_all_rows():
    rows = list(rows_of(997))
    found = summarise(iter(rows))
    answered = [row for row in rows if row["error"] is None]
    assert (found.total, found.failed) == (997, 997 - len(answered))
    assert found.seconds == pytest.approx(0.5 * len(answered))
    counts = Counter(row["class_name"] for row in answered)
    assert [(one.name, one.count) for one in found.classes] == counts.most_common()
    for one in found.classes:
        own = [row["confidence"] for row in answered if row["class_name"] == one.name]
        assert one.confidence == pytest.approx(np.median(own), abs=0.0005)
        assert one.mean is None
    shares = [row["confidence"] for row in answered]
    assert found.confidences.tolist() == np.histogram(shares, 20, (0, 1))[0].tolist()
    assert found.confusion is None and not found.wrong.any()


def test_the_confusion_counts_labels_by_answers():
    rows = list(rows_of(400))
    rng = np.random.default_rng(2)
    # "give way" is never answered; some labels are not known.
    labels = [
        None if k % 7 == 0 else ("Stop", "yield", "give way")[rng.integers(3)] for k in range(400)
    ]
    found = summarise(rows, labels=labels)
    pairs = Counter(
        (labels[row["index"]].lower(), row["class_name"])
        for row in rows
        if row["error"] is None and labels[row["index"]] is not None
    )
    names, table = [name.lower() for name in found.confusion.names], found.confusion.counts
    assert set(names) == {"stop", "yield", "limit", "give way"}
    for i, label in enumerate(names):
        for j, said in enumerate(names):
            assert table[i, j] == pairs[label, said], (label, said)
    assert found.confusion.total == sum(pairs.values())
    off = {key: count for key, count in pairs.items() if key[0] != key[1]}
    assert found.confusion.wrong == sum(off.values()) == found.wrong.sum()
    by_index = {k: label for k, label in enumerate(labels) if label is not None}
    assert (summarise(rows, labels=by_index).confusion.counts == table).all()


def test_means_are_those_of_divided_maps_and_every_input_counts_alike():
    rows = list(rows_of(200))
    maps = maps_of(rows)
    loud = [(index, one * 10.0 ** (index % 5)) for index, one in maps]
    found = summarise(rows, iter(reversed(loud)))
    for one in found.classes:
        own = [m / np.abs(m).sum() for i, m in maps if rows[i]["class_name"] == one.name]
        np.testing.assert_allclose(one.mean.values, np.mean(own, axis=0), atol=1e-12)
        np.testing.assert_allclose(one.mean.sizes, np.mean(np.abs(own), axis=0), atol=1e-12)
        assert one.mean.count == len(own) and one.mean.left_out == 0
        assert one.mean.sizes.sum() == pytest.approx(1)


def test_other_shapes_and_empty_maps_are_left_out_and_counted():
    rows = list(rows_of(100))
    maps = maps_of(rows)
    (first, second, *_) = (i for i, _ in maps if rows[i]["class_name"] == "yield")
    changed = {first + 0: np.zeros((4, 6)), second: np.ones((3, 3))}
    means = {
        one.name: one.mean
        for one in summarise(rows, [(i, changed.get(i, m)) for i, m in maps]).classes
    }
    own = [
        m / np.abs(m).sum()
        for i, m in maps
        if rows[i]["class_name"] == "yield" and i not in changed
    ]
    assert (means["yield"].count, means["yield"].left_out) == (len(own), 2)
    np.testing.assert_allclose(means["yield"].values, np.mean(own, axis=0), atol=1e-12)


def test_a_sample_of_maps_and_the_classes_with_most_inputs_are_enough():
    rows = list(rows_of(300))
    maps = [one for one in maps_of(rows) if one[0] % 3 == 1]
    found = summarise(rows, [*maps, (5000, np.ones((4, 6)))], most=2)
    counts = Counter(rows[index]["class_name"] for index, _ in maps)
    assert [one.mean.count for one in found.classes[:2]] == [counts["stop"], counts["yield"]]
    assert found.classes[2].mean is None


def test_of_a_table_the_mean_contribution_is_in_its_unit(tmp_path):
    values = np.random.default_rng(4).normal(size=(40, 2))
    lines = "\n".join(f"{a},{b}" for a, b in values)
    (tmp_path / "rows.csv").write_text(f"a,b\n{lines}\n")
    run = explain_many(
        lambda x: 3 * x[:, 0] - x[:, 1],
        tmp_path / "rows.csv",
        "gradient_x_input",
        to=tmp_path / "out",
        spec=TABLE,
    )
    (one,) = summarise(run.rows(), run.maps(), kind="table").classes
    scores = values * [3, -1]
    np.testing.assert_allclose(one.mean.values, scores.mean(0), rtol=1e-5)
    np.testing.assert_allclose(one.mean.sizes, np.abs(scores).mean(0), rtol=1e-5)
    assert (one.index, one.name, one.confidence) == (0, "output 0", None)


def test_a_run_and_its_folder_names(tmp_path):
    """What the network calls "up" has its evidence above; its folders say what is right."""
    for folder, seed in (("Up", 1), ("Down", 2)):
        pictures(tmp_path / "in" / folder, 6, seed)
    run = explain_many(
        Tiny(),
        tmp_path / "in",
        "gradient_x_input",
        to=tmp_path / "out",
        spec=SPEC,
        classes=("up", "down"),
        shard=5,
    )
    labels = labels_from_names((row["name"] for row in run.rows(["name"])), ("up", "down"))
    assert labels == ["down"] * 6 + ["up"] * 6
    found = summarise(run.rows(), run.maps(), labels)
    wrong = sum(row["class_name"] != labels[row["index"]] for row in run.rows())
    assert found.confusion.total == 12 and found.confusion.wrong == wrong
    means = {one.name: one.mean.values for one in found.classes}
    assert (means["up"][:3] > 0).all() and (means["down"][:3] < 0).all()


def test_labels_are_the_nearest_folder_of_a_class():
    names = ["a/stop/x/1.png", "stop/yield/2.png", "z/3.png", "4.png", "C:\\Stop\\5.png"]
    assert labels_from_names(names, NAMES) == ["stop", "yield", None, None, "stop"]
    assert labels_from_names(["stop/1", "stop/2"], NAMES) is None
    assert labels_from_names(["a/1", "b/2"], ()) is None
    assert labels_from_names(["stop/stop.png"], ["stop.png", "stop"]) is None, "a file is no folder"
    assert labels_from_names(["tench/1", "crane/2"], ["tench, Tinca tinca", "crane"]) == [
        "tench, Tinca tinca",
        "crane",
    ]


@pytest.mark.parametrize("count", [3, 8, 9, 1000, 4097])
def test_a_sample_is_even(count):
    sample = EvenSample[int](8)
    for number in range(count):
        sample.offer(number)
    kept = sample.kept
    assert min(count, 4) <= len(kept) <= 8 and len(set(np.diff(kept))) <= 1
    assert kept[0] == 0 and count - kept[-1] <= kept[1] - kept[0]
