"""What tests share: threads that wait politely, a picture, a reading room and a workshop."""

import io
import os

# Must be set before torch is imported; spinning threads are slow where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Must be set before onnxruntime is imported, which otherwise reports what it does.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import pytest
import torch
from PIL import Image

from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner

# Folders whose networks are so small that more threads than one only wait for each other.
SMALL = {"checks", "deeplift", "onnx", "pt2"}


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "threads(count): threads that torch has in this file")


@pytest.fixture(autouse=True, scope="module")
def threads(request):
    """As many threads of torch as the file's mark says, one where networks are small."""
    mark = request.node.get_closest_marker("threads")
    before = torch.get_num_threads()
    if mark or request.path.parent.name in SMALL:
        torch.set_num_threads(mark.args[0] if mark else 1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A PNG of 120 × 90 random pixels."""
    values = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def parser_pool():
    """Where uploads are read, each in a process of its own."""
    parser_pool = ParserPool()
    yield parser_pool
    parser_pool.close()


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """The worker's side of the engine, with a store of its own."""
    return TaskRunner(Store(tmp_path_factory.mktemp("store")))
