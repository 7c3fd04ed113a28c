"""What the model answers to the rows of a file, beside the truth, and what one row costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from explainers.errors import Problem
from explainers.models.spec import AS_THEY_ARE, ModelSpec
from explainers.service.tasks.context import TaskContext
from explainers.service.tasks.task import Answer, InputRef, Task

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.passes import Passes

MOST_ROWS = 5000
LABELS = "labels"
"""The truth of series: those that their file gives them."""
LARGE, QUICK = 8192, 0.15
"""Rows of a batch that is timed at most, and seconds of one that is not made larger."""


class ChosenRows(NamedTuple):
    """Rows of a file: their places in it, their truth, and what was left out, in sentences."""

    places: np.ndarray
    truth: np.ndarray | None
    levels: list[str]
    notes: list[str]


class PredictRows(Task, frozen=True):
    """Ask for the model's answers to many inputs of one file.

    Attributes
    ----------
    input : InputRef
        Its file holds the rows; those that lack a value are left out.
    truth : str
        The column that holds what the answers should be; of series LABELS, for those that the file
        gives them; "" for none.
    most_rows : int
        Of a file with more, so many are drawn at random.
    seed : int
        Of that draw.

    The answer's facts: `classes`, how many `outputs`, `rows` and `columns`; `levels` of a truth in
    words; `notes` on what was left out and on the model, `seconds_per_row`. Its arrays: `rows`
    (N,), the places in the file; `answers` (N, outputs) as people read them; `truth` (N,) if there
    is one.
    """

    brief: ClassVar[bool] = True

    model: ModelSpec
    input: InputRef
    truth: str = ""
    most_rows: int = MOST_ROWS
    seed: int = 0
    device: str = "cpu"

    def cost(self, shape: tuple[int, ...], references: int = 1) -> int:
        """Two passes a row."""
        return 2 * self.most_rows

    def run(self, context: TaskContext) -> Answer:
        """One pass of all rows, and one that is timed."""
        import torch

        from explainers.attribution import Target
        from explainers.kinds import KINDS
        from explainers.service.parsing.upload_keys import file_key
        from explainers.session import open_session

        loaded = context.load(self.model, self.device)
        spec, kind = loaded.spec, KINDS[loaded.spec.kind]
        parsed = context.parsed(file_key(spec.kind, self.input.file))
        chosen = self._chosen(parsed, kind.items(parsed, spec), kind.one)
        x = torch.from_numpy(kind.inputs(parsed, spec, chosen.places)).to(self.device)
        form = "output" if spec.answers in AS_THEY_ARE else "probability"
        first = Target(index=(0,) * len(x))
        with open_session(loaded.model, x, target=first, score=form, device=self.device) as session:
            outputs = session.outputs
            if outputs.ndim != 2:
                raise Problem(
                    f"The model returns shape {tuple(outputs.shape)}; one row of answers for each "
                    f"{kind.one} is needed: (N, outputs). Where the answer is a series, choose its "
                    "output step in the model's settings."
                )
            seconds = _seconds_per_row(session.passes, session.inputs)
            notes = session.passes.behaviour.notes(1, self.seed)
        facts = {
            "classes": list(loaded.class_names),
            "outputs": outputs.shape[1],
            "rows": len(x),
            "columns": len(spec.columns) or int(x.shape[-1]),
            "levels": chosen.levels,
            "notes": [*chosen.notes, *notes],
            "seconds_per_row": seconds,
        }
        arrays = {"rows": chosen.places, "answers": outputs.float().cpu().numpy()}
        if chosen.truth is not None:
            arrays["truth"] = chosen.truth
        return facts, arrays

    def _chosen(self, parsed: Any, items: np.ndarray, one: str) -> ChosenRows:
        """The rows that can be asked about, drawn where there are too many."""
        facts, arrays = parsed
        truth: np.ndarray | None = None
        levels, notes = list[str](), list[str]()
        whole = len(arrays.get("values", items)) if one == "row" else len(items)
        if self.truth:
            truth, levels = self._truth(parsed, items)
            known = ~np.isnan(truth)
            items, truth = items[known], truth[known]
        if not len(items):
            raise Problem(
                f"No {one} has all values that are needed. Fill the gaps, or choose other columns."
            )
        if self.model.kind == "series":
            notes += _of_lengths(arrays["lengths"], self.model.shape)
        if len(items) < whole:
            notes.append(_lacking(whole - len(items), whole, one))
        if len(items) > self.most_rows:
            notes.append(
                f"{self.most_rows:,} of {len(items):,} {_several(one)}, drawn at random, are asked "
                "about."
            )
            drawn = np.random.default_rng(self.seed).permutation(len(items))[: self.most_rows]
            drawn = np.sort(drawn)
            items, truth = items[drawn], None if truth is None else truth[drawn]
        return ChosenRows(items, truth, levels, notes)

    def _truth(self, parsed: Any, items: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """What the answers should be to these inputs, NaN where it is missing; its words."""
        from explainers.kinds import series
        from explainers.kinds.features import target_column
        from explainers.kinds.files.series.truth import truth_of

        facts, _ = parsed
        if self.model.kind == "table":
            return target_column(parsed, self.truth)[items], facts["levels"].get(self.truth, [])
        if self.model.kind != "series" or self.truth != LABELS or not facts["labels"]:
            raise Problem("This file holds no truth. Go on without.")
        places = np.array([series.place_of(parsed, int(item))[0] for item in items])
        return truth_of(facts["labels"], places)


def _of_lengths(lengths: np.ndarray, shape: tuple[int, ...]) -> list[str]:
    """What becomes of series of other lengths than the network's, in sentences.

    Examples
    --------
    >>> _of_lengths(np.array([5, 5, 4]), ())
    ['1 of 3 series has another length than the first, left out here.']
    >>> _of_lengths(np.array([5, 2]), (5, 1))
    ['1 of 2 series is shorter than the 5 steps that the network takes, left out here.']
    """
    wanted = shape[0] if len(shape) == 2 else 0
    away = int((lengths < wanted).sum() if wanted else (lengths != lengths[0]).sum())
    found = []
    if away:
        is_it = (
            f"{'is' if away == 1 else 'are'} shorter than the {wanted} steps that the network takes"
            if wanted
            else f"{'has' if away == 1 else 'have'} another length than the first"
        )
        found.append(f"{away:,} of {len(lengths):,} series {is_it}, left out here.")
    if wanted and (lengths > wanted).any():
        found.append(
            f"Longer series are asked about in windows of {wanted} steps, which overlap by half. "
            "Neighbours are alike, so intervals over them are rather too narrow."
        )
    return found


def _lacking(away: int, whole: int, one: str) -> str:
    """How many inputs are left out, in a sentence.

    Examples
    --------
    >>> _lacking(1, 301, "row")
    '1 of 301 rows lacks a value, left out here.'
    """
    lack = "lacks" if away == 1 else "lack"
    return f"{away:,} of {whole:,} {_several(one)} {lack} a value, left out here."


def _several(one: str) -> str:
    """Rows, series, sequences.

    Examples
    --------
    >>> _several("row"), _several("series")
    ('rows', 'series')
    """
    return one if one == "series" else f"{one}s"


def _seconds_per_row(passes: Passes, inputs: Tensor) -> float:
    """What a row costs in a batch as large as methods ask, if that is not long."""
    some, seconds = inputs[:500], 0.0
    while True:
        passes.allow(len(some))
        started = time.perf_counter()
        passes.outputs(some)
        took = time.perf_counter() - started
        seconds = took / len(some)
        if took > QUICK or len(some) >= LARGE:
            return seconds
        some = some.repeat(4, *[1] * (some.ndim - 1))[:LARGE]
