"""What every task is: a question as plain data, that knows its cost, its uploads and its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import msgspec
import numpy as np

from explainers.errors import Problem
from explainers.locations import code_version
from explainers.models.spec import ModelSpec
from explainers.service.parsing.upload_keys import UploadKey, file_key, network_key
from explainers.service.tasks.context import TaskContext

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]
"""What the store keeps: facts that JSON can hold, and arrays by name."""

OWN_BASELINE = "own"
"""The key of a baseline that is the first input of a file of the visitor's own."""


class InputRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which input: one of an uploaded file, or its values themselves.

    Attributes
    ----------
    file : str
        Digest of the file in the store, with its suffix where the kind has files of several; ""
        where there is none.
    item : int
        Which of the inputs in the file, from 0.
    values : tuple of float
        The input itself instead, flat, in the units of the data; the file then only serves
        baselines that are made from data.
    """

    file: str = ""
    item: int = 0
    values: tuple[float, ...] = ()


class BaselineRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the input is compared with: a key of BASELINES with its options, or an own file.

    Attributes
    ----------
    key : str
        A key of BASELINES, or OWN_BASELINE.
    options : dict
        The baseline's own options by name.
    file : str
        For OWN_BASELINE the digest of the file, with its suffix.
    """

    key: str = "zeros"
    options: dict[str, Any] = {}
    file: str = ""


class Task(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """One question. A file in this folder defines one, as a subclass whose fields are plain data.

    The subclass gives `run`, and where they differ from the ones here `cost`, `shards` and
    `merge`. The fields say all that decides the answer, and nothing else: their digest names it.
    """

    brief: ClassVar[bool] = False
    """Whether it may run in between the passes of the same visitor's long task."""

    def run(self, context: TaskContext) -> Answer:
        """The answer. Reports progress to the context, which may raise Cancelled.

        Raises
        ------
        Problem
            With a sentence for the person who asked.
        """
        raise NotImplementedError

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """About how many evaluations of the model it takes.

        Parameters
        ----------
        shape : tuple of int
            Of one input.
        references : int
            How many references the baseline has.
        """
        return 1

    def most(self, shape: tuple[int, ...], references: int = 1) -> int:
        """How many evaluations it takes at most, where it ends by itself; else `cost`."""
        return self.cost(shape, references)

    def seconds(self, facts: Mapping[str, Any]) -> float:
        """About how long it takes.

        Parameters
        ----------
        facts : mapping
            Of a `Predict` on the same model: "shape", "references", "seconds_per_pass" and
            "seconds_per_gradient_pass".
        """
        each = facts["seconds_per_gradient_pass" if self.slopes else "seconds_per_pass"]
        return self.cost(tuple(facts["shape"]), facts["references"]) * float(each)

    @property
    def slopes(self) -> bool:
        """Whether its evaluations are forward and back, which costs more than two forward."""
        return False

    def shards(self, most: int) -> Sequence[Task]:
        """At most so many tasks that can run apart, and whose answers `merge` to this one's."""
        return (self,)

    def merge(self, answers: Sequence[Answer]) -> Answer:
        """This task's answer from those of its shards, in their order."""
        (answer,) = answers
        return answer

    def uploads(self) -> Iterator[UploadKey]:
        """The uploads that must have been parsed before it can run."""
        for value in self._values():
            if isinstance(value, Task):
                yield from value.uploads()
            elif isinstance(value, (InputRef, BaselineRef)) and value.file:
                yield file_key(self.kind, value.file)
            elif isinstance(value, ModelSpec) and value.source == "upload":
                yield network_key(value.weights)

    def models(self) -> Iterator[ModelSpec]:
        """The models that it asks."""
        for value in self._values():
            if isinstance(value, Task):
                yield from value.models()
            elif isinstance(value, ModelSpec):
                yield value

    @property
    def kind(self) -> str:
        """The kind of its model's input, a key of KINDS; "" where it has no model."""
        return next((model.kind for model in self.models()), "")

    def _values(self) -> Iterator[Any]:
        return (getattr(self, name) for name in self.__struct_fields__)

    def digest(self) -> str:
        """SHA-256 of the task and of the code that answers it.

        Problem where a field is not of its type, so that no such task is ever queued or sent.
        """
        # Decoded once, so that both ends of a connection name it alike: 1 is no 1.0 in JSON.
        try:
            same = msgspec.json.decode(msgspec.json.encode(self), type=type(self))
        except (msgspec.MsgspecError, OverflowError, UnicodeEncodeError) as error:
            raise Problem(
                "This question holds a value that is not possible. Change the settings, or open "
                f"the page without the rest of its link. ({error})"
            ) from error
        text = msgspec.json.encode([code_version(), same], order="sorted")
        return hashlib.sha256(text).hexdigest()

    def replace(self, **changes: Any) -> Self:
        """The same with other values in some fields."""
        return msgspec.structs.replace(self, **changes)
