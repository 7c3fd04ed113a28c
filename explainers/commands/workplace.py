"""Where the command line runs tasks: in this process, with a store that goes when it ends."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from explainers.errors import Problem
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.parsing.upload_keys import UploadKey
from explainers.service.storage.store import Store
from explainers.service.tasks import Answer, Task
from explainers.service.worker.task_runner import TaskRunner


class Workplace:
    """Files are read in the sandbox, as in the app; tasks run here, one after the other.

    Parameters
    ----------
    beside : Path, optional
        Where its folder lies, for those who share that one; by default with what is temporary.
    """

    def __init__(self, beside: Path | None = None) -> None:
        try:
            if beside is not None:
                beside.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(
                prefix=".evident-", dir=None if beside is None else beside.absolute()
            )
        except OSError as error:
            raise Problem(f"No folder can be made in {beside}: {error.strerror}.") from error
        self._pool = ParserPool()
        self.runner = TaskRunner(Store(self._folder.name))

    @property
    def folder(self) -> Path:
        """Where kept files lie."""
        return Path(self._folder.name)

    def keep(self, path: Path) -> str:
        """Keep a file; its digest. Problem where there is none."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Problem(f"{path} cannot be read: {error.strerror}.") from error
        return self.runner.store.put_blob(data)

    def parse(self, upload: UploadKey) -> Any:
        """Facts and arrays of a kept file; Problem where it cannot be read."""
        path = self.runner.store.path(f"{upload.digest}.blob")
        content = self._pool.parse(upload.kind, path, **upload.options)
        put(self.runner.store, upload.kind, upload.digest, content, **upload.options)
        return content

    def answer(self, task: Task) -> Answer:
        """The task's answer; its files must have been kept."""
        for upload in task.uploads():
            self.parse(upload)
        return self.runner.run(task.digest(), task, lambda report: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()
        self._folder.cleanup()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes. Problem where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
