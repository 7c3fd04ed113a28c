"""The rows that a task over many of them asks about, loaded with their model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.models.spec import AS_THEY_ARE
from explainers.service.tasks.context import LoadedModel, ProgressReport, TaskContext
from explainers.service.tasks.predict_rows import PredictRows

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from explainers.attribution import Progress


@dataclass(frozen=True)
class AskedRows:
    """A model and the rows that it is asked about.

    Attributes
    ----------
    loaded : LoadedModel
    inputs : Tensor, shape (N, …)
        On the device.
    facts, arrays : dict
        Of the answer of the rows, see `PredictRows`.
    device : str
    """

    loaded: LoadedModel
    inputs: Tensor
    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]
    device: str

    @property
    def names(self) -> tuple[str, ...] | None:
        """Of the columns; None where they have none."""
        return self.loaded.spec.columns or None

    @property
    def how(self) -> dict[str, Any]:
        """What `explain_dataset` and its kin are told: of classes the logit is explained."""
        spec = self.loaded.spec
        return {
            "kind": spec.kind,
            "score": "output" if spec.answers in AS_THEY_ARE else "logit",
            "device": self.device,
        }


def asked_rows(context: TaskContext, rows: PredictRows) -> AskedRows:
    """Load the model, and the rows of the file that a task of `PredictRows` answers.

    Raises
    ------
    Problem
        Where either cannot be had.
    """
    import torch

    from explainers.kinds import KINDS
    from explainers.service.parsing.upload_keys import file_key

    facts, arrays = context.answer(rows)
    loaded = context.load(rows.model, rows.device)
    kind = KINDS[loaded.spec.kind]
    parsed = context.parsed(file_key(loaded.spec.kind, rows.input.file))
    inputs = torch.from_numpy(kind.inputs(parsed, loaded.spec, arrays["rows"])).to(rows.device)
    return AskedRows(loaded, inputs, facts, arrays, rows.device)


def groups_of(groups: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]] | None:
    """Groups of columns as the library takes them."""
    return {name: list(group) for name, group in groups.items()} or None


def reported(context: TaskContext) -> Callable[[Progress], None]:
    """What tells whoever waits how far the passes are."""

    def report(state: Progress) -> None:
        total = max(state.total, state.done)
        context.report(ProgressReport(state.done, total, state.seconds_left))

    return report
