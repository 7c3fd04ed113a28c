"""What goes wrong around the engine: lost workers, cancels, a store that is away, single jobs.

None of it ends the service, or costs another visitor more than time.
"""

import json
import time

import pytest

from explainers.models.spec import ModelSpec
from explainers.service.backends.board import Board
from explainers.service.backends.job import RUNNING, Job
from explainers.service.backends.local import LocalBackend
from explainers.service.backends.worker_loop import WorkerLoop
from explainers.service.storage.folder import UNWRITABLE
from explainers.service.tasks.predict import Predict
from explainers.service.worker import process, protocol
from tests.faults.test_store_faults import Blocked
from tests.hostile.test_hostile_worker import lying_task
from tests.service.test_local_backend import finished, until


def task(item: int = 0) -> Predict:
    return Predict(ModelSpec("demo", "signs"), device=f"cpu:{item}")


@pytest.fixture
def loop(tmp_path):
    """The engine's inner half, of which no thread runs."""
    board = Board(tmp_path)
    yield WorkerLoop(board)
    board.close()


def running(loop: WorkerLoop, *visitors: str) -> list[Job]:
    jobs = [Job(task(at), who, task(at).digest()) for at, who in enumerate(visitors)]
    for job in jobs:
        job.state, job.attempts, job.started = RUNNING, job.attempts + 1, time.monotonic()
    loop.running = list(jobs)
    return jobs


def again(loop: WorkerLoop, *jobs: Job) -> None:
    """What the scheduler does with jobs that wait, in that order."""
    for job in jobs:
        loop._board.queue.remove(job)
        job.state, job.attempts = RUNNING, job.attempts + 1
    loop.running = list(jobs)


@pytest.mark.parametrize("lied", [False, True])
def test_whose_worker_another_ended_is_always_tried_again(loop, lied):
    for _ in range(5):
        victim, culprit = running(loop, "ann", "bob")
        loop._lost_worker(lied)
        assert victim.state == "waiting" and victim.attempts == 0 and not victim.message
        if lied:
            assert culprit.state == "failed"
        else:
            assert culprit.state == "waiting" and "once more" in culprit.message
            again(loop, victim, culprit)
            loop._lost_worker(lied)
            assert victim.state == "waiting" and culprit.state == "failed"
        assert loop._board.queue.next() is victim


def test_a_cancel_ends_no_job_of_another(loop):
    outer, inner = running(loop, "ann", "bob")
    killed = []
    loop.worker.kill = lambda: killed.append(1)
    sent = type("Connection", (), {"send": lambda self, request: None})()
    loop._board.cancel(outer)
    outer.cancel_requested -= 10
    loop._pass_on_cancels(sent, time.monotonic())
    assert outer.state == "cancelled" and inner.state == "running" and not killed
    loop._board.cancel(inner)
    inner.cancel_requested -= 10
    loop._pass_on_cancels(sent, time.monotonic())
    assert killed, "the one that runs must heed"
    loop._lost_worker(False)
    assert inner.state == "cancelled" and not len(loop._board.queue)


def test_who_ended_a_worker_interrupts_nobody_for_a_while(loop):
    long = Job(task(9), "ann", "x")
    waiting = Job(task(1), "bob", "y")
    loop._board.queue.add(waiting)
    loop._board.queue.keep_apart("bob")
    assert loop._board.queue.next(beside=long) is None
    other = Job(task(2), "cat", "z")
    loop._board.queue.add(other)
    assert loop._board.queue.next(beside=long) is other
    assert loop._board.queue.next() is waiting


def test_turns_go_by_person_and_not_by_tab(loop):
    for tab in range(6):
        loop._board.queue.add(Job(task(tab), f"tab {tab}", f"{tab}", turn="ann"))
    victim = Job(task(7), "bob's tab", "7")
    loop._board.queue.add(victim)
    assert loop._board.queue.before(victim) == 1
    assert [loop._board.queue.next().turn for _ in range(3)] == ["ann", "bob's tab", "ann"]


