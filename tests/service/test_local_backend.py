"""The engine with its real worker process."""

import contextlib
import dataclasses
import io
import os
import signal
import time

import numpy as np
import pytest
import torch
import torchvision
from answering import Question
from safetensors.torch import save

from explainers.models.spec import ModelSpec
from explainers.service.backends.local import LocalBackend
from explainers.service.recipe import recipe
from explainers.service.worker.main import _is_for_another


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = LocalBackend(tmp_path_factory.mktemp("store"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def weights() -> bytes:
    torch.manual_seed(0)
    return save(torchvision.models.squeezenet1_1(num_classes=5).state_dict())


@pytest.fixture
def request_(engine, photo, weights):
    spec = ModelSpec(
        "upload", "squeezenet1_1", engine.store.put_blob(weights) + ".safetensors", size=64
    )
    return Question(spec, engine.store.put_blob(photo), target=2)


def finished(job, seconds=180):
    until = time.monotonic() + seconds
    while not job.over and time.monotonic() < until:
        job.touch()
        time.sleep(0.01)
    assert job.over, (job.state, job.progress)
    return job


def until(condition, seconds=180):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def long(request_, seed=0):
    options = {"samples": 100_000, "seed": seed}
    return dataclasses.replace(request_, method="rise", options=options)


def test_the_worker_gets_as_much_of_the_processor_as_any_program(engine):
    until(lambda: engine.worker_pid)
    assert os.getpriority(os.PRIO_PROCESS, engine.worker_pid) == os.getpriority(os.PRIO_PROCESS, 0)


def test_a_prediction_is_that_of_the_model(engine, request_, photo, weights):
    from explainers.kinds import picture
    from explainers.models.prepared import build

    job = finished(engine.submit(request_.task, "a"))
    assert job.state == "done", job.message
    facts, arrays = engine.store.answer(job.digest)
    model, _, _ = build(request_.model, (weights, ".safetensors"))
    x = torch.from_numpy(picture.pixels(picture.read(photo), 64, "crop"))[None]
    with torch.no_grad():
        expected = model(torch.cat([x, x * 0])).softmax(1).numpy()
    np.testing.assert_allclose(arrays["probabilities"], expected[0], rtol=1e-4)
    np.testing.assert_allclose(arrays["baseline_probabilities"], expected[1], rtol=1e-4)
    assert facts["region"] == [0.125, 0.0, 0.75, 1.0]


def test_the_recipe_gives_the_same_numbers(engine, request_, photo, weights, tmp_path):
    (tmp_path / "photo.png").write_bytes(photo)
    (tmp_path / "weights.safetensors").write_bytes(weights)
    question = dataclasses.replace(
        request_,
        method="integrated_gradients",
        options={"steps": 9},
        baseline="blur",
        baseline_options={"sigma": 0.2},
        rather_than=1,
    )
    job = finished(engine.submit(question.task, "a"))
    facts, arrays = engine.store.answer(job.digest)
    text = recipe(question.task, str(tmp_path / "photo.png"), str(tmp_path / "weights.safetensors"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "recipe", "exec"), {})
    found = printed.getvalue().split()
    assert float(found[3]) == pytest.approx(arrays["scores"].sum(), rel=1e-3, abs=1e-5)
    assert float(found[5]) == pytest.approx(facts["output"], rel=1e-4)
    assert float(found[7]) == pytest.approx(facts["baseline_output"], rel=1e-4)


def test_an_answer_in_the_store_is_not_computed_again(engine, request_):
    question = dataclasses.replace(request_, method="saliency")
    finished(engine.submit(question.task, "a"))
    again = engine.submit(question.task, "b")
    assert again.state == "done" and again.attempts == 0
    other = engine.submit(dataclasses.replace(question, target=3).task, "b")
    assert finished(other).attempts == 1


def test_progress_partial_map_and_cancel_long_before_the_end(engine, request_):
    job = engine.submit(long(request_).task, "a")
    until(lambda: job.with_map is not None)
    assert job.with_map.partial.shape == (64, 64)
    assert 0 < job.progress.done < job.progress.total
    started, left = time.monotonic(), job.progress.seconds_left
    engine.cancel(job)
    next_one = engine.submit(dataclasses.replace(request_, method="saliency", target=4).task, "b")
    until(lambda: next_one.state != "waiting")
    assert time.monotonic() - started < left / 10
    assert job.state == "cancelled"
    assert finished(next_one).state == "done"


def test_a_long_job_does_not_block_other_visitors(engine, request_):
    job = engine.submit(long(request_, 5).task, "a")
    until(lambda: job.state == "running" and job.progress)
    other = engine.submit(dataclasses.replace(request_, method="saliency", target=0).task, "b")
    own = engine.submit(dataclasses.replace(request_, method="gradient_x_input").task, "a")
    short = engine.submit(dataclasses.replace(request_, baseline="white").task, "c")
    assert finished(other).state == "done" and finished(short).state == "done"
    assert job.state == "running" and own.state == "waiting"
    done = job.progress.done
    until(lambda: job.progress.done > done)
    engine.cancel(job)
    assert finished(own).state == "done" and job.state == "cancelled"


def test_a_worker_that_does_not_heed_a_cancel_is_replaced(engine, request_):
    job = engine.submit(long(request_, 1).task, "a")
    until(lambda: job.state == "running" and job.progress)
    pid = engine.worker_pid
    os.kill(pid, signal.SIGSTOP)
    engine.cancel(job)
    until(lambda: job.state == "cancelled", 5)
    until(lambda: engine.worker_pid not in (None, pid), 10)
    assert finished(engine.submit(request_.task, "a")).state == "done"


def test_a_killed_worker_is_replaced_and_jobs_are_tried_again(engine, request_):
    job = engine.submit(long(request_, 2).task, "a")
    waiting = engine.submit(dataclasses.replace(request_, method="saliency", target=1).task, "a")
    until(lambda: job.state == "running" and job.progress)
    assert engine.jobs_before(waiting) == 1
    os.kill(engine.worker_pid, signal.SIGKILL)
    until(lambda: job.attempts == 2 and job.state == "running")
    assert "started again" in job.message
    os.kill(engine.worker_pid, signal.SIGKILL)
    until(lambda: job.state == "failed")
    assert "ended twice" in job.message
    assert finished(waiting).state == "done"


def test_problems_come_back_as_sentences(engine, request_):
    wrong = dataclasses.replace(request_.model, name="resnet18")
    job = finished(engine.submit(dataclasses.replace(request_, model=wrong).task, "a"))
    assert job.state == "failed" and "do not fit resnet18" in job.message
    zero = dataclasses.replace(request_.model, std=(0.0, 1.0, 1.0))
    job = finished(engine.submit(dataclasses.replace(request_, model=zero).task, "a"))
    assert "NaN" in job.message
    gone = dataclasses.replace(request_, data="0" * 64)
    assert "no longer kept" in finished(engine.submit(gone.task, "a")).message


def test_the_digest_follows_everything_that_decides_the_answer(request_):
    changes = [
        {"method": "rise"},
        {"options": {"seed": 1}},
        {"baseline": "blur"},
        {"target": 1},
        {"baseline_options": {"sigma": 0.1}},
        {"rather_than": 0},
        {"score": "output"},
        {"data": "1" * 64},
        {"model": dataclasses.replace(request_.model, size=65)},
    ]
    question = dataclasses.replace(request_, method="saliency")
    digests = {dataclasses.replace(question, **change).digest() for change in [{}, *changes]}
    assert len(digests) == len(changes) + 1


def test_a_worker_forked_before_all_is_imported_leaves_to_others_what_it_lacks(request_):
    demo, upload = dataclasses.replace(request_, model=ModelSpec("demo", "signs")), request_
    complete, until_complete = os.pipe()
    assert not _is_for_another(demo.task, complete)
    assert _is_for_another(upload.task, complete)
    os.close(until_complete)
    assert _is_for_another(demo.task, complete)
    os.close(complete)
