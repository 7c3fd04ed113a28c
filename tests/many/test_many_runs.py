"""`explain_many` gives what `explain` gives, from every kind of source, and says what is wrong."""

import errno
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from small_runs import SPEC, TABLE, Tiny, pictures

from explainers import Problem, explain, explain_many
from explainers.many.keeping import whole_files
from explainers.many.run import open_run
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos

METHOD = {"method": "integrated_gradients", "steps": 4}


def as_they_are(folder: Path) -> torch.Tensor:
    """The pictures of a folder as the network takes them."""
    arrays = [np.array(Image.open(path)) for path in sorted(folder.glob("*.png"))]
    return torch.from_numpy(np.stack(arrays)).float()[:, None] / 255


def test_rows_and_maps_are_those_of_explain(tmp_path):
    source = pictures(tmp_path / "in", 7)
    x, to = as_they_are(source), tmp_path / "out"
    run = explain_many(Tiny(), source, **METHOD, to=to, spec=SPEC, classes=("up", "down"), shard=3)
    answer = explain(Tiny(), x, **METHOD)
    assert (run.done, run.failed) == (7, 0)
    rows, outputs = list(run.rows()), Tiny()(x)
    assert [row["index"] for row in rows] == list(range(7))
    assert [row["name"] for row in rows] == [f"{n:03d}.png" for n in range(7)]
    assert [row["class"] for row in rows] == outputs.argmax(1).tolist()
    assert [row["class_name"] for row in rows] == [("up", "down")[k] for k in outputs.argmax(1)]
    shares = outputs.softmax(1).amax(1)
    np.testing.assert_allclose([row["confidence"] for row in rows], shares, rtol=1e-6)
    np.testing.assert_allclose([row["answer"] for row in rows], outputs.amax(1), rtol=1e-6)
    assert all(row["baseline_answer"] == 0 and row["error"] is None for row in rows)
    for row, scores in zip(rows, answer.scores.double(), strict=True):
        assert row["support"] == pytest.approx(scores.clamp(min=0).sum().item(), rel=1e-6)
        assert row["opposition"] == pytest.approx(scores.clamp(max=0).sum().item(), rel=1e-6)
        heights = (torch.arange(8) + 0.5) / 8
        mean = (scores.abs().sum((0, 2)) * heights).sum() / scores.abs().sum()
        assert row["centre"][0] == pytest.approx(mean.item(), rel=1e-6)
    found = dict(run.maps())
    assert list(found) == list(range(7))
    np.testing.assert_allclose(np.stack(list(found.values())), answer.scores[:, 0], atol=1e-6)
    # Anybody's tools read it.
    assert pq.read_table(to / "rows").num_rows == 7
    assert len(list((to / "maps").glob("*.npz"))) == 3


def test_every_source_of_pictures_gives_the_same(tmp_path):
    source = pictures(tmp_path / "in", 5)
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for path in source.iterdir():
            archive.write(path, path.name)
    paths = sorted(source.iterdir())
    found = []
    for name, given in (("a", source), ("b", tmp_path / "in.zip"), ("c", paths)):
        run = explain_many(Tiny(), given, **METHOD, to=tmp_path / name, spec=SPEC)
        rows = [{**row, "seconds": 0} for row in run.rows()]
        found.append((rows, np.stack([one for _, one in run.maps()])))
    for rows, maps in found[1:]:
        assert rows == found[0][0]
        assert (maps == found[0][1]).all()


def test_a_table_a_row_an_input_and_incomplete_rows_are_rows_too(tmp_path):
    lines = [f"{n},{(n * 7) % 11}" for n in range(30)]
    lines[4] = "4,"
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n" + "\n".join(lines) + "\n")
    weights = torch.tensor([2.0, -1.0])
    run = explain_many(
        lambda x: x @ weights, table, "gradient_x_input", to=tmp_path / "out", spec=TABLE, shard=8
    )
    rows, maps = list(run.rows()), dict(run.maps())
    assert (run.done, run.failed) == (30, 1)
    assert 'no value for "b"' in rows[4]["error"] and rows[4]["answer"] is None
    assert rows[5]["name"] == "row 6" and rows[5]["answer"] == 2 * 5 - 35 % 11
    assert 4 not in maps and maps[5].tolist() == [10, -2]
    assert rows[5]["support"] == 10 and rows[5]["opposition"] == -2


