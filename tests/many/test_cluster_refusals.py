"""A cluster that cannot be worked with is refused with a sentence, soon and without a log."""

import os
import socket
import threading
import time

import pytest
from cluster_processes import Cluster
from small_runs import ASKED, OpenableHere, Tiny, pictures

from explainers import Problem, explain_many
from explainers.many.cluster import address, assignment, coordinator
from explainers.many.cluster.connection import checked
from explainers.many.run import open_run
from explainers.models.spec import ModelSpec

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return pictures(tmp_path_factory.mktemp("source") / "in", 6)


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(str(tmp_path / "workers"))
    yield cluster
    cluster.kill()


def asking(backend, source, tmp_path, model=None):
    """What is said when a cluster is asked."""
    with pytest.raises(Problem) as told:
        explain_many(model or Tiny(), source, **ASKED, to=tmp_path / "out", backend=backend)
    return str(told.value)


@pytest.mark.parametrize(
    "given, words",
    [
        ("tcp://192.168.0.7:8786", "without encryption"),
        ("tcp://0.0.0.0:8786", "without encryption"),
        ("tcp://[::]:8786", "without encryption"),
        ("tcp://cluster.example:8786", "without encryption"),
        ("tls://cluster.example:8786", "certificates are needed"),
        ("127.0.0.1:8786", "is no address"),
        ("http://127.0.0.1:8786", "is no address"),
        ("tcp://127.0.0.1", "is no address"),
        ("tcp://me:secret@127.0.0.1:8786", "is no address"),
        ("", "is no address"),
    ],
)
def test_addresses(given, words, source, tmp_path):
    assert words in asking(given, source, tmp_path)


def test_nothing_answers(source, tmp_path, capfd):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        began = time.monotonic()
        said = asking(f"tcp://127.0.0.1:{port}", source, tmp_path)
    assert "cannot be reached (Connection refused)" in said and time.monotonic() - began < 4
    assert capfd.readouterr() == ("", "")


def test_something_else_answers(source, tmp_path, monkeypatch, capfd):
    """One that says nothing, as a web server does, and one that says something else."""
    monkeypatch.setattr(address, "SECONDS_TO_REACH", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        assert "cannot be reached (nothing answers)" in asking(here, source, tmp_path)
        client, _ = silent.accept()
        client.close()

        def greet():
            with silent.accept()[0] as client:
                client.sendall(b"SSH-2.0-server\r\n")

        greeter = threading.Thread(target=greet)
        greeter.start()
        assert "is no Dask scheduler" in asking(here, source, tmp_path)
        greeter.join()
    assert capfd.readouterr() == ("", "")


def test_what_listens_to_others_is_not_worked_with(cluster, source, tmp_path):
    cluster.start(host="0.0.0.0")
    said = asking(cluster.address, source, tmp_path)
    assert "cluster's scheduler listens at tcp://" in said and "--host 127.0.0.1" in said
    cluster.kill()
    cluster.start()
    cluster.add(host="0.0.0.0")
    assert "cluster's worker listens at tcp://0.0.0.0" in asking(cluster.address, source, tmp_path)


def test_no_workers(cluster, source, tmp_path, monkeypatch):
    monkeypatch.setattr(coordinator, "SECONDS_WITHOUT_WORKERS", 1.5)
    cluster.start()
    assert "has no workers" in asking(cluster.address, source, tmp_path)
    cluster.add(nthreads=2)
    assert "has 2 threads" in asking(cluster.address, source, tmp_path)


@pytest.mark.parametrize("without", ["scheduler", "worker"])
def test_where_evident_is_not_found(cluster, source, tmp_path, without):
    cluster.start(without_evident=without == "scheduler")
    cluster.add(without_evident=without == "worker")
    said = asking(cluster.address, source, tmp_path)
    assert f"The {without} " in said and "does not find Evident" in said
    assert "Start it in Evident's folder" in said


def test_workers_of_another_version(cluster, source, tmp_path, monkeypatch):
    cluster.start(1)
    told = {**assignment.versions(), "torch": "1.0"}
    monkeypatch.setattr(assignment, "versions", lambda: told)
    said = asking(cluster.address, source, tmp_path)
    assert "The worker tcp://127.0.0.1" in said and "instead of 1.0" in said


def test_workers_that_see_another_source_write_no_rows(cluster, source, tmp_path, monkeypatch):
    """As where a folder is not mounted: no input is called unreadable for it."""
    cluster.start(1)
    real = assignment.assigned

    def moved(job, begun):
        begun.inputs.digests[2] = "0" * 64
        return real(job, begun)

    monkeypatch.setattr("explainers.many.cluster.coordinator.assigned", moved)
    said = asking(cluster.address, source, tmp_path)
    assert "002.png is not what it was" in said
    assert open_run(tmp_path / "out").failed == 0


@pytest.mark.parametrize("which", [0, 1])
def test_workers_that_see_another_genome_write_no_rows(which, cluster, tmp_path, monkeypatch):
    files = tmp_path / "regions.bed", tmp_path / "genome.fa"
    files[0].write_text("chr1\t2\t6\nchr1\t3\t7\n")
    files[1].write_text(">chr1\nACGTACGTACGT\n")
    cluster.start(1)
    real = assignment.assigned

    def moved(job, begun):
        begun.inputs.digests[which] = "0" * 64
        return real(job, begun)

    monkeypatch.setattr("explainers.many.cluster.coordinator.assigned", moved)
    spec = ModelSpec("upload", "dna", kind="sequence", mean=(0.0,) * 4, std=(1.0,) * 4)
    asked = {"spec": spec, "to": tmp_path / "out", "backend": cluster.address}
    with pytest.raises(Problem, match=f"{files[which].name} is not what it was"):
        explain_many(lambda x: x[:, 1].sum(1), files, "saliency", **asked)
    assert open_run(tmp_path / "out").done == 0


def test_workers_that_come_to_no_input_are_not_asked_for_ever(cluster, source, tmp_path):
    cluster.start(1)
    with cluster.with_nanny():
        said = asking(cluster.address, source, tmp_path, OpenableHere())
    assert "ended 2 times before they came to an input" in said
    assert open_run(tmp_path / "out").done == 0


@pytest.mark.parametrize(
    "untrusted",
    [
        ["done", "", 1, 0],
        ("done", "", 1, 2),
        ("done", "", True, 0),
        ("done", "", -1, -1),
        ("other", "", 1, 0),
        ("problem", "x" * 3000, 0, 0),
        ("done", "", 1),
        {"done": 1},
        None,
    ],
)
def test_only_plain_answers_are_taken(untrusted):
    assert checked(("problem", "A\x1b[2J.", 0, 0)) == ("problem", "A [2J.", 0, 0)
    with pytest.raises(Problem, match="something else than a sentence"):
        checked(untrusted)
