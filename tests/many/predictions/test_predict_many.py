"""`predict_many` tells what plain passes tell, keeps no maps, resumes, and sets aside."""

import multiprocessing as mp
import os
import signal
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from explainers import Problem, explain_many, predict_many
from explainers.many.cues.hunt import hunt
from explainers.many.question import Question
from explainers.many.run import open_run
from explainers.many.strangeness import strangest
from explainers.many.summary.summarise import summarise
from explainers.reports.runs.contents import labels_of
from tests.many.small_runs import SPEC, TABLE, Deadly, Slow, Tiny, pictures

NAMES = ("up", "down")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")


def filed(folder, count: int):
    """So many pictures in each of two folders that are named as the classes; as a tensor."""
    for seed, name in enumerate(sorted(NAMES)):
        pictures(folder / name, count, seed)
    paths = sorted(folder.rglob("*.png"))
    arrays = [np.array(Image.open(path)) for path in paths]
    return paths, torch.from_numpy(np.stack(arrays)).float()[:, None] / 255


def plain_passes(x: torch.Tensor, size: int = 5) -> torch.Tensor:
    return torch.cat([Tiny()(part) for part in x.split(size)]).softmax(1)


def test_rows_are_those_of_plain_passes_and_there_are_no_maps(tmp_path):
    paths, x = filed(tmp_path / "in", 6)
    to, told = tmp_path / "out", {"spec": SPEC, "classes": NAMES}
    run = predict_many(Tiny(), tmp_path / "in", to=to, shard=5, **told)
    shares = plain_passes(x)
    rows, said = list(run.rows()), shares.argmax(1).tolist()
    assert (run.done, run.failed) == (12, 0)
    assert [row["class"] for row in rows] == said
    assert [row["class_name"] for row in rows] == [NAMES[k] for k in said]
    for column in ("confidence", "answer"):
        np.testing.assert_allclose([row[column] for row in rows], shares.amax(1), rtol=1e-6)
    labels = [path.parent.name for path in paths]
    assert [row["label"] for row in rows] == labels == labels_of(run)
    assert all(row["seconds"] > 0 and row["error"] is None for row in rows)
    assert list(run.maps()) == [] and not (to / "maps").exists()
    kept = {"index", "name", "digest", "label", "class", "class_name", "answer", "confidence"}
    assert set(pq.read_table(to / "rows").column_names) == kept | {"seconds", "error"}
    wrong = [NAMES[k] != label for k, label in zip(said, labels, strict=True)]
    assert summarise(run.rows(), run.maps(), labels).confusion.wrong == sum(wrong) > 0
    sure = [w and s > 0.9 for w, s in zip(wrong, shares.amax(1).tolist(), strict=True)]
    found = strangest(run.rows(), labels=labels)
    assert {one.index for one in found} == set(np.flatnonzero(sure)) != set()
    with pytest.raises(Problem, match="holds no map"):
        hunt(run, Tiny(), tmp_path / "in", spec=SPEC)
    with pytest.raises(Problem, match="holds another run; .*method"):
        explain_many(Tiny(), tmp_path / "in", "saliency", to=to, **told)


def test_what_explanations_say_of_the_answer_is_the_same(tmp_path):
    pictures(tmp_path / "in", 5)
    asked = {"spec": SPEC, "classes": NAMES}
    told = predict_many(Tiny(), tmp_path / "in", to=tmp_path / "a", **asked)
    whole = explain_many(
        Tiny(), tmp_path / "in", "saliency", to=tmp_path / "b", score="probability", **asked
    )
    for row, other in zip(told.rows(), whole.rows(), strict=True):
        for name in ("index", "name", "digest", "label", "class", "class_name"):
            assert row[name] == other[name]
        numbers = [other["answer"], other["confidence"]]
        assert [row["answer"], row["confidence"]] == pytest.approx(numbers, rel=1e-6)


