"""Runs whose shards a Dask cluster's workers make: as without one, whatever ends meanwhile."""

import gzip
import logging
import os
import time

import numpy as np
import pytest
from cluster_processes import Cluster
from PIL import Image
from small_runs import ASKED, TABLE, Deadly, Slow, Tiny, deadly_parse, parse_in_pieces, pictures
from test_many_kills import assert_alike

from explainers import Cancelled, Problem, explain_many, predict_many
from explainers.commands.command_line import main
from explainers.many.cluster.address import scheduler_address
from explainers.many.cluster.assignment import Ticket
from explainers.many.cluster.attempts import Attempts
from explainers.many.cluster.connection import connected
from explainers.many.cluster.worker import _Watch
from explainers.many.keeping.journal import EXPLAINING, WRITING, Place, SetAside
from explainers.many.reading.completion import parsed_file
from explainers.many.run import open_run
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
COUNT = 40


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return pictures(tmp_path_factory.mktemp("source") / "in", COUNT)


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """The run without a cluster."""
    return explain_many(Tiny(), source, **ASKED, to=tmp_path_factory.mktemp("whole") / "out")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(str(tmp_path_factory.mktemp("workers"))).start(2)
    yield cluster
    cluster.kill()


@pytest.fixture
def own_cluster(tmp_path):
    """For tests that leave it in ruins."""
    cluster = Cluster(str(tmp_path / "workers"))
    yield cluster
    cluster.kill()


def files_of(folder):
    """All that a run keeps, but what only says where a process is."""
    passing = ("lock", "journal", "set_aside.json")
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in passing)
    return {path.relative_to(folder).as_posix() for path in found}


def test_as_without_a_cluster(cluster, source, whole, tmp_path, capfd):
    seen = []
    asked = {**ASKED, "to": tmp_path / "out", "backend": cluster.address}
    run = explain_many(Tiny(), source, **asked, progress=lambda p: seen.append((p.done, p.total)))
    assert_alike(run, whole, COUNT)
    assert files_of(run.path) == files_of(whole.path)
    assert run.told == whole.told
    assert seen[0] == (0, COUNT) and seen == sorted(seen)
    # Nothing is left to do: by a cluster that would take nothing on, or by none.
    assert explain_many(Tiny(), source, **asked).done == COUNT
    assert explain_many(Tiny(), source, **{**asked, "backend": None}).done == COUNT
    proven = explain_many(Tiny(), source, **asked, checks=["proof"])  # added, of its maps
    assert [row["insertion"] is None for row in proven.rows()] == [False] * COUNT
    told = {"to": tmp_path / "a", "spec": ASKED["spec"], "backend": cluster.address}
    answers = [row["class"] for row in predict_many(Tiny(), source, **told).rows()]
    assert answers == [row["class"] for row in whole.rows()]
    assert capfd.readouterr() == ("", "")


def test_a_network_that_is_defined_nowhere_else(cluster, tmp_path):
    """Of a notebook, say: it goes along as it is."""
    source, weight = pictures(tmp_path / "in", 6), 3.0
    run = explain_many(
        lambda x: weight * x.flatten(1).sum(1),
        source,
        "gradient_x_input",
        to=tmp_path / "out",
        spec=ASKED["spec"],
        backend=cluster.address,
    )
    light = [np.array(Image.open(path), float).sum() / 255 for path in sorted(source.iterdir())]
    assert [row["answer"] for row in run.rows()] == pytest.approx([3 * one for one in light])


