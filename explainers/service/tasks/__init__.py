"""The questions that can be asked: every file dropped into this folder adds its tasks.

A task is a small frozen struct of plain data. Pages build one, a backend runs it, and the store
keeps its answer under its digest.
"""

import importlib
import pkgutil
from typing import Any, Union

import msgspec

from explainers.service.tasks.task import Answer, BaselineRef, InputRef, Task

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

TASKS: dict[str, type[Task]] = {task.__name__: task for task in Task.__subclasses__()}
"""All tasks by name, which is also their tag where they cross a process."""

_decoder = msgspec.json.Decoder(Union[tuple(TASKS.values())])  # noqa: UP007


def decode(data: bytes | str) -> Task:
    """The task that JSON holds. Raises msgspec.DecodeError for whatever is none."""
    task: Any = _decoder.decode(data)
    return task


def encode(task: Task) -> bytes:
    """The task as JSON, with its name under "type"."""
    return msgspec.json.encode(task)


__all__ = ["TASKS", "Answer", "BaselineRef", "InputRef", "Task", "decode", "encode"]
