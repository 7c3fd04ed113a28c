"""Runs of the app on a Dask cluster: the answers of this machine, whatever ends meanwhile."""

import os
import threading
import time

import numpy as np
import pytest
from cluster_processes import Cluster as Processes

from explainers.many.cluster.address import scheduler_address
from explainers.models.formats.python_models import read_python_models
from explainers.service.backends import run_parts
from explainers.service.backends.cluster import cluster as cluster_module
from explainers.service.backends.cluster.cluster import Cluster
from explainers.service.backends.cluster.settings import ClusterSettings
from explainers.service.backends.job import DONE, Job
from explainers.service.backends.long_run import FINISHED, PAUSED, RUNNING
from explainers.service.backends.long_runs import LongRuns
from explainers.service.parsing.parsed_uploads import ParsedUploads
from explainers.service.settings import ModelSettings
from explainers.service.storage.store import Store
from explainers.service.tasks import InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.worker import task_runner

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
COUNT, PART = 24, 4
DEADLY = 7
NETWORKS = """
import os
import time

import torch

EVIDENT = {
    "quick": {"kind": "table", "columns": ["a", "b"], "answers": "numbers"},
    "slow": {"kind": "table", "columns": ["a", "b"], "answers": "numbers"},
}


class Sines(torch.nn.Module):
    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def forward(self, x):
        if bool((x[:, 0] > 1000).any()):
            os._exit(1)
        time.sleep(20 if bool((x[:, 0] > 500).any()) else self.seconds)
        return (x.sin() * x.new_tensor([1.0, 3.0])).sum(1)


def models():
    return {"quick": lambda: Sines(0.0), "slow": lambda: Sines(0.1)}
"""


class Here:
    """This machine: answers one part after the other, in this process."""

    def __init__(self, store, pool):
        self.store, self.parsed = store, ParsedUploads(store, pool)
        self.runner, self.asked = task_runner.TaskRunner(store), []

    def submit(self, task, visitor, turn=""):
        job = Job(task, visitor, task.digest(), turn=turn)
        self.asked.append(task.start)
        threading.Thread(target=self._answer, args=(job,), daemon=True).start()
        return job

    def _answer(self, job):
        job.message = self.parsed.failure(job.task, lambda: False)
        self.runner.run(job.digest, job.task, lambda report: None)
        job.state = DONE

    def cancel(self, job):
        job.cancel_requested = time.monotonic()

    def result(self, job):
        return self.store.answer(job.digest)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "networks.py"
    path.write_text(NETWORKS)
    return path


@pytest.fixture(scope="module")
def processes(networks, tmp_path_factory):
    processes = Processes(str(tmp_path_factory.mktemp("workers"))).start()
    for _ in range(2):
        processes.add(environment={"EVIDENT_MODELS": str(networks)})
    yield processes
    processes.kill()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store") / "of_all")


@pytest.fixture(scope="module")
def cluster(processes, store):
    cluster = Cluster(ClusterSettings(scheduler_address(processes.address)), store)
    yield until(lambda: cluster, lambda: cluster.workers == 2)
    cluster.close()


@pytest.fixture
def here(store, parser_pool, networks, monkeypatch):
    monkeypatch.setattr(task_runner, "model_settings", lambda: ModelSettings(networks))
    monkeypatch.setattr(run_parts, "SECONDS_BETWEEN_LOOKS", 0.01)
    return Here(store, parser_pool)