def test_a_table_in_pieces(cluster, tmp_path):
    """Workers are told how long its pieces are, and what its columns are."""
    counts = {"a": 20, "b": 95}
    for name, count in counts.items():
        lines = "\n".join(f"{n},{'?' if n == 93 else n % 7}" for n in range(count))
        (tmp_path / f"{name}.csv").write_text(f"n,m\n{lines}\n")
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]

    def asked(to, parse, backend=None):
        return explain_many(
            lambda x: (x * x.new_tensor([1, 100])).sum(1),
            files,
            "gradient_x_input",
            "data_mean",
            to=tmp_path / to,
            spec=TABLE,
            shard=10,
            parse=parse,
            backend=backend,
        )

    run = asked("out", parse_in_pieces, cluster.address)
    assert_alike(run, asked("whole", parsed_file), 115)
    rows = list(run.rows())
    due = [(f"{name}.csv: row {n + 1}", n) for name in "ab" for n in range(counts[name])]
    assert [row["name"] for row in rows] == [name for name, _ in due]
    assert [row["index"] for row in rows if row["error"]] == [20 + 93]
    answers = [None if n == 93 else n + 100 * (n % 7) for _, n in due]
    assert [row["answer"] for row in rows] == answers


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_regions_of_a_genome(cluster, packed, tmp_path):
    letters = "".join(np.random.default_rng(3).choice(list("ACGT"), 400))
    text = "".join(f">chr{k}\n{letters[k:]}\n" for k in (1, 2)).encode()
    genome = tmp_path / ("genome.fa.gz" if packed else "genome.fa")
    genome.write_bytes(gzip.compress(text) if packed else text)
    lines = [f"chr{1 + k // 10}\t{9 * k + 9}\t{9 * k + 21}\t.\t0\t{'+-'[k % 2]}" for k in range(20)]
    bed = tmp_path / "regions.bed"
    bed.write_text("\n".join([*lines, "chr1\t0\t4", "chr9\t5\t9"]) + "\n")
    spec = ModelSpec("upload", "dna", kind="sequence", mean=(0.0,) * 4, std=(1.0,) * 4)

    def asked(to, backend=None):
        return explain_many(
            lambda x: x[:, 1].sum(1),
            (bed, genome),
            "gradient_x_input",
            "frequencies",
            to=tmp_path / to,
            spec=spec,
            shard=5,
            checks=("proof", "agreement"),
            backend=backend,
        )

    run, whole = asked("out", cluster.address), asked("whole")
    assert_alike(run, whole, 22)
    assert run.told == whole.told
    rows = list(run.rows())
    assert [row["index"] for row in rows if row["error"]] == [20, 21]
    assert rows[11]["name"] == "chr2:108-120(-)"
    assert all(row["proven"] and row["rank_correlation"] > 0.999 for row in rows[:20])
    assert rows[11]["answer"] == letters[2 + 108 : 2 + 120].count("G"), "backwards G is C"


def test_a_worker_that_is_killed_costs_its_shard(own_cluster, source, whole, tmp_path):
    own_cluster.start(2)
    victim, held = own_cluster.workers[0], []

    def kill_one(progress):
        at_work = list((tmp_path / "out" / "cluster").glob("*/place"))
        if progress.done >= 8 and at_work and not held:
            held.extend(at_work)
            victim.kill()
            own_cluster.add()

    asked = {**ASKED, "to": tmp_path / "out", "backend": own_cluster.address}
    run = explain_many(Slow(), source, **asked, progress=kill_one)
    assert victim.exitcode == -9 and held
    assert_alike(run, whole, COUNT)
    assert not (run.path / "cluster").exists()


def test_a_scheduler_that_is_killed_costs_nothing_written(
    own_cluster, source, whole, tmp_path, capfd
):
    own_cluster.start(2)
    killed = []

    def kill_it(progress):
        if progress.done >= 8 and not killed:
            own_cluster.scheduler.kill()
            killed.append(time.monotonic())

    asked = {**ASKED, "to": tmp_path / "out"}
    with pytest.raises(Problem, match="scheduler at tcp://127.* is gone. What was written is kept"):
        explain_many(Slow(), source, **asked, backend=own_cluster.address, progress=kill_it)
    assert time.monotonic() - killed[0] < 5
    assert capfd.readouterr() == ("", "")
    kept = open_run(tmp_path / "out").done
    assert 8 <= kept < COUNT
    run = explain_many(Slow(), source, **asked)
    assert_alike(run, whole, COUNT)


