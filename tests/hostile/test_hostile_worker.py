"""A worker that was taken over can only send data: whatever it sends, the engine goes on."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from answering import Question

from explainers.models.spec import ModelSpec
from explainers.service.backends.local import LocalBackend
from explainers.service.tasks import Task
from explainers.service.worker import process
from explainers.service.worker.protocol import Progress, ProtocolError, decode
from tests.hostile.attackers.lying_worker import LIES, PROGRESS, RAW, TRUTH
from tests.service.test_local_backend import finished, until


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "PREFORK", "tests.hostile.attackers.lying_worker")
        patch.setenv("EVIDENT_TRAP", str(folder / "sprung"))
        engine = LocalBackend(folder, workers=1)
        # What forks workers gets its environment when the first worker is started.
        until(lambda: engine.worker_pid)
        yield engine
        assert not (folder / "sprung").exists()
        engine.close()


def lying_task(lie: str, **more) -> Task:
    """A task that the lying worker answers with this lie."""
    options = {"lie": lie}
    return Question(
        ModelSpec("demo", "signs"), "", method="saliency", options=options, values=(0.5,), **more
    ).task


def replaced(engine, lie: str) -> str:
    """Tell the lie; the next job must be answered by another worker. What was said of the first."""
    before = engine.worker_pid
    job = finished(engine.submit(lying_task(lie), "a"), 20)
    after = finished(engine.submit(lying_task("truth", item=hash(lie) % 10**9), "b"), 20)
    assert after.state == "done", after.message
    assert engine.store.answer(after.digest)[0]["pid"] == engine.worker_pid != before
    until(lambda: not Path(f"/proc/{before}").exists(), 5)
    assert job.state == "failed"
    return job.message


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found_out(lie):
    with pytest.raises(ProtocolError):
        decode(LIES[lie])


def test_the_truth_is_understood():
    message, partial = decode(TRUTH)
    assert isinstance(message, Progress) and partial.tolist() == [[0, 0], [0, 0]]
    assert {name: getattr(message, name) for name in PROGRESS} == PROGRESS


def test_numbers_arrive_as_they_were_sent():
    from multiprocessing.connection import Pipe

    from explainers.service.tasks.context import ProgressReport
    from explainers.service.worker.protocol import MOST_NUMBERS, report_of, send_progress

    ours, theirs = Pipe()
    map_ = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    sent = ProgressReport(1, 2, 0.5, "asking", map_, {"region": [0.1, 0.2]})
    send_progress(theirs, "a" * 64, sent)
    message, partial = decode(ours.recv_bytes())
    report = report_of(message, partial)
    assert message.job == "a" * 64 and report.facts["region"] == [0.1, 0.2]
    assert np.array_equal(report.partial, map_) and report.partial.flags.writeable
    assert (report.done, report.total, report.seconds_left, report.what) == (1, 2, 0.5, "asking")
    large = np.zeros(MOST_NUMBERS + 1, np.float32)
    send_progress(theirs, "a" * 64, ProgressReport(1, 2, 0.5, partial=large))
    assert decode(ours.recv_bytes())[1] is None


@pytest.mark.parametrize("lie", [*list(LIES)[::6], "a huge map", *RAW])
def test_the_job_fails_in_words_and_the_worker_is_replaced(engine, lie):
    assert "what no worker sends" in replaced(engine, lie)


@pytest.mark.parametrize("lie", ["half", "flood", "deaf"])
def test_a_worker_that_answers_nothing_can_be_cancelled(engine, lie):
    before = engine.worker_pid
    large = lying_task(lie, baseline_options={"much": "x" * 2_000_000})
    job = engine.submit(large, "a")
    until(lambda: job.state == "running")
    second = engine.submit(
        lying_task("never heard", baseline_options={"much": "x" * 2_000_000}), "b"
    )
    time.sleep(2.5)  # the second is sent to the worker beside the first
    started = time.monotonic()
    engine.cancel(second)
    engine.cancel(job)
    until(lambda: job.over and second.over, 5)
    assert job.state == second.state == "cancelled" and time.monotonic() - started < 3
    until(lambda: engine.worker_pid not in (None, before), 20)
    assert finished(engine.submit(lying_task("truth", item=len(lie)), "a"), 20).state == "done"


def test_a_flood_fills_no_memory(engine):
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    job = engine.submit(lying_task("flood", item=1), "a")
    until(lambda: job.progress)
    before = resident()
    time.sleep(1.5)
    assert resident() - before < 50e6
    engine.cancel(job)
    until(lambda: job.over, 5)


def test_who_comes_back_under_another_name_is_not_believed(engine):
    before = engine.worker_pid
    job = finished(engine.submit(lying_task("comes back"), "a"), 20)
    assert job.state == "failed" and "ended twice" in job.message
    assert engine.devices == {"cpu": "CPU"}
    assert finished(engine.submit(lying_task("truth", item=77), "b"), 20).state == "done"
    until(lambda: not Path(f"/proc/{before}").exists(), 5)
    assert Path(f"/proc/{os.getpid()}").exists(), "nobody was ended at a liar's word"


def test_what_it_says_to_people_is_plain(engine):
    message = finished(engine.submit(lying_task("sentence"), "a"), 20).message
    assert "![" not in message and "](" not in message and message.isprintable()


def test_what_it_says_of_another_job_is_not_heard(engine):
    job = engine.submit(lying_task("another job"), "a")
    until(lambda: job.state == "running")
    time.sleep(0.5)
    assert job.state == "running"
    engine.cancel(job)
    until(lambda: job.over, 5)
    assert job.state == "cancelled"


def test_done_without_an_answer_is_a_failure_in_words(engine):
    job = finished(engine.submit(lying_task("no answer"), "a"), 20)
    assert job.state == "failed" and "left no answer" in job.message
