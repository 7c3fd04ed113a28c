"""The queue: visitors take turns, and it is bounded."""

import time
from dataclasses import replace

import pytest
from answering import Question

from explainers import Problem
from explainers.models.spec import ModelSpec
from explainers.service.backends import fair_queue
from explainers.service.backends.fair_queue import FairQueue
from explainers.service.backends.job import Job
from explainers.service.limits import limits


def jobs(turns, *names):
    made = [Job(None, name[0], name) for name in names]
    for job in made:
        turns.add(job)
    return made


def test_visitors_take_turns():
    turns = FairQueue()
    jobs(turns, "a1", "a2", "a3", "b1", "c1", "c2")
    order = []
    while (job := turns.next()) is not None:
        order.append(job.digest)
    assert order == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_what_comes_before_is_what_is_taken_before():
    names = ["a1", "a2", "a3", "b1", "c1", "c2"]
    turns = FairQueue()
    promised = {job.digest: job for job in jobs(turns, *names)}
    promised = {name: turns.before(job) for name, job in promised.items()}
    taken = [turns.next().digest for _ in names]
    assert promised == {name: place for place, name in enumerate(taken)}


def test_only_other_visitors_and_short_jobs_interrupt():
    asks = Question(ModelSpec("demo", "signs"), "0" * 64, method="rise")
    running, own, short, other = (
        Job(request.task, visitor, name)
        for request, visitor, name in (
            (asks, "a", "running"),
            (asks, "a", "own"),
            (replace(asks, method=""), "c", "short"),
            (asks, "b", "other"),
        )
    )
    turns = FairQueue()
    for job in (own, short, other):
        turns.add(job)
    assert [turns.next(beside=running) for _ in range(3)] == [short, other, None]
    assert turns.next() is own


def test_the_queue_is_bounded_per_visitor():
    turns = FairQueue()
    jobs(turns, *(f"a{index}" for index in range(limits().jobs_per_visitor)))
    with pytest.raises(Problem, match="as many as one visitor may"):
        jobs(turns, "a-last")
    jobs(turns, "b1")


def test_a_job_tried_again_comes_first():
    turns = FairQueue()
    first, *_ = jobs(turns, "a1", "b1")
    assert turns.next() is first
    turns.add(first, first=True)
    assert turns.next() is first


def test_what_is_in_the_background_waits_for_all_others_and_keeps_nobody_out(monkeypatch):
    monkeypatch.setattr(fair_queue, "SECONDS_QUIET", 0.0)
    turns = FairQueue()
    ahead = [Job(None, "server", f"s{i}", background=True) for i in range(3)]
    for job in ahead[:2]:
        turns.add(job)
    a, b = jobs(turns, "a1", "b1")
    turns.add(ahead[2])
    assert [turns.before(job) for job in (a, b, *ahead)] == [0, 1, 2, 3, 4]
    assert turns.others_than("a") and not turns._may_interrupt(ahead[0], a)
    assert [turns.next() for _ in range(5)] == [a, b, *ahead]
    for job in ahead:
        turns.add(job)
    assert not turns.others_than("a")
    for index in range(limits().jobs_waiting + 5):  # trusted, and not counted
        turns.add(Job(None, "server", f"t{index}", background=True))
    jobs(turns, "a2")
    assert turns.next().digest == "a2"


def test_what_is_in_the_background_waits_until_nobody_has_asked_for_a_while(monkeypatch):
    turns = FairQueue()
    turns.add(ahead := Job(None, "server", "s", background=True))
    assert turns.seen() is ahead, "nobody has asked"
    (asked,) = jobs(turns, "a1")
    assert turns.next() is asked and turns.next() is None
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + fair_queue.SECONDS_QUIET)
    assert turns.next() is ahead


def test_what_was_parsed_keeps_its_place_among_its_visitors_own():
    turns = FairQueue()
    a1, a2, a3, b1 = (Job(None, name[0], name) for name in ("a1", "a2", "a3", "b1"))
    for job in (b1, a3, a1, a2):  # as their uploads happened to be parsed
        turns.add_parsed(job)
    assert [turns.next() for _ in range(4)] == [b1, a1, a2, a3]