def test_one_output_one_rather_than_another_and_numbers(tmp_path):
    x = filed(tmp_path / "in", 2)[1]
    asked = {"spec": SPEC, "classes": NAMES}
    shares = plain_passes(x).double()
    for target, due in ((1, shares[:, 1]), ((1, 0), shares[:, 1] - shares[:, 0])):
        run = predict_many(Tiny(), tmp_path / "in", target, to=tmp_path / str(target), **asked)
        rows = list(run.rows())
        assert {row["class_name"] for row in rows} == {"down"}
        np.testing.assert_allclose([row["answer"] for row in rows], due, atol=1e-6)
        np.testing.assert_allclose([row["confidence"] for row in rows], shares[:, 1], rtol=1e-6)
    (tmp_path / "rows.csv").write_text("a,b\n" + "".join(f"{k},{k * k}\n" for k in range(30)))
    run = predict_many(lambda x: x.sum(1), tmp_path / "rows.csv", to=tmp_path / "t", spec=TABLE)
    assert [row["answer"] for row in run.rows()] == [k + k * k for k in range(30)]
    assert {row["confidence"] for row in run.rows()} == {None}


def test_an_input_without_an_answer_is_a_row_and_none_at_all_is_a_sentence(tmp_path):
    source = pictures(tmp_path / "in", 4)
    (source / "001.png").write_bytes(b"no picture")

    def model(x):
        return torch.where(x[:, :1, 0, 0] == bad, torch.nan, x.flatten(1)[:, :2])

    bad = np.array(Image.open(source / "002.png"))[0, 0] / np.float32(255)
    run = predict_many(model, source, to=tmp_path / "out", spec=SPEC)
    errors = [row["error"] for row in run.rows()]
    assert [error is None for error in errors] == [True, False, False, True]
    assert "not a picture" in errors[1] and "NaN" in errors[2]
    with pytest.raises(Problem, match="None of the 1 inputs could be answered. The first, 001"):
        predict_many(model, source / "001.png", to=tmp_path / "b", spec=SPEC)


def predicted_alone(source, to) -> None:
    """One process's run, slow enough to be killed."""
    torch.set_num_threads(1)
    predict_many(Slow(), source, to=to, spec=SPEC, shard=2)


@pytest.mark.slow
@forks
def test_killed_it_goes_on_and_what_kills_it_is_set_aside(tmp_path):
    source, to = pictures(tmp_path / "in", 40), tmp_path / "out"
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["explainers.many.warm"])
    process = context.Process(target=predicted_alone, args=(source, to))
    process.start()
    while len(list((to / "rows").glob("*.parquet"))) < 3 and process.is_alive():
        time.sleep(0.005)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    kept = {path.name: path.stat().st_mtime_ns for path in (to / "rows").glob("*.parquet")}
    assert 3 <= len(kept) < 20
    run = predict_many(Slow(), source, to=to, spec=SPEC, shard=2)
    assert [row["index"] for row in run.rows()] == list(range(40))
    assert kept.items() <= {p.name: p.stat().st_mtime_ns for p in (to / "rows").iterdir()}.items()
    arrays = [np.array(Image.open(path)) for path in sorted(source.iterdir())]
    shares = plain_passes(torch.from_numpy(np.stack(arrays)).float()[:, None] / 255)
    found = [row["confidence"] for row in run.rows()]
    np.testing.assert_allclose(found, shares.amax(1), rtol=1e-6)

    few = pictures(tmp_path / "few", 5)
    arrays[3][0, 0] = 255
    Image.fromarray(arrays[3]).save(few / "003.png")
    run = predict_many(Deadly(), few, to=tmp_path / "deadly", spec=SPEC, isolate=True)
    rows = list(run.rows())
    assert [row["index"] for row in rows if row["error"]] == [3]
    assert rows[3]["error"].startswith("Predicting it ended its process twice (signal 9")


def test_runs_of_before_go_on(tmp_path):
    """What was asked is described as it was, and rows may lack the column of labels."""
    assert Question("saliency").described() == {
        **{"method": "saliency", "baseline": "zeros", "target": None},
        **{"score": "output", "options": {}},
    }
    source, to = pictures(tmp_path / "in", 6), tmp_path / "out"
    asked = {"method": "saliency", "to": to, "spec": SPEC, "shard": 3}
    explain_many(Tiny(), source, **asked)
    table = pq.ParquetFile(to / "rows" / "00000.parquet").read()
    pq.write_table(table.drop_columns(["label"]), to / "rows" / "00000.parquet")
    (to / "rows" / "00001.parquet").unlink()
    run = explain_many(Tiny(), source, **asked)
    assert (run.done, len(list(run.maps()))) == (6, 6) == (open_run(to).done, 6)
    assert [row["label"] for row in run.rows()] == [None] * 6