def test_series_and_sequences(tmp_path):
    """Windows of longer ones are inputs; those that are too short are rows with a sentence."""
    series = tmp_path / "series.csv"
    lines = [f"{which},{step},{which + step}\n" for which in (1, 2) for step in range(6)]
    series.write_text("id,time,value\n" + "".join(lines))
    spec = ModelSpec("upload", "s", kind="series", shape=(4, 1), mean=(0.0,), std=(1.0,))
    run = explain_many(
        lambda x: x.sum((1, 2)), series, "gradient_x_input", to=tmp_path / "s", spec=spec
    )
    names = [row["name"] for row in run.rows()]
    assert len(names) == 4 and names[1].endswith("from 3")
    assert [row["answer"] for row in run.rows()] == [10, 18, 14, 22]
    fasta = tmp_path / "x.fa"
    fasta.write_text(">one\nACGTAC\n>two\nAC\n")
    spec = ModelSpec("upload", "d", kind="sequence", shape=(4, 4), mean=(0.0,) * 4, std=(1.0,) * 4)
    run = explain_many(
        lambda x: x[:, 0].sum(1), fasta, "gradient_x_input", to=tmp_path / "d", spec=spec
    )
    rows = list(run.rows())
    assert [row["name"] for row in rows] == ["one", "one from 3", "two"]
    assert [row["answer"] for row in rows] == [1, 1, None]
    assert "takes 4 letters" in rows[2]["error"]
    assert [one.shape for _, one in run.maps()] == [(4, 4), (4, 4)]


@pytest.mark.parametrize("name", ["diabetes", "lstm", "dna"])
def test_demos_with_a_baseline_of_their_own_data(name, tmp_path):
    demo = demos()[name]
    baseline = {"dna": "frequencies"}.get(name, "data_mean")
    run = explain_many(
        name, demo.data, "gradient_x_input", baseline, demo_target(demo), to=tmp_path / "out"
    )
    assert run.done > 10 - 9 * (name == "lstm") and run.failed == 0
    assert run.told["asked"]["baseline"] == baseline


def demo_target(demo):
    """An output that every demo has."""
    return 0 if demo.outputs else None


def test_damaged_pictures_are_rows_with_their_sentence(tmp_path):
    source = pictures(tmp_path / "in", 4)
    (source / "001.png").write_bytes(b"no picture")
    run = explain_many(Tiny(), source, **METHOD, to=tmp_path / "out", spec=SPEC)
    rows = list(run.rows())
    assert (run.done, run.failed) == (4, 1)
    assert [row["error"] is None for row in rows] == [True, False, True, True]
    assert rows[1]["name"] == "001.png" and rows[1]["error"].endswith(".")
    assert [index for index, _ in run.maps()] == [0, 2, 3]


def test_one_input_that_the_network_refuses_costs_no_other(tmp_path):
    source = pictures(tmp_path / "in", 6)

    def model(x):
        return torch.where(x[:, 0, 0, 0] == x_bad, torch.nan, x.flatten(1).sum(1))

    x_bad = as_they_are(source)[2, 0, 0, 0]
    run = explain_many(model, source, "occlusion", window=4, to=tmp_path / "out", spec=SPEC)
    errors = [row["error"] for row in run.rows()]
    assert [error is None for error in errors] == [True, True, False, True, True, True]
    assert "NaN" in errors[2]


