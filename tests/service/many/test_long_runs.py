"""Runs go on by themselves, end where they are told, resume, and set aside what ends the worker."""

import threading
import time

import numpy as np
import pytest

from explainers import Problem
from explainers.many.reading.completion import parsed_file
from explainers.models.spec import ModelSpec
from explainers.service.backends import run_parts
from explainers.service.backends.job import CANCELLED, DONE, ENDED_TWICE, Job
from explainers.service.backends.long_run import FINISHED, PAUSED, RUNNING, STOPPED, LongRun
from explainers.service.backends.long_runs import LongRuns
from explainers.service.storage.store import Store
from explainers.service.tasks import InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.plan import ManyPlan

SPEC = ModelSpec("upload", "sum", kind="table", shape=(1,), columns=("a",))
COUNT = 10


class Backend:
    """Answers at once, but not beyond `until` inputs; some inputs end the process."""

    def __init__(self, folder, poison=(), sentence=""):
        self.store, self.parsed = Store(folder), self
        self.poison, self.sentence = set(poison), sentence
        self.asked: list[tuple[int, int]] = []
        self.visitors: set[str] = set()
        self.go = threading.Event()
        self.go.set()
        self.full = 0

    def get(self, kind, digest, turn="", **options):
        rows = "".join(f"{k}\n" for k in range(COUNT))
        return parsed_file(SPEC, f"a\n{rows}".encode(), ".csv")

    def submit(self, task, visitor, turn=""):
        if self.full:
            self.full -= 1
            raise Problem("Too many explanations are waiting here.")
        job = Job(task, visitor, task.digest(), turn=turn)
        self.visitors.add(turn)
        threading.Thread(target=self._answer, args=(job,), daemon=True).start()
        return job

    def _answer(self, job):
        while not self.go.wait(0.01):
            if job.cancel_requested:
                job.state = CANCELLED
                return
        task = job.task
        self.asked.append((task.start, task.stop))
        if self.sentence:
            job.fail(self.sentence)
        elif self.poison & set(range(task.start, task.stop)):
            job.fail(ENDED_TWICE)
        else:
            indices = range(task.start, task.stop)
            rows = [{"index": k, "name": f"row {k + 1}", "error": None} for k in indices]
            facts = {"rows": rows, "signed": True, "seconds": 0.0}
            maps = np.array(list(indices), np.float32)[:, None]
            self.store.put_answer(job.digest, facts, mapped=np.array(list(indices)), maps=maps)
            job.state = DONE

    def cancel(self, job):
        job.cancel_requested = time.monotonic()

    def result(self, job):
        return self.store.answer(job.digest)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(run_parts, "SECONDS_BETWEEN_LOOKS", 0.005)
    monkeypatch.setattr(run_parts, "SECONDS_UNTIL_TRIED_AGAIN", 0.01)


def plan_of(backend, part=4, method="saliency"):
    digest = backend.store.put_blob(b"rows")
    return ManyPlan(Explain(SPEC, InputRef(f"{digest}.csv"), method=method), COUNT, part)


def ended(run, seconds=20):
    until = time.monotonic() + seconds
    while run.state == RUNNING and time.monotonic() < until:
        time.sleep(0.005)
    assert run.state != RUNNING
    return run


def kept(backend, plan):
    answers = [backend.store.answer(task.digest()) for task in plan.tasks()]
    return [row for answer in answers if answer for row in answer[0]["rows"]]


def test_a_run_goes_to_its_end_by_itself_in_its_owners_turn(tmp_path):
    backend, recorded = Backend(tmp_path), []
    runs = LongRuns(backend, lambda owner, task: recorded.append((owner, task.start)))
    plan = plan_of(backend)
    run = ended(runs.start(plan, "ann"))
    assert (run.state, run.done, run.failed) == (FINISHED, COUNT, 0)
    assert backend.asked == [(0, 4), (4, 8), (8, 10)] and backend.visitors == {"ann"}
    assert recorded == [("ann", 0), ("ann", 4), ("ann", 8)]
    assert [row["index"] for row in kept(backend, plan)] == list(range(COUNT))
    assert runs.get(plan, "ann") is run and runs.get(plan, "bob") is None


def test_what_is_kept_is_not_asked_again(tmp_path):
    backend = Backend(tmp_path)
    plan = plan_of(backend)
    ended(LongRuns(backend).start(plan, "ann"))
    backend.store.path(f"{list(plan.tasks())[1].digest()}.npz").unlink()
    backend.asked.clear()
    run = ended(LongRuns(backend).start(plan, "ann"))  # as after a restart of the server
    assert backend.asked == [(4, 8)] and run.done == COUNT


