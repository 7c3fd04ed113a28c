"""Nobody holds up the others: neither with many tabs, nor a pass without end, nor slow files."""

import contextlib
import dataclasses
import threading
import time

import pytest

from explainers.errors import Cancelled, Problem
from explainers.service.backends import fair_queue, worker_loop
from explainers.service.backends import job as jobs_module
from explainers.service.backends.board import Board
from explainers.service.backends.job import RUNNING, Job
from explainers.service.backends.local import LocalBackend
from explainers.service.backends.worker_loop import WorkerLoop
from explainers.service.limits import limits
from explainers.service.parsing import fair_slots
from explainers.service.parsing.fair_slots import FairSlots
from explainers.service.tasks.context import ProgressReport
from explainers.service.worker import process
from tests.faults.test_engine_faults import task
from tests.hostile.test_hostile_worker import lying_task
from tests.service.test_local_backend import finished, until


class Sent:
    """The engine's end of a line to a worker that does nothing."""

    def __init__(self):
        self.requests = []

    def send(self, request):
        self.requests.append(request)


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    """With two workers, of which one that is asked for "deaf" makes a pass without end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "PREFORK", "tests.hostile.attackers.lying_worker")
        backend = LocalBackend(tmp_path_factory.mktemp("fair"), workers=2)
        until(lambda: backend.worker_pid)
        yield backend
        backend.close()


@pytest.fixture
def engine(backend):
    """The same for every test, with nothing to do."""
    yield backend
    for job in backend._board.jobs():
        backend.cancel(job)
    until(lambda: not backend._board.jobs(), 10)


def test_the_second_worker_comes_when_needed_and_goes(engine, monkeypatch):
    second = engine._loops[1]
    assert finished(engine.submit(lying_task("truth"), "ann"), 10).state == "done"
    assert not second.has_worker
    endless = engine.submit(lying_task("deaf"), "ann")
    until(lambda: endless.state == "running")
    assert finished(engine.submit(lying_task("truth", item=1), "bob"), 10).state == "done"
    assert second.has_worker and engine.health().well
    monkeypatch.setattr(worker_loop, "SECONDS_KEPT", 0.0)
    until(lambda: not second.has_worker, 5)
    assert endless.state == "running"


def test_a_pass_without_end_and_many_tabs_keep_nobody_waiting(engine, monkeypatch):
    monkeypatch.setattr(
        jobs_module, "limits", lambda: dataclasses.replace(limits(), load_seconds=3.0)
    )
    tabs = [engine.submit(lying_task("deaf", item=k), f"tab {k}", turn="ann") for k in range(6)]
    until(lambda: tabs[0].state == "running")
    started = time.monotonic()
    victims = [engine.submit(lying_task("truth", item=k), f"v{k}") for k in range(4)]
    for victim in victims:
        assert finished(victim, 10).state == "done"
    assert time.monotonic() - started < 4
    running = engine._board.running()
    assert [job.turn for job in running] == ["ann"], "with all tabs no more than one worker"
    assert finished(tabs[0], 10).state == "failed"
    assert "while others waited" in tabs[0].message and "3 seconds" in tabs[0].message


def test_a_long_pass_is_let_be_where_nobody_waits(engine, monkeypatch):
    monkeypatch.setattr(
        jobs_module, "limits", lambda: dataclasses.replace(limits(), load_seconds=0.5)
    )
    alone = engine.submit(lying_task("deaf", item=9), "ann")
    own = engine.submit(lying_task("truth", item=9), "ann")
    time.sleep(1.5)
    assert alone.state == "running" and own.state == "waiting"
    engine.cancel(alone)
    assert finished(own, 10).state == "done"


def test_a_step_of_a_loaded_network_has_less_time_than_to_load_it():
    job, limit = Job(task(0), "ann", "digest"), limits()
    assert limit.pass_seconds < limit.load_seconds
    job.heard = 100.0
    later = job.heard + (limit.pass_seconds + limit.load_seconds) / 2
    assert not job.is_silent(later) and job.is_silent(job.heard + limit.load_seconds + 1)
    job.progress = ProgressReport()
    assert job.is_silent(later) and not job.is_silent(job.heard + limit.pass_seconds - 1)
    job.again("")
    assert not job.is_silent(later), "another worker loads it anew"


@pytest.mark.parametrize("heeds", [True, False])
def test_what_interrupts_for_long_gives_way(tmp_path, monkeypatch, heeds):
    board = Board(tmp_path)
    loop = WorkerLoop(board)
    sent, killed, now = Sent(), [], time.monotonic()
    loop.worker.kill = lambda: killed.append(1)
    outer, inner = (Job(task(at), who, task(at).digest()) for at, who in enumerate(("ann", "bob")))
    for job in (outer, inner):
        job.state, job.attempts, job.started = RUNNING, 1, now
    loop.running = [outer, inner]
    loop._pass_on_cancels(sent, now + 1)
    assert inner.put_off is None and not sent.requests
    later = now + worker_loop.SECONDS_IN_BETWEEN + 1
    inner.heard = outer.heard = later
    loop._pass_on_cancels(sent, later)
    assert inner.put_off == later
    loop._pass_on_cancels(sent, later + 1)
    assert sent.requests and not killed and inner.cancel_requested is None
    if heeds:
        loop._take((worker_loop.protocol.Cancelled(inner.digest), None))
        assert loop.running == [outer]
    else:
        loop._pass_on_cancels(sent, later + worker_loop.SECONDS_TO_GIVE_WAY + 1)
        assert killed
        loop._lost_worker(False)
        assert outer.state == "waiting" and outer.attempts == 0
    assert inner.state == "waiting" and inner.attempts == 0 and inner.alone
    assert "when there is room" in inner.message
    long = Job(task(5), "cat", "x")
    assert board.queue.seen(beside=long) is not inner, "it interrupts nobody again"
    board.close()


def test_what_runs_in_the_background_gives_way_at_once_and_goes_on_later(tmp_path, monkeypatch):
    monkeypatch.setattr(fair_queue, "SECONDS_QUIET", 0.0)
    board = Board(tmp_path)
    loop, sent, now = WorkerLoop(board), Sent(), time.monotonic()
    ahead = Job(task(0), "server", task(0).digest(), background=True)
    ahead.state, ahead.attempts, ahead.started = RUNNING, 1, now
    loop.running = [ahead]
    board.queue.add(Job(task(1), "server", "another", background=True))
    loop._pass_on_cancels(sent, now)
    assert not sent.requests, "it waits for its like"
    board.queue.add(asked := Job(task(2), "ann", "asked"))
    loop._pass_on_cancels(sent, now)
    assert sent.requests and ahead.cancel_requested is None
    loop._take((worker_loop.protocol.Cancelled(ahead.digest), None))
    assert loop.running == [] and ahead.state == "waiting" and ahead.attempts == 0
    assert board.queue.next() is asked
    assert {board.queue.next().digest for _ in range(2)} == {"another", ahead.digest}
    board.close()


def test_to_submit_waits_for_no_check(engine, monkeypatch):
    checking, checked = threading.Event(), threading.Event()

    def get(kind, digest, *more, **options):
        checking.set()
        checked.wait(20)
        raise Problem("this graph is none")

    monkeypatch.setattr(engine.parsed, "get", get)
    slow = dataclasses.replace(task().model, source="upload", weights="a" * 64 + ".onnx")
    asked = engine.submit(task().replace(model=slow), "ann")
    assert checking.wait(5)
    started = time.monotonic()
    others = [engine.submit(lying_task("truth", item=k), f"v{k}") for k in range(3)]
    assert time.monotonic() - started < 0.2
    assert all(finished(job, 10).state == "done" for job in others) and not asked.over
    checked.set()
    assert finished(asked, 10).message == "this graph is none"


def test_what_is_parsed_counts_as_waiting(tmp_path, monkeypatch):
    board = Board(tmp_path)
    held = threading.Event()
    monkeypatch.setattr(board.parsed, "known", lambda task: False)
    monkeypatch.setattr(board.parsed, "failure", lambda *given: held.wait(20) and "no" or "no")
    for k in range(limits().jobs_per_visitor):
        board.add(Job(task(k), f"tab {k}", f"{k}", turn="ann"))
    with pytest.raises(Problem, match="as many as one visitor may"):
        board.add(Job(task(99), "another tab", "99", turn="ann"))
    board.add(Job(task(99), "bob", "99"))
    held.set()
    until(lambda: not board.parsing, 10)
    board.close()


def test_files_are_read_in_turn(monkeypatch):
    monkeypatch.setattr(fair_slots, "SECONDS_ALONE", 0.3)
    slots, entered, end = FairSlots(1), [], threading.Event()

    def read(turn, wait):
        with contextlib.suppress(Cancelled), slots.one(turn, end.is_set):
            entered.append(turn)
            wait and end.wait(20)

    def started(turn, wait):
        thread = threading.Thread(target=read, args=(turn, wait), daemon=True)
        thread.start()
        time.sleep(0.02)
        return thread

    slow = [started("ann", True) for _ in range(5)]
    others = [started(who, False) for who in ("bob", "cat", "bob")]
    for thread in others:
        thread.join(5)
    assert entered == ["ann", "bob", "cat", "bob"], "one more is let in, but for ann"
    with pytest.raises(Cancelled), slots.one("ann", lambda: True):
        pass
    end.set()
    for thread in slow:
        thread.join(5)
    assert len(slots) == 0 and not any(thread.is_alive() for thread in slow)


def test_who_has_had_least_comes_first():
    slots, order, hold = FairSlots(1), [], threading.Event()

    def read(turn):
        with slots.one(turn, lambda: False):
            order.append(turn)
            if turn == "first":
                hold.wait(20)

    threads = []
    for turn in ("first", "ann", "ann", "ann", "bob"):
        threads.append(threading.Thread(target=read, args=(turn,)))
        threads[-1].start()
        time.sleep(0.02)
    hold.set()
    for thread in threads:
        thread.join(5)
    assert order[:3] == ["first", "ann", "bob"]