def test_padding_is_no_evidence(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        wide = np.random.default_rng(number).integers(0, 200, (4, 8), dtype=np.uint8)
        Image.fromarray(wide).save(source / f"{number}.png")
    spec = replace(SPEC, fit="pad", mean=(0.5,))
    run = explain_many(Tiny(), source, **METHOD, baseline="noise", to=tmp_path / "out", spec=spec)
    assert run.failed == 0
    for _, one in run.maps():
        assert (one[[0, 1, 6, 7]] == 0).all() and (one[2:6] != 0).all()


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes elsewhere")
def test_names_that_are_no_text(tmp_path):
    source = pictures(tmp_path / "in", 2)
    os.rename(source / "001.png", os.fsencode(source) + b"/\xff\n.png")
    run = explain_many(Tiny(), source, **METHOD, to=tmp_path / "out", spec=SPEC)
    assert [row["name"] for row in run.rows()] == ["000.png", "\\xff\n.png"]
    assert explain_many(Tiny(), source, **METHOD, to=tmp_path / "out", spec=SPEC).done == 2


def test_sentences_about_the_source(tmp_path):
    empty, notes, damaged = (tmp_path / name for name in ("empty", "notes", "damaged"))
    for folder in (empty, notes, damaged):
        folder.mkdir()
    (notes / "a.md").write_text("no picture")
    (damaged / "a.png").write_bytes(b"no picture")
    to = {"to": tmp_path / "out", "spec": SPEC}
    for source, words in (
        (empty, "is empty"),
        (notes, "holds nothing readable as a picture.*1 file .*md"),
        (tmp_path / "missing", "There is no file or folder"),
        (damaged, "None of the 1 inputs could be explained. The first, a.png"),
    ):
        with pytest.raises(Problem, match=words):
            explain_many(Tiny(), source, **METHOD, **to)


def test_sentences_about_the_folder(tmp_path):
    source, to = pictures(tmp_path / "in", 4), tmp_path / "out"

    def ask(model=None, method="saliency", folder=to, **words):
        return explain_many(model or Tiny(), source, method, to=folder, spec=SPEC, **words)

    ask()
    with pytest.raises(Problem, match="holds another run; .*method .*saliency there, occlusion"):
        ask(method="occlusion")
    other = Tiny()
    other.ramp += 1
    with pytest.raises(Problem, match="the network's weights"):
        ask(other)
    with pytest.raises(Problem, match="target"):
        ask(target=1)
    with pytest.raises(Problem, match="holds other files .*and no run"):
        ask(folder=source)
    with pytest.raises(Problem, match="lies in the source itself"):
        ask(folder=source / "out")
    (source / "000.png").write_bytes((source / "001.png").read_bytes())
    pictures(tmp_path / "more", 6)
    os.rename(tmp_path / "more" / "005.png", source / "005.png")
    (source / "003.png").unlink()
    with pytest.raises(Problem, match="source changed .*: 1 is new .*, 1 is gone .*, 1 is changed"):
        ask()


def test_a_full_disk_is_said_and_costs_nothing_that_was_written(tmp_path, monkeypatch):
    source, to = pictures(tmp_path / "in", 8), tmp_path / "out"
    real, calls = os.fsync, []

    def fsync(handle):
        calls.append(handle)
        if len(calls) > 12:  # two files each, of two of the four shards
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(whole_files.os, "fsync", fsync)
    with pytest.raises(Problem, match="The disk is full"):
        explain_many(Tiny(), source, **METHOD, to=to, spec=SPEC, shard=2)
    monkeypatch.undo()
    assert 0 < open_run(to).done < 8 and not list(to.rglob("*.part"))
    run = explain_many(Tiny(), source, **METHOD, to=to, spec=SPEC, shard=2)
    assert [row["index"] for row in run.rows()] == list(range(8))


def test_a_run_that_is_worked_on_is_left_alone(tmp_path):
    source, to = pictures(tmp_path / "in", 2), tmp_path / "out"

    def again(progress):
        with pytest.raises(Problem, match="Another process works on the run"):
            explain_many(Tiny(), source, **METHOD, to=to, spec=SPEC)
        seen.append(progress)

    seen = []
    explain_many(Tiny(), source, **METHOD, to=to, spec=SPEC, progress=again)
    assert seen


def test_a_source_that_changes_meanwhile_ends_the_run(tmp_path):
    """Else a row would tell the digest of one picture and the answer to another."""
    source, to = pictures(tmp_path / "in", 6), tmp_path / "out"

    def exchange(progress):
        (source / "004.png").write_bytes((source / "000.png").read_bytes())

    asked = {**METHOD, "to": to, "spec": SPEC, "shard": 2}
    with pytest.raises(Problem, match="004.png is not what it was"):
        explain_many(Tiny(), source, **asked, progress=exchange)
    assert open_run(to).done == 4
    with pytest.raises(Problem, match="The source changed since this run began: 1 is changed"):
        explain_many(Tiny(), source, **asked)
