"""What tests share: threads that wait politely, a picture, a pool of parsers, a task runner."""

import gc
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Must be set before torch is imported; spinning threads are slow where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Must be set before onnxruntime is imported, which otherwise reports what it does.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import pytest
import torch
from PIL import Image
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner

# Files that take long, or start processes that do; by the time they took, measured file by file.
SLOW = {
    "test_against_captum",
    "test_calling_out",
    "test_cluster",
    "test_cluster_of_the_app",
    "test_cluster_refusals",
    "test_deeplift_invariants",
    "test_deeplift_torchvision",
    "test_engine_faults",
    "test_exported_hostile",
    "test_exported_nets",
    "test_fair_engine",
    "test_hostile",
    "test_hostile_data",
    "test_hostile_worker",
    "test_local_backend",
    "test_localisation",
    "test_logs",
    "test_many_command",
    "test_many_kills",
    "test_nets",
    "test_notebooks",
    "test_object_store_cluster",
    "test_object_store_refusals",
    "test_object_store_runs",
    "test_other_weights",
    "test_parsing",
    "test_pictures_of_reports",
    "test_pictures_of_volumes",
    "test_recipes",
    "test_reports",
    "test_reports_of_several",
    "test_round_trips",
    "test_runner_ends",
    "test_sandbox",
    "test_script_runner",
    "test_signs",
    "test_story_truths",
    "test_timm",
    "test_torchscript",
    "test_worker_sandbox",
    "test_zoo",
}


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "threads(count): threads that torch has in this file",
        "slow: left out by `python -m tests fast`",
    ):
        config.addinivalue_line("markers", line)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are called by their argument: what was packed a second later would be called otherwise.

    Processes that share tests must find the same names.
    """
    return argname if isinstance(val, bytes) else None


class ByFile(LoadScopeScheduling):
    """A file's tests go to one process, and all those in a browser to the same.

    So they share servers and workers.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "browser" if "browser" in Path(file).parts else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile | None:
    """How tests are shared among processes where `--dist loadfile` is asked for."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark files that take long, and put them first: no process waits for one at the end."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: ("browser" not in item.path.parts, item.path.stem not in SLOW))


def pytest_collection_finish() -> None:
    """What is imported by now stays: looking through it for garbage again and again takes long."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """As many threads of torch as the file's mark says, else one: more wait for each other."""
    mark = request.node.get_closest_marker("threads")
    before = torch.get_num_threads()
    torch.set_num_threads(mark.args[0] if mark else 1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="module")
def main_module() -> Iterator[None]:
    """A page that a test runs becomes `__main__`: every process started later would run it, too."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A PNG of 120 × 90 random pixels."""
    values = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def parser_pool() -> Iterator[ParserPool]:
    """Where uploads are parsed, each in a process of its own."""
    pool = ParserPool()
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> TaskRunner:
    """What runs tasks in the worker, with a store of its own."""
    return TaskRunner(Store(tmp_path_factory.mktemp("store")))