def test_a_pass_without_end_holds_up_nobody(loop, monkeypatch):
    (endless,) = running(loop, "ann")
    killed = []
    loop.worker.kill = lambda: killed.append(1)
    sent = type("Connection", (), {"send": lambda self, request: None})()
    endless.heard -= 1000
    loop._board.queue.add(Job(task(3), "ann's other tab", "3", turn="ann"))
    loop._pass_on_cancels(sent, time.monotonic())
    assert endless.cancel_requested is None, "nobody else waits"
    loop._board.queue.add(Job(task(4), "bob", "4"))
    loop._pass_on_cancels(sent, time.monotonic())
    endless.cancel_requested -= 10
    loop._pass_on_cancels(sent, time.monotonic())
    assert killed
    loop._lost_worker(False)
    assert endless.state == "failed" and "while others waited" in endless.message
    (lively,) = running(loop, "ann")
    loop._pass_on_cancels(sent, time.monotonic())
    assert lively.cancel_requested is None


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "PREFORK", "tests.hostile.attackers.lying_worker")
        engine = LocalBackend(tmp_path_factory.mktemp("faults") / "store", workers=1)
        until(lambda: engine.worker_pid)
        yield engine
        engine.close()


def done(engine, item: int) -> Job:
    return finished(engine.submit(lying_task("truth", item=item), "ann"), 20)


def test_a_damaged_answer_is_computed_anew(engine):
    job = done(engine, 1)
    assert job.state == "done"
    engine.store.path(f"{job.digest}.npz").write_bytes(b"damaged")
    assert done(engine, 1).state == "done"
    assert engine.result(job)[0]["pid"] == engine.worker_pid


def test_jobs_wait_until_the_store_can_be_written(engine):
    assert engine.health().well
    before = engine.worker_pid
    with Blocked(engine.store.folder):
        time.sleep(1.1)
        job = engine.submit(lying_task("truth", item=2), "ann")
        until(lambda: job.message == UNWRITABLE, 10)
        assert job.state == "waiting" and engine.worker_pid == before
        health = engine.health()
        assert not health.store and not health.well and health.engine
        assert json.loads(json.dumps(health.as_facts()))["ok"] is False
    assert finished(job, 20).state == "done" and not job.message
    assert engine.health().well


def test_a_folder_that_was_deleted_is_made_again_with_another_worker(engine):
    before = engine.worker_pid
    for path in engine.store.folder.iterdir():
        path.unlink()
    engine.store.folder.rmdir()
    job = done(engine, 3)
    assert job.state == "done"
    until(lambda: engine.worker_pid not in (None, before), 10)
    assert done(engine, 7).state == "done"
    assert engine.store.folder.stat().st_mode & 0o777 == 0o700 and engine.health().well


def test_an_error_about_one_job_ends_no_other(engine, monkeypatch):
    bad, asked = lying_task("truth", item=4), protocol.run_request

    def request(digest, task):
        if task == bad:
            raise RuntimeError("of this job alone")
        return asked(digest, task)

    monkeypatch.setattr(protocol, "run_request", request)
    job = finished(engine.submit(bad, "ann"), 20)
    assert job.state == "failed" and "could not be started" in job.message
    monkeypatch.setattr(engine._first, "_take", lambda received: 1 / 0)
    stuck = engine.submit(lying_task("truth", item=5), "ann")
    time.sleep(1)
    monkeypatch.undo()
    assert engine.health().engine
    engine.cancel(stuck)
    until(lambda: stuck.over, 10)
    assert done(engine, 6).state == "done"


def test_health_says_that_there_is_no_worker(engine, monkeypatch):
    monkeypatch.setattr(engine._first, "_connection", None)
    monkeypatch.setattr(engine._first, "without_worker", time.monotonic() - 100)
    monkeypatch.setattr(engine._first.worker, "start", lambda: time.sleep(0.1))
    assert not engine.health().worker and not engine.health().well
