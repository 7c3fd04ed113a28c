"""Hostile uploads and a lying reader: each ends in a sentence, and the server goes on."""

import dataclasses
import os
import resource
import sys
import time

import numpy as np
import pytest

from explainers import Problem
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.parsing.parsers import PARSERS
from explainers.service.parsing.parsers.class_names import class_names
from explainers.service.parsing.parsers.state_dict import state_dict
from explainers.service.sandbox import fork_server
from explainers.service.sandbox.sandbox import sandbox_layers
from tests.hostile import files
from tests.hostile.attackers import lying_parser
from tests.hostile.outcomes import children, outcome

pytestmark = pytest.mark.skipif(
    not sandbox_layers().complete, reason="this system has no complete wall"
)


@pytest.fixture(scope="module")
def mark(tmp_path_factory):
    return tmp_path_factory.mktemp("mark") / "touched"


@pytest.fixture(scope="module")
def lying():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fork_server, "COMMAND", (sys.executable, lying_parser.__file__))
        parser_pool = ParserPool()
    yield parser_pool
    parser_pool.close()


def alive(parser_pool) -> None:
    """The next honest upload is read."""
    names = parser_pool.parse("class_names", b"cat\ndog")
    assert class_names(names) == ("cat", "dog")


def test_every_hostile_file_gets_a_sentence_and_touches_nothing(parser_pool, mark):
    results = {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, (kind, options, data) in files.everything(str(mark)):
        before = max(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        results[name] = outcome(parser_pool, name, kind, options, data, most=64e6)
        assert not mark.exists(), name
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert (after - before) * 1024 < 300e6, f"{name}: the server grew"
        alive(parser_pool)
    assert len(results) > 70
    refused = [name for name, ending in results.items() if ending != "result"]
    assert {n for n in results if any(w in n for w in ("Runs", "Opens", "Evaluates", "bomb"))} <= {
        *refused
    }
    assert children(parser_pool) == []


def test_the_programs_would_have_run(tmp_path):
    import io

    import torch

    for name, thing, new in files.programs(str(tmp_path / "mark")):
        buffer = io.BytesIO()
        torch.save(thing, buffer, _use_new_zipfile_serialization=new)
        torch.load(io.BytesIO(buffer.getvalue()), weights_only=False)
        assert (tmp_path / "mark").exists(), name
        os.unlink(tmp_path / "mark")


@pytest.mark.parametrize(
    "kind, megabytes", [("class_names", 1000), ("picture", 100), ("state_dict", 5000)]
)
def test_what_is_too_large_is_not_even_read(parser_pool, kind, megabytes, tmp_path):
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    started = time.monotonic()
    options = {"suffix": ".pt"} if kind == "state_dict" else {}
    with pytest.raises(Problem, match=f"has {megabytes} MB"):
        parser_pool.parse(kind, huge, **options)
    assert time.monotonic() - started < 1


def test_good_files_of_every_kind_come_through(parser_pool):
    import torch

    for data, options in PARSERS["picture"].warm_up_files():
        assert parser_pool.parse("picture", data, **options)[1]["pixels"].shape in (
            (8, 6, 3),
            (6, 8, 3),
        )
    for data, options in PARSERS["state_dict"].warm_up_files():
        tensors = state_dict(parser_pool.parse("state_dict", data, **options))
        assert tensors["b"].dtype == torch.bfloat16 and tensors["a"].shape == (2, 3)
        assert tensors["n"].shape == ()


def test_a_zip_bomb_is_refused_for_its_size(parser_pool):
    with pytest.raises(Problem, match="too much memory"):
        parser_pool.parse("state_dict", files.zip_bomb(3000), suffix=".pt")


def test_the_lying_parser_can_tell_the_truth(lying):
    _, arrays = lying.parse("picture", b"truth")
    assert np.array_equal(arrays["pixels"].ravel(), np.arange(12))


@pytest.mark.parametrize("lie", [*lying_parser.LIES, "endless"])
def test_a_lie_is_found_out(lying, lie):
    started = time.monotonic()
    with pytest.raises(Problem, match="ended without a result"):
        lying.parse("picture", lie.encode())
    assert time.monotonic() - started < 10
    assert children(lying) == []


@pytest.mark.parametrize("lie", ["never", "loop"])
def test_a_reader_that_does_not_end_is_ended(lying, lie, monkeypatch):
    brief = dataclasses.replace(PARSERS["picture"], seconds=1)
    monkeypatch.setitem(PARSERS, "picture", brief)
    started = time.monotonic()
    # Sleeping is not on the list of calls, so that one may end by itself.
    with pytest.raises(Problem, match="more than 1 seconds|ended without"):
        lying.parse("picture", lie.encode())
    assert time.monotonic() - started < 10
    assert children(lying) == []


def test_a_sentence_cannot_load_or_link_anything(lying):
    with pytest.raises(Problem) as caught:
        lying.parse("picture", b"sentence")
    sentence = str(caught.value)
    assert len(sentence) < 5000 and sentence.isprintable()
    assert "![" not in sentence and "](" not in sentence and "http://" not in sentence
