"""`predict_many`: what the network answers to all inputs of a source, without explaining them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.many.job import Job
from explainers.many.networks import Given
from explainers.many.question import Question
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Parse
from explainers.many.reading.members import Source
from explainers.many.remote.location import location
from explainers.many.run import SHARD, ManyProgress, ManyRun, carried_out

if TYPE_CHECKING:
    from explainers.models.spec import ModelSpec


def predict_many(
    model: Given,
    source: Source,
    target: int | tuple[int, int] | None = None,
    *,
    to: str | Path,
    spec: ModelSpec | None = None,
    classes: Sequence[str] = (),
    device: str | None = None,
    shard: int = SHARD,
    isolate: bool = False,
    backend: str | None = None,
    progress: Callable[[ManyProgress], None] | None = None,
    parse: Parse = parsed_file,
) -> ManyRun:
    """Ask of many inputs only what the network answers: one pass each, and rows without maps.

    All else is as with `explainers.explain_many`: the same call goes on where it ended, and an
    input that cannot be read or answered is a row with a sentence.

    Parameters
    ----------
    model, source, spec, classes, device, shard, isolate, backend, progress, parse
        As in `explainers.explain_many`.
    target : int or pair of int, optional
        The output that is told of every input, or output a less output b; by default the highest.
    to : str or Path
        The run's folder, or its URL in an object store: run.json (what was asked), files.tsv (the
        source's files with their SHA-256), rows/*.parquet. Of each input the rows have the class
        and its probability, or the number where the network answers with numbers, and the label
        where the source's folders are named as classes; see
        `explainers.many.keeping.shards.schema`.

    Returns
    -------
    ManyRun

    Raises
    ------
    Problem
        As `explainers.explain_many`.

    Examples
    --------
    >>> import tempfile
    >>> from explainers.models.zoo.signs import samples
    >>> photos = [sample.path for sample in samples()[:3]]
    >>> run = predict_many("signs", photos, to=tempfile.mkdtemp())
    >>> [(row["class_name"], round(row["confidence"], 2)) for row in run.rows()]
    [('stop', 1.0), ('yield', 1.0), ('no entry', 1.0)]
    """
    question = Question(None, target=target, device=device)
    job = Job(model, source, question, location(to), spec, tuple(classes), shard, parse)
    return carried_out(job, isolate, backend, progress)