def test_a_pause_keeps_what_is_done_and_goes_on_later(tmp_path):
    backend = Backend(tmp_path)
    backend.go.clear()
    runs, plan = LongRuns(backend), plan_of(backend)
    run = runs.start(plan, "ann")
    assert runs.of("ann") is run and runs.start(plan, "ann") is run
    with pytest.raises(Problem, match="Another run of yours"):
        runs.start(plan_of(backend, method="occlusion"), "ann")
    runs.pause(run)
    assert ended(run).state == PAUSED and run.done == 0 and runs.of("ann") is None
    backend.go.set()
    again = ended(runs.start(plan, "ann"))
    assert again.state == FINISHED and again.done == COUNT and again is not run


def test_a_cancelled_run_leaves_nothing(tmp_path):
    backend = Backend(tmp_path)
    runs, plan = LongRuns(backend), plan_of(backend)
    ended(runs.start(plan, "ann"))
    backend.store.delete(list(plan.tasks())[-1].digest())
    backend.go.clear()
    run = runs.start(plan, "ann")
    runs.cancel(run)
    assert ended(run).state == PAUSED and run.done == 0
    assert kept(backend, plan) == [] and not any(tmp_path.glob("*.npz"))


def test_a_cancelled_run_leaves_others_what_they_have(tmp_path):
    """Two who ask the same have the same answers: neither may delete the other's."""
    backend = Backend(tmp_path)
    runs, plan = LongRuns(backend), plan_of(backend)
    ended(runs.start(plan, "ann"))
    backend.store.delete(list(plan.tasks())[-1].digest())
    backend.go.clear()
    run = runs.start(plan, "bob")
    runs.cancel(run)
    assert ended(run).state == PAUSED and len(kept(backend, plan)) == 8
    run = runs.start(plan, "ann")
    runs.cancel(run)
    assert ended(run).state == PAUSED and kept(backend, plan) == []


def test_what_is_started_again_while_it_is_being_cancelled_keeps_what_it_does(tmp_path):
    backend = Backend(tmp_path)
    backend.cancel = lambda job: None  # which comes too late
    runs, plan = LongRuns(backend), plan_of(backend)
    backend.go.clear()
    run = runs.start(plan, "ann")
    runs.cancel(run)
    assert runs.start(plan, "ann") is run
    backend.go.set()
    assert ended(run).state == FINISHED and len(kept(backend, plan)) == COUNT


def test_what_ends_the_worker_is_found_and_set_aside(tmp_path):
    backend = Backend(tmp_path, poison=(5, 9))
    plan = plan_of(backend)
    run = ended(LongRuns(backend).start(plan, "ann"))
    assert (run.state, run.done, run.failed) == (FINISHED, COUNT, 2)
    rows = kept(backend, plan)
    assert [row["index"] for row in rows] == list(range(COUNT))
    failed = {row["index"]: row for row in rows if row["error"]}
    assert set(failed) == {5, 9} and "set aside" in failed[5]["error"]
    assert failed[5]["name"] == "row 6"
    whole = backend.store.answer(list(plan.tasks())[1].digest())
    assert whole[1]["mapped"].tolist() == [4, 6, 7] and whole[1]["maps"].shape == (3, 1)
    backend.asked.clear()
    assert ended(LongRuns(backend).start(plan, "ann")).failed == 2 and backend.asked == []


def test_what_holds_for_all_stops_the_run_with_its_sentence(tmp_path):
    backend = Backend(tmp_path, sentence="This model is no longer kept here. Upload it again.")
    run = ended(LongRuns(backend).start(plan_of(backend), "ann"))
    assert run.state == STOPPED and "Upload it again" in run.message
    assert backend.asked == [(0, 4)]


def test_a_full_queue_is_waited_for(tmp_path):
    backend = Backend(tmp_path)
    backend.full = 3
    run = ended(LongRuns(backend).start(plan_of(backend), "ann"))
    assert run.state == FINISHED and run.message == ""


def test_rate_and_time_left_count_what_was_done_since_the_start(tmp_path):
    backend = Backend(tmp_path)
    plan = plan_of(backend)
    run = LongRun(plan, "ann", done=6, began_with=2, started=time.monotonic() - 2)
    assert run.rate == pytest.approx(2, rel=0.05)
    assert run.seconds_left == pytest.approx(2, rel=0.05)
    assert LongRun(plan, "ann").seconds_left is None