def until(found, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()
    return found()


def plan_of(store, networks, seed, network="quick", deadly=(), sleepy=(), count=COUNT):
    """A plan that no other test has: another seed, other rows."""
    rows = np.random.default_rng(seed).normal(size=(count, 2))
    rows[list(deadly), 0], rows[list(sleepy), 0] = 5000, 700
    text = "\n".join(["a,b", *(",".join(map(repr, row)) for row in rows.tolist())])
    digest = store.put_blob(text.encode())
    spec = read_python_models(networks)[network].spec
    return rows, ManyPlan(Explain(spec, InputRef(f"{digest}.csv"), method="saliency"), count, PART)


def ended(run, state=FINISHED):
    until(lambda: run, lambda: run.state != RUNNING)
    assert run.state == state, run.message
    return run


def kept(store, plan):
    """The rows and maps of a run."""
    answers = [store.answer(task.digest()) for task in plan.tasks()]
    rows = [row for answer in answers if answer for row in answer[0]["rows"]]
    return rows, [one for answer in answers if answer for one in answer[1]["maps"]]


def assert_right(store, plan, rows, but=()):
    """Answers and sizes of slopes of sin a + 3 sin b, in closed form."""
    told, maps = kept(store, plan)
    fine = [row for row in told if row["index"] not in but]
    assert [row["index"] for row in told] == list(range(len(rows)))
    assert all(row["error"] is None for row in fine)
    due = np.delete(rows, list(but), 0)
    answers = [row["answer"] for row in fine]
    np.testing.assert_allclose(answers, np.sin(due) @ [1, 3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(maps, np.abs(np.cos(due) * [1, 3]), rtol=1e-5, atol=1e-6)
    return told


def marks(store):
    return list(store.folder.glob("*.asked"))


def test_as_on_this_machine_and_either_continues_the_other(cluster, store, here, networks):
    rows, plan = plan_of(store, networks, 1, "slow")
    run, together = LongRuns(here, cluster=cluster).start(plan, "ann"), 0
    while run.state == RUNNING:
        together = max(together, len(marks(store)))
        time.sleep(0.005)
    assert ended(run).where == "2 workers of the cluster" and run.note == ""
    assert here.asked == [] and together == 2 and marks(store) == []
    assert (run.done, run.failed) == (COUNT, 0)
    there = kept(store, plan)
    assert_right(store, plan, rows)
    parts = [task.digest() for task in plan.tasks()]
    for part in parts[1::2]:
        store.delete(part)
    ended(LongRuns(here).start(plan, "ann"))
    assert here.asked == [4, 12, 20], "the others are kept"
    mixed = kept(store, plan)
    for one, other in zip(there[0], mixed[0], strict=True):
        assert one.keys() == other.keys()
        for name in one.keys() - {"seconds"}:
            due = other[name]
            assert one[name] == (pytest.approx(due, 1e-6) if type(due) is float else due), name
    np.testing.assert_allclose(there[1], mixed[1], rtol=1e-6)
    for part in parts[::2]:
        store.delete(part)
    ended(LongRuns(here, cluster=cluster).start(plan, "bob"))
    assert here.asked == [4, 12, 20] and kept(store, plan)[0][0]["answer"] is not None


def test_small_runs_never_go_there(cluster, store, here, networks):
    rows, plan = plan_of(store, networks, 2, count=2 * PART)
    run = ended(LongRuns(here, cluster=cluster).start(plan, "ann"))
    assert here.asked == [0, 4] and (run.where, run.note) == ("", "")
    assert_right(store, plan, rows)


def test_an_input_that_ends_what_works_on_it_is_set_aside(cluster, store, here, networks):
    rows, plan = plan_of(store, networks, 3, deadly=[DEADLY])
    run = ended(LongRuns(here, cluster=cluster).start(plan, "ann"))
    told = assert_right(store, plan, rows, but=[DEADLY])
    assert "set aside" in told[DEADLY]["error"] and run.failed == 1
    assert here.asked == [] and cluster.workers == 2


def test_paused_and_cancelled_there_too(cluster, store, here, networks, monkeypatch):
    monkeypatch.setattr(cluster_module, "SECONDS_TO_STOP", 60)
    _, plan = plan_of(store, networks, 4, sleepy=range(2 * PART, COUNT))
    runs = LongRuns(here, cluster=cluster)
    run = runs.start(plan, "ann")
    until(lambda: run, lambda: run.done == 2 * PART and len(marks(store)) == 2)
    runs.pause(run)
    began = time.monotonic()
    ended(run, PAUSED)
    assert time.monotonic() - began < 10 and marks(store) == []
    assert [row["index"] for row in kept(store, plan)[0]] == list(range(2 * PART))
    again = runs.start(plan, "ann")
    until(lambda: again, lambda: len(marks(store)) == 2)
    runs.cancel(again)
    ended(again, PAUSED)
    assert kept(store, plan) == ([], [])


def test_workers_of_another_version_are_not_used(
    cluster, store, here, networks, monkeypatch, caplog
):
    monkeypatch.setattr(cluster, "_needs", {**cluster._needs, "torch": "1.0"})
    monkeypatch.setattr(cluster_module, "SECONDS_AFTER_A_REFUSAL", 0.5)
    rows, plan = plan_of(store, networks, 5)
    run = ended(LongRuns(here, cluster=cluster).start(plan, "ann"))
    assert_right(store, plan, rows)
    assert len(here.asked) >= COUNT / PART - 1
    assert "finds the reason in its log. This run continues" in run.note
    assert "instead of 1.0" in caplog.text and run.message == ""
    monkeypatch.undo()
    until(lambda: run, lambda: cluster.workers == 2)


def test_what_a_worker_leaves_that_is_no_answer_is_not_taken(cluster, store, networks):
    task = next(plan_of(store, networks, 8)[1].tasks())
    store.put_answer(task.digest(), {"rows": [{"index": 0}]}, maps=np.zeros(3))
    assert cluster.result(Job(task, "run", task.digest(), DONE)) is None
    assert not store.has_answer(task.digest())


def test_a_worker_that_is_killed_costs_its_part(processes, cluster, store, here, networks):
    rows, plan = plan_of(store, networks, 6, "slow")
    run = LongRuns(here, cluster=cluster).start(plan, "ann")
    until(lambda: run, lambda: run.done >= PART and len(marks(store)) == 2)
    processes.workers[0].kill()
    ended(run)
    assert processes.workers[0].exitcode == -9 and here.asked == []
    assert_right(store, plan, rows)


def test_without_its_scheduler_a_run_goes_on_here(processes, cluster, store, here, networks):
    rows, plan = plan_of(store, networks, 7, "slow")
    run = LongRuns(here, cluster=cluster).start(plan, "ann")
    until(lambda: run, lambda: run.done >= PART)
    processes.scheduler.kill()
    until(lambda: run, lambda: run.note != "")
    assert run.note == (
        f"The cluster at {processes.address} cannot be reached. This run continues on this machine."
    )
    ended(run)
    assert here.asked and here.asked[0] > 0 and marks(store) == []
    assert_right(store, plan, rows)
    assert cluster.health() == {"ok": False, "workers": 0}


def test_a_cluster_that_comes_back_is_found(processes, cluster, store, monkeypatch):
    monkeypatch.setattr(cluster_module, "SECONDS_UNTIL_TRIED_AGAIN", 0.1)
    processes.kill()
    processes.start(port=processes.port)
    processes.add()
    until(lambda: cluster, lambda: cluster.workers == 1)
    assert cluster.refusal == "" and cluster.words == "1 worker of the cluster"
