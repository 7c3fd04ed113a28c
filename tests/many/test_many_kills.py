"""A run that is killed at any moment goes on where it was; what kills it is found and set aside."""

import contextlib
import multiprocessing as mp
import os
import random
import signal
import time

import numpy as np
import pytest
from PIL import Image
from small_runs import (
    ASKED,
    Deadly,
    Tiny,
    Unopenable,
    assert_alike,
    deadly_parse,
    pictures,
    run_alone,
)

from explainers import Cancelled, Problem, explain_many
from explainers.many.keeping import whole_files
from explainers.many.run import open_run

KILLS, COUNT = 10, 160


@pytest.fixture(scope="module")
def context():
    """A server that has torch already, so that a process starts at once."""
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["explainers.many.warm", "small_runs"])
    return context


def started(context, source, to):
    """A process that works on the run, and the pipe on which it says so, once it has begun."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=run_alone, args=(source, to, theirs))
    process.start()
    theirs.close()
    return process, ours, ours.recv()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
def test_killed_at_ten_random_moments_and_resumed(context, tmp_path):
    source = pictures(tmp_path / "in", COUNT)
    process, said, began = started(context, source, tmp_path / "whole")
    seconds = said.recv() - began
    process.join()
    assert process.exitcode == 0
    chance, kept, killed, longest = random.Random(18), [], 0, seconds / 4
    for _ in range(KILLS):
        # Its pipe is held: one that was faster says so at its end, and would fail without a reader.
        process, _said, _ = started(context, source, tmp_path / "out")
        time.sleep(chance.uniform(0, longest))
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL  # else it was faster
        assert process.exitcode in (0, -signal.SIGKILL)
        kept.append(len(list((tmp_path / "out" / "rows").glob("*.parquet"))))
        longest *= 1 if kept[-1] else 1.5  # a machine that is busy by now begins later
    assert kept == sorted(kept) and kept[-1] > 0 and killed > 2, kept
    run = explain_many(Tiny(), source, **ASKED, to=tmp_path / "out")
    assert_alike(run, open_run(tmp_path / "whole"), COUNT)


def test_ended_before_each_file_is_whole(tmp_path, monkeypatch):
    """Whatever part of a shard is on the disk when it ends: no input is lost or done twice."""
    source = pictures(tmp_path / "in", 6)
    whole = explain_many(Tiny(), source, **ASKED, to=tmp_path / "whole")
    real, calls, to = whole_files.os.fsync, [], tmp_path / "out"
    for last in range(1, 10):
        calls.clear()

        def fsync(handle, last=last):
            calls.append(handle)
            if len(calls) == last:
                with contextlib.suppress(OSError):  # of a folder
                    os.ftruncate(handle, 10)
                raise KeyboardInterrupt
            real(handle)

        monkeypatch.setattr(whole_files.os, "fsync", fsync)
        try:
            explain_many(Tiny(), source, **ASKED, to=to)
        except KeyboardInterrupt:
            continue
        break
    monkeypatch.undo()
    assert last > 1
    assert_alike(explain_many(Tiny(), source, **ASKED, to=to), whole, 6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
def test_inputs_that_end_their_process_are_named_and_cost_no_other(tmp_path):
    source = pictures(tmp_path / "in", 10)
    values = np.array(Image.open(source / "003.png"))
    values[0, 0] = 255
    Image.fromarray(values).save(source / "003.png")
    (source / "007.png").write_bytes(b"poison")
    asked = {**ASKED, "isolate": True, "parse": deadly_parse, "to": tmp_path / "out"}
    run = explain_many(Deadly(), source, **asked)
    rows = list(run.rows())
    assert [row["index"] for row in rows] == list(range(10))
    assert [row["index"] for row in rows if row["error"]] == [3, 7]
    assert rows[3]["name"] == "003.png"
    assert rows[3]["error"].startswith("Explaining it ended its process twice (signal 9")
    assert rows[7]["error"].startswith("Reading it ended its process twice (signal 6")
    # The others have the answers that they would have had.
    fine = [path for path in sorted(source.iterdir()) if path.stem not in ("003", "007")]
    alone = explain_many(Tiny(), fine, **ASKED, to=tmp_path / "fine")
    due = [row["answer"] for row in alone.rows()]
    assert [row["answer"] for row in rows if not row["error"]] == pytest.approx(due, rel=1e-6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
def test_a_process_that_never_comes_to_an_input_is_not_started_for_ever(tmp_path):
    source = pictures(tmp_path / "in", 2)
    with pytest.raises(Problem, match="ended 2 times before it came to an input .exit status 3"):
        explain_many(Unopenable(), source, **ASKED, isolate=True, to=tmp_path / "out")
    with pytest.raises(Problem, match="cannot be sent to a process of its own"):
        explain_many(lambda x: x, source, **ASKED, isolate=True, to=tmp_path / "out")


def test_cancelled_from_its_progress_and_resumed(tmp_path):
    source, seen = pictures(tmp_path / "in", 12), []

    def stop(progress):
        seen.append(progress.done)
        if progress.done >= 6:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain_many(Tiny(), source, **ASKED, to=tmp_path / "out", progress=stop)
    assert open_run(tmp_path / "out").done == 4
    seen.clear()
    run = explain_many(
        Tiny(), source, **ASKED, to=tmp_path / "out", progress=lambda p: seen.append(p.done)
    )
    assert seen[0] == 4 and run.done == 12
