"""Runs that are kept in, and read from, an object store: as those of folders, killed or not."""

import multiprocessing as mp
import os
import time
import zipfile

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image

from explainers import Problem, explain_many, predict_many
from explainers.many.keeping.folders import names_in
from explainers.many.reading import remote_files
from explainers.many.reading.listing import SourceChanged
from explainers.many.reading.members import members_of
from explainers.many.reading.regions.genome import Genome
from explainers.many.remote.location import location
from explainers.many.remote.settings import settings, take
from explainers.many.run import open_run
from explainers.many.strangeness import strangest
from explainers.many.summary.summarise import summarise
from explainers.models.spec import ModelSpec
from tests.many.small_runs import (
    ASKED,
    TABLE,
    Deadly,
    Slow,
    Tiny,
    assert_alike,
    deadly_parse,
    pictures,
)

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
COUNT = 18
PASSING = {"lock", "journal", "set_aside.json"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Pictures, one of them damaged."""
    folder = pictures(tmp_path_factory.mktemp("source") / "in", COUNT)
    (folder / "005.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """The run in a folder."""
    return explain_many(Tiny(), source, **ASKED, to=tmp_path_factory.mktemp("whole") / "out")


def files_of(run) -> set[str]:
    """All that a run keeps in a folder, but what only says where a process is."""
    found = (path for path in run.path.rglob("*") if path.is_file())
    return {path.relative_to(run.path).as_posix() for path in found} - PASSING


@pytest.mark.parametrize("maps", ["npz", "zarr"])
def test_as_in_a_folder(bucket, source, whole, maps, tmp_path):
    asked = {**ASKED, "maps": maps}
    run = explain_many(Tiny(), source, **asked, to=f"{bucket.url}/{maps}/")
    beside = whole
    if maps == "zarr":
        beside = explain_many(Tiny(), source, **asked, to=tmp_path / "out")
    assert_alike(run, beside, COUNT)
    assert run.told == beside.told
    assert bucket.names(maps) - PASSING == files_of(beside)
    assert str(run.path) == f"{bucket.url}/{maps}"
    kept = open_run(run.path)
    assert (kept.done, kept.failed) == (COUNT, 1)
    assert [index for index, _ in kept.maps({3, 9})] == [3, 9]
    if maps == "zarr":
        return
    assert summarise(kept.rows(), kept.maps()).failed == 1
    assert [one.index for one in strangest(kept.rows())][0] == 5
    assert "005.png" in kept.report(tmp_path / "report.html").read_text(encoding="utf-8")


def test_gone_on_with_and_checks_added(bucket, source, whole):
    to, made = f"{bucket.url}/again", []

    def stop(progress):
        made.append(progress.done)
        if progress.done >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain_many(Tiny(), source, **ASKED, to=to, progress=stop)
    assert open_run(to).done == 8
    made.clear()
    run = explain_many(Tiny(), source, **ASKED, to=to, progress=lambda p: made.append(p.done))
    assert made[0] == 8 and made == sorted(made)
    assert_alike(run, whole, COUNT)
    before = dict(run.maps())
    run = explain_many(Tiny(), source, **ASKED, to=to, checks=["proof"])
    assert [row["insertion"] is None for row in run.rows()] == [n == 5 for n in range(COUNT)]
    assert all((one == before[index]).all() for index, one in run.maps())


def run_in_store(told, source, to):
    """A process's run."""
    take(told)
    explain_many(Slow(), source, **ASKED, to=to)


@forks
def test_killed_in_the_middle_and_resumed(bucket, source, whole):
    to = f"{bucket.url}/killed"
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["explainers.many.warm"])
    process = context.Process(target=run_in_store, args=(settings(), source, to))
    process.start()
    until = time.monotonic() + 60
    while not names_in(location(f"{to}/rows")) and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.join()
    kept = names_in(location(f"{to}/rows"))
    assert 0 < len(kept) < 5
    assert [row["index"] for row in open_run(to).rows()] == list(range(4 * len(kept)))
    made: list[int] = []
    run = explain_many(Slow(), source, **ASKED, to=to, progress=lambda p: made.append(p.done))
    assert made[0] == 4 * len(kept)
    assert_alike(run, whole, COUNT)
    assert bucket.names("killed") - PASSING == files_of(whole)


@forks
def test_what_ends_its_process_is_set_aside(bucket, tmp_path, monkeypatch):
    source = pictures(tmp_path / "in", 6)
    values = np.array(Image.open(source / "003.png"))
    values[0, 0] = 255
    Image.fromarray(values).save(source / "003.png")
    to = f"{bucket.url}/deadly"
    asked = {**ASKED, "isolate": True, "parse": deadly_parse}
    rows = list(explain_many(Deadly(), source, **asked, to=to).rows())
    assert [row["index"] for row in rows] == list(range(6))
    assert [row["name"] for row in rows if row["error"]] == ["003.png"]
    assert rows[3]["error"].startswith("Explaining it ended its process twice (signal 9")
    assert "set_aside.json" in bucket.names("deadly")
    # What this process is told of the store since, its next one knows too.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Problem, match="cannot be reached .*127.0.0.1:9"):
        explain_many(Deadly(), source, **asked, to=to)


