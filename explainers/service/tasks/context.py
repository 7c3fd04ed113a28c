"""What a task runs with: loaded models, parsed uploads, other answers, and where progress goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from explainers.kinds import ParsedFile
    from explainers.models.prepared import Prepared
    from explainers.models.spec import ModelSpec
    from explainers.output_cache import OutputCache
    from explainers.service.parsing.upload_keys import UploadKey
    from explainers.service.tasks.task import Answer, Task


@dataclass(frozen=True)
class LoadedModel:
    """A model on its device, ready to be asked.

    Attributes
    ----------
    model : Prepared
        The network with its preparation in front.
    class_names : tuple of str
        Names of its outputs; () where none are known.
    spec : ModelSpec
        As asked for, with what the model knows itself.
    cache : OutputCache
        What it said last, shared by all that ask it.
    train : callable, optional
        train(inputs, labels, seed) → a model of those columns, where somebody gave one.
    """

    model: Prepared
    class_names: tuple[str, ...]
    spec: ModelSpec
    cache: OutputCache
    train: Callable[..., Any] | None = None


@dataclass(frozen=True)
class ProgressReport:
    """How far a task is.

    Attributes
    ----------
    done, total : int
        Evaluations of the model, or whatever else is counted; a total of 0: not known.
    seconds_left : float
        Expected.
    what : str
        What is being done, where that says more than the counts.
    partial : ndarray or None
        The map so far, float32 as it is drawn.
    facts : dict
        What a page must know to draw the input; plain data.
    """

    done: int = 0
    total: int = 0
    seconds_left: float = 0.0
    what: str = ""
    partial: np.ndarray | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class TaskContext(Protocol):
    """What a backend gives to `Task.run`."""

    def answer(self, task: Task) -> Answer:
        """The answer to another task: from the store, or by running it here and keeping it."""

    def load(self, spec: ModelSpec, device: str) -> LoadedModel:
        """The model on the device, loaded once. Raises Problem where it cannot be."""

    def parsed(self, upload: UploadKey) -> ParsedFile:
        """Facts and arrays of an upload. Raises Problem where it is no longer kept."""

    def report(self, progress: ProgressReport) -> None:
        """Tell who waits how far the task is. Raises Cancelled where nobody waits any more."""