def test_inputs_that_end_their_worker_are_named_and_cost_no_other(own_cluster, tmp_path):
    source = pictures(tmp_path / "in", 10)
    values = np.array(Image.open(source / "003.png"))
    values[0, 0] = 255
    Image.fromarray(values).save(source / "003.png")
    (source / "007.png").write_bytes(b"poison")
    # Dask's own patience would do for these two.
    own_cluster.start(2, allowed_failures=0)
    asked = {**ASKED, "parse": deadly_parse, "to": tmp_path / "out"}
    with own_cluster.with_nanny():
        run = explain_many(Deadly(), source, **asked, backend=own_cluster.address)
    rows = list(run.rows())
    assert [row["index"] for row in rows] == list(range(10))
    assert {row["name"]: row["error"] for row in rows if row["error"]} == {
        "003.png": "Explaining it ended its worker twice. It is set aside.",
        "007.png": "Reading it ended its worker twice. It is set aside.",
    }
    fine = [path for path in sorted(source.iterdir()) if path.stem not in ("003", "007")]
    alone = explain_many(Tiny(), fine, **ASKED, to=tmp_path / "fine")
    due = [row["answer"] for row in alone.rows()]
    assert [row["answer"] for row in rows if not row["error"]] == pytest.approx(due, rel=1e-6)
    # Whoever goes on without a cluster knows them, too.
    assert not (run.path / "cluster").exists()
    (run.path / "rows" / "00000.parquet").unlink()
    again = explain_many(Deadly(), source, **asked, isolate=True)
    assert [row["error"] for row in again.rows()] == [row["error"] for row in rows]


def test_cancelled_on_the_workers_too(cluster, source, tmp_path):
    def stop(progress):
        if progress.done >= 8:
            raise Cancelled

    to = tmp_path / "out"
    asked = {**ASKED, "to": to, "backend": cluster.address}
    with pytest.raises(Cancelled):
        explain_many(Slow(), source, **asked, progress=stop)
    kept = len(list((to / "rows").iterdir()))
    assert 2 <= kept < COUNT / ASKED["shard"]
    time.sleep(1)
    assert len(list((to / "rows").iterdir())) == kept and not (to / "cluster").exists()
    assert explain_many(Slow(), source, **asked).done == COUNT


def test_a_worker_stops_where_nobody_waits(tmp_path):
    """Nor does it write into the folder of a run that may be another one by now."""
    ticket = Ticket(str(tmp_path), "token", "", {})
    ticket.path.parent.mkdir()
    ticket.path.touch()
    attempts = Attempts(tmp_path, 0)
    attempts.begin()
    watch = _Watch(ticket, attempts)
    watch.at(WRITING, 0, 4)
    ticket.path.unlink()
    with pytest.raises(Cancelled):
        watch.at(WRITING, 0, 4)


def test_what_a_killed_call_left_is_cleared_by_the_next(source, whole, tmp_path):
    """Workers that still work for it then stop; what was found out is kept."""
    to = tmp_path / "out"
    explain_many(Tiny(), source, **ASKED, to=to)
    (to / "rows" / "00003.parquet").unlink()
    attempts = Attempts(to, 3)
    attempts.begin()
    attempts.at(Place(EXPLAINING, 13, 14))
    Attempts(to, 3).begin()
    assert (to / "cluster").exists()
    assert_alike(explain_many(Tiny(), source, **ASKED, to=to), whole, COUNT)
    assert not (to / "cluster").exists() and SetAside.of(to).tries == {13: 1}


def test_what_dask_logs_is_not_shown(cluster):
    """It tells of every connection that breaks, with a trace."""
    told = logging.Handler()
    told.emit = lambda record: records.append(record.getMessage())
    logger, records = logging.getLogger("distributed.client"), []
    with connected(scheduler_address(cluster.address)):
        logger.addHandler(told)
        logger.error("inside")
    logger.error("outside")
    logger.removeHandler(told)
    assert records == ["outside"]


def test_the_command_with_files_in_the_workers_sandbox(cluster, tmp_path, capsys):
    demo, to = demos()["diabetes"], tmp_path / "new" / "out"
    command = ["many", "diabetes", str(demo.data), "--to", str(to), "--shard", "400"]
    command += ["--method", "gradient_x_input", "--baseline", "zeros", "--scheduler"]
    assert main([*command, cluster.address]) == 0, capsys.readouterr().err
    local = explain_many(
        "diabetes", demo.data, "gradient_x_input", shard=400, to=tmp_path / "local"
    )
    run = open_run(to)
    assert_alike(run, local, local.done)
    assert run.told == local.told
    assert [path.name for path in to.parent.iterdir()] == ["out"]
