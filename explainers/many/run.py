"""`explain_many`: the same question of all inputs of a source, kept as they come, resumed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem
from explainers.many.job import Job
from explainers.many.keeping import manifest
from explainers.many.keeping.journal import Place
from explainers.many.keeping.run_folder import held
from explainers.many.keeping.shards import Row, Shards
from explainers.many.networks import Given
from explainers.many.processes import run_isolated
from explainers.many.question import Question
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Parse
from explainers.many.reading.members import Source
from explainers.many.remote.location import demand_fit, location
from explainers.many.work import Work
from explainers.options import demand_count, lookup

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.models.spec import ModelSpec

SHARD = 256
MAP_FORMS = {"npz": "NumPy archives, one a shard", "zarr": "one zarr array"}


@dataclass(frozen=True)
class ManyProgress:
    """How far a run is; a progress callback gets one all the time.

    Attributes
    ----------
    done, failed, total : int
        Inputs that have a row, those of them that failed, and all; a total of 0: not known yet.
    seconds : float
        Since this call began.
    rate : float
        Inputs a second, in this call.

    Examples
    --------
    >>> ManyProgress(60, 0, 100, 10.0, 4.0).seconds_left
    10.0
    """

    done: int
    failed: int
    total: int
    seconds: float
    rate: float

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds to the end, or None where it cannot be told yet."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@dataclass(frozen=True)
class ManyRun:
    """A run in its folder.

    Attributes
    ----------
    path : Path
        Of an object store a `RemotePath`, see `explainers.many.remote.location.location`.
    done, failed : int
        Inputs that have a row, and those of them that have no answer.
    """

    path: Path
    done: int
    failed: int

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """A row an input, in the order of the source; see `keeping.shards.schema`."""
        return Shards(self.path).rows(columns)

    def maps(self, wanted: Container[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of each input that has an answer: float32 (H, W), or as the scores are.

        Of those that are wanted, or all; none of a run that only predicts.
        """
        return Shards(self.path).maps(wanted)

    @property
    def told(self) -> dict[str, Any]:
        """What the run was asked, of what, and with which versions."""
        return manifest.read(self.path)

    def report(self, path: str | Path, **words: Any) -> Path:
        """Write one page about the run; see `explainers.reports.runs.saving.report`."""
        # Reports stand above runs, and only this line knows them.
        saving: Any = importlib.import_module("explainers.reports.runs.saving")
        written: Path = saving.report(self, path, **words)
        return written


def open_run(folder: str | Path) -> ManyRun:
    """A run that is kept in a folder or at a URL, finished or not. Problem where there is none."""
    path = location(folder)
    manifest.read(path)
    errors = [row["error"] for row in Shards(path).rows(["error"])]
    return ManyRun(path, len(errors), sum(error is not None for error in errors))


