"""A model and a data set, checked and brought together: how every question over rows begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from explainers.attribution import Progress, Target, TargetLike
from explainers.batch_plan import POINTS_AT_ONCE
from explainers.errors import Problem
from explainers.eval_mode import Model
from explainers.importance.data import DatasetContext
from explainers.importance.features import GroupsLike, features_of
from explainers.importance.reading.labels import read_labels
from explainers.importance.reading.question import checked_model, checked_seed, kind_of, target_of
from explainers.importance.reading.rows import read_rows
from explainers.importance.uncertainty.resampling import Resampling
from explainers.kinds.layout import InputLayout
from explainers.session import open_session

DRAWS = 1000
_VALUES_AT_ONCE = 2**22


@contextmanager
def open_dataset(
    model: Model,
    inputs: Any,
    labels: Any = None,
    names: Sequence[str] | None = None,
    output: TargetLike = None,
    groups: GroupsLike | None = None,
    seed: int = 0,
    *,
    draws: int = DRAWS,
    kind: str | None = None,
    score: str = "output",
    device: str | torch.device | None = None,
    precision: str = "auto",
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[tuple[DatasetContext, tuple[object, ...]]]:
    """The context of methods over a data set; the model is in evaluation mode while it is open.

    Parameters
    ----------
    model, inputs, labels, names, output, groups, seed, draws, kind, score, device, precision, \
batch_size, progress
        As of `explain_dataset`.

    Yields
    ------
    context : DatasetContext
        Its `target` is None where there are several outputs and nobody chose.
    generators : tuple
        Those of random numbers that the model holds.

    Raises
    ------
    Problem
        For whatever cannot be asked.

    Examples
    --------
    >>> with open_dataset(lambda x: x.sum(1), [[1, 2], [3, 4]]) as (context, _):
    ...     context.names, context.values
    (('x0', 'x1'), tensor([3., 7.], dtype=torch.float64))
    """
    checked_model(model)
    seed = checked_seed(seed)
    if draws < 100:
        raise Problem(f"draws={draws}: the bootstrap needs at least 100 draws.")
    rows, names = read_rows(inputs, names)
    layout = InputLayout.of(tuple(rows.shape[1:]), kind_of(rows, kind))
    with open_session(
        model,
        rows,
        target=Target(index=(0,) * len(rows)),
        score=score,
        device=device,
        precision=precision,
        batch_size=batch_size,
        progress=progress,
    ) as session:
        passes = session.passes
        passes.allow(min(POINTS_AT_ONCE, max(1, _VALUES_AT_ONCE // session.inputs[0].numel())))
        target = target_of(output, session.outputs)
        context = DatasetContext(
            passes,
            session.inputs,
            features_of(layout, names, groups, session.inputs.device),
            layout,
            session.outputs,
            target,
            None if labels is None else read_labels(labels, session.outputs, target),
            seed,
            Resampling(len(rows), draws, seed),
        )
        yield context, session.generators