def test_every_source_in_the_store(bucket, source, whole, tmp_path):
    for path in source.iterdir():
        bucket.put(f"in/{path.name}", path.read_bytes())
    bucket.put("in/.hidden.png", b"")
    bucket.put("in/", b"")  # as consoles make a folder
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for path in sorted(source.iterdir(), reverse=True):
            archive.write(path, path.name)
    bucket.put("in.zip", (tmp_path / "in.zip").read_bytes())
    fsspec.filesystem("s3").chmod(f"{bucket.url[5:]}/in.zip", "public-read")
    files = [f"{bucket.url}/in/{path.name}" for path in sorted(source.iterdir())]
    over_http = f"{bucket.environment['AWS_ENDPOINT_URL']}/{bucket.url[5:]}/in.zip"
    sources = f"{bucket.url}/in", f"{bucket.url}/in.zip", over_http, files
    for number, given in enumerate(sources):
        run = explain_many(Tiny(), given, **ASKED, to=tmp_path / str(number))
        assert_alike(run, whole, COUNT)
        assert run.told["source_digest"] == whole.told["source_digest"]
    assert run.told["source"] == f"a list of {COUNT} files"
    # Both at once, and only what is answered.
    told = {"spec": ASKED["spec"], "to": f"{bucket.url}/answers"}
    answers = predict_many(Tiny(), f"{bucket.url}/in/", **told)
    assert [row["class"] for row in answers.rows()] == [row["class"] for row in whole.rows()]
    assert answers.told["source"] == f"{bucket.url}/in" and "maps" not in str(
        bucket.names("answers")
    )
    bucket.put("in/003.png", (source / "004.png").read_bytes())
    with pytest.raises(Problem, match="source changed since .* 1 is changed .003.png"):
        predict_many(Tiny(), f"{bucket.url}/in/", **told)


def test_tables_and_regions_of_a_genome(bucket, tmp_path):
    lines = "".join(f"{n},{n % 7}\n" for n in range(40))
    table = bucket.put("rows.csv", f"a,b\n{lines}".encode())
    asked = {"method": "gradient_x_input", "spec": TABLE, "shard": 16}
    run = explain_many(lambda x: x.sum(1), table, **asked, to=f"{bucket.url}/table")
    assert [row["answer"] for row in run.rows()] == [n + n % 7 for n in range(40)]
    letters = "".join(np.random.default_rng(3).choice(list("ACGT"), 60))
    bed = bucket.put("peaks.bed", b"chr1\t3\t9\nchr1\t20\t26\t.\t0\t-\nchr2\t0\t4\n")
    genome = bucket.put("genome.fa", f">chr1\n{letters}\n".encode())
    spec = ModelSpec("upload", "dna", kind="sequence", mean=(0.0,) * 4, std=(1.0,) * 4)
    asked = {"method": "gradient_x_input", "spec": spec, "baseline": "zeros"}
    run = explain_many(lambda x: x[:, 1].sum(1), (bed, genome), **asked, to=tmp_path / "out")
    rows = list(run.rows())
    assert rows[0]["answer"] == letters[3:9].count("C")
    assert rows[1]["answer"] == letters[20:26].count("G"), "backwards G is C"
    assert "has no chromosome" in rows[2]["error"]
    opened = Genome(location(genome))
    assert opened.letters("chr1", 4, 7) == letters[4:7].encode()
    bucket.put("genome.fa", f">chr1\n{letters[::-1]}\n".encode())
    with pytest.raises(SourceChanged):
        opened.letters("chr1", 4, 7)
    with pytest.raises(Problem, match="source changed"):
        explain_many(lambda x: x[:, 1].sum(1), (bed, genome), **asked, to=tmp_path / "out")


def test_what_others_write_is_seen_at_once(bucket):
    """The package of the store remembers listings by itself."""
    folder, other = (
        location(f"{bucket.url}/seen"),
        fsspec.filesystem("s3", skip_instance_cache=True),
    )
    here = fsspec.filesystem("s3")
    for name in ("a", "b"):
        here.ls(bucket.url)  # as somebody does who shares it
        other.pipe_file(f"{bucket.url[5:]}/seen/{name}", b"1")
        assert names_in(folder)[-1] == name and (folder / name).exists()
    other.rm_file(f"{bucket.url[5:]}/seen/a")
    assert names_in(folder) == ["b"] and not (folder / "a").exists()
    (folder / "b").unlink()
    (folder / "b").unlink(missing_ok=True)
    assert names_in(folder) == [] and not folder.exists()


def test_files_are_asked_for_ahead_and_once(monkeypatch):
    """In their order each is fetched once, some together; elsewhere each alone."""
    folder, asked = location("memory://ahead"), []
    for number in range(70):
        (folder / f"{number:03d}.png").write_bytes(bytes([number]) * (1 + number % 3))
        (folder / f"{number:03d}.txt").write_bytes(b"beside it")
    real = MemoryFileSystem.cat_file

    def counted(self, path, *given, **options):
        asked.append(path[-7:])
        return real(self, path, *given, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", counted)
    members, others = members_of("memory://ahead", "picture")
    assert len(members.names) == len(others) == 70
    for turn in range(2):
        asked.clear()
        for number, name in enumerate(members.names):
            assert members.read(name) == bytes([number]) * (1 + number % 3)
            assert len(set(asked)) <= min(number + 16, 70), "no more is held"
        assert sorted(asked) == members.names, turn
    asked.clear()
    for name in (members.names[60], members.names[5], members.names[40]):
        members.read(name)
    assert asked == ["060.png", "005.png", "040.png"]
    monkeypatch.setattr(remote_files, "MOST_BYTES", 2)
    with pytest.raises(Problem, match="002.png is larger than"):
        members.read("002.png")