def explain_many(
    model: Given,
    source: Source,
    method: str = "integrated_gradients",
    baseline: str | float | Tensor = "zeros",
    target: int | tuple[int, int] | None = None,
    *,
    to: str | Path,
    spec: ModelSpec | None = None,
    classes: Sequence[str] = (),
    score: str = "output",
    checks: Sequence[str] = (),
    maps: str = "npz",
    device: str | None = None,
    shard: int = SHARD,
    isolate: bool = False,
    backend: str | None = None,
    progress: Callable[[ManyProgress], None] | None = None,
    parse: Parse = parsed_file,
    **options: Any,
) -> ManyRun:
    """Ask the same question of many inputs; called again, it goes on where it ended.

    Inputs are read one after the other, share their passes, and are kept shard by shard: a shard
    is whole or not there. So a run may be killed at any moment; what it loses is the shard that it
    was at. An input that cannot be read or explained is a row with a sentence.

    Parameters
    ----------
    model : str or callable
        The name of a network that comes with Evident, or a network, from inputs (N, …) to (N,
        outputs).
    source : str, Path, or sequence of them
        A folder (with all in it), a .zip, a list of files, or one file: pictures, tables, series,
        FASTA; or a BED file and its genome's FASTA, ("regions.bed", "genome.fa"). Every picture,
        row, series, sequence, window of longer ones, or region is an input. Each may be the URL
        of an object store: s3://bucket/photos, gs://…, az://….
    method, baseline, target, score, device, **options
        As in `explainers.explain`. A baseline that is made from data is made from 200 inputs
        spread over the source.
    to : str or Path
        The run's folder: run.json (what was asked), files.tsv (the source's files with their
        SHA-256), rows/*.parquet, and the maps. Or its URL in an object store, s3://bucket/run.
        Who one is there is said in the environment or in fsspec's configuration and kept nowhere,
        see `explainers.many.remote.location.location`. No second call is kept out there: two at
        once do the work twice and spoil nothing.
    spec : ModelSpec, optional
        How an input is prepared for a network that is given itself.
    classes : sequence of str
        Names of its outputs.
    checks : sequence of str
        Of each map: "proof" compares hiding and revealing in its order with random orders,
        "agreement" the map with those of other methods. What they cost, and all there are, says
        `explainers.many.checking.map_checks`. Asked of a run that has its maps already, only the
        checks are made.
    maps : str
        How maps are kept: "npz" as maps/*.npz, of whatever shapes; "zarr" as the array `maps`
        (inputs, …) of maps.zarr, which zarr and xarray open without loading it, packed, and NaN
        where an input has no map.
    shard : int
        Inputs a shard.
    isolate : bool
        Work in a process of its own. It is started again where an input ends it, and an input
        that does so twice is set aside. The script must then start behind
        ``if __name__ == "__main__":``. A cluster's workers are processes of their own anyway.
    backend : str, optional
        The address of a Dask scheduler, whose workers do the work; by default this process does.
        "tcp://127.0.0.1:8786" on this computer, "tls://host:8786" elsewhere. Workers read the
        source and write into `to` themselves, so both must lie at the same path or URL for all.
    progress : callable, optional
        Called with a `ManyProgress`; what it raises ends the call, and the run can be resumed.
    parse : callable
        Reads a file; see `explainers.many.reading.completion.parsed_file`.

    Returns
    -------
    ManyRun

    Raises
    ------
    Problem
        Where `to` holds another run or something else, the source changed since the run began, is
        empty or holds nothing readable, the disk is full, no input could be explained, maps for
        zarr are of several shapes, or the scheduler or the object store cannot be reached, refuses
        or is lost. What was written stays.

    Examples
    --------
    >>> import tempfile, torch
    >>> from explainers.models.spec import ModelSpec
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = "".join(f"{n},{n % 7}\\n" for n in range(40))
    >>> _ = (folder / "rows.csv").write_text(f"a,b\\n{rows}")
    >>> spec = ModelSpec("upload", "sum", kind="table", mean=(0.0,), std=(1.0,), answers="numbers")
    >>> run = explain_many(lambda x: x.sum(1), folder / "rows.csv", "gradient_x_input",
    ...                    to=folder / "out", spec=spec)
    >>> run.done, run.failed, [row["answer"] for row in run.rows()][:3]
    (40, 0, [0.0, 2.0, 4.0])
    """
    question = Question(method, baseline, target, score, device, options, tuple(checks))
    lookup(MAP_FORMS, maps, "form of maps")
    job = Job(model, source, question, location(to), spec, tuple(classes), shard, parse, maps)
    return carried_out(job, isolate, backend, progress)


def carried_out(
    job: Job,
    isolate: bool = False,
    backend: str | None = None,
    progress: Callable[[ManyProgress], None] | None = None,
) -> ManyRun:
    """Do what is left of a job; arguments, return value and errors are those of `explain_many`."""
    demand_count("shard", job.shard)
    job.question.check()
    folder, tell = job.folder, _Teller(progress)
    demand_fit(job.source, folder, isolated=isolate or backend is not None)
    with held(folder) as scratch:
        job = replace(job, scratch=scratch)
        if backend is not None:
            from explainers.many.cluster.coordinator import run_on_cluster

            run_on_cluster(job, backend, tell)
        elif isolate:
            run_isolated(job, tell)
        else:
            Work(job, tell).run()
    run = open_run(folder)
    if run.done and run.failed == run.done:
        first = next(run.rows(["name", "error"]))
        asked = "explained" if job.question.method else "answered"
        raise Problem(
            f"None of the {run.done:,} inputs could be {asked}. The first, {first['name']}: "
            f"{first['error']}"
        )
    return run


class _Teller:
    """Turns places into progress, not too often."""

    def __init__(self, progress: Callable[[ManyProgress], None] | None) -> None:
        self._progress, self._started = progress, time.perf_counter()
        self._first: int | None = None

    def __call__(self, place: Place) -> None:
        if self._progress is None or not place.total:
            return
        seconds = time.perf_counter() - self._started
        if self._first is None:
            self._first, self._started, seconds = place.done, time.perf_counter(), 0.0
        rate = (place.done - self._first) / seconds if seconds > 0 else 0.0
        self._progress(ManyProgress(place.done, place.failed, place.total, seconds, rate))
