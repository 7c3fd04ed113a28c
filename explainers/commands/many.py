"""`python -m explainers many`: rows and maps of all inputs of a source, in a run that resumes."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainers.commands.explain import model_of
from explainers.commands.workplace import Workplace
from explainers.errors import Problem
from explainers.figures.many.checks import check_sentences
from explainers.kinds import KINDS, ParsedFile
from explainers.many.cues.cluster import Cluster
from explainers.many.cues.hunt import hunt
from explainers.many.networks import Given, Network
from explainers.many.predict import predict_many
from explainers.many.reading.completion import parsed_file, takes
from explainers.many.reading.inputs import Parse
from explainers.many.reading.members import Source
from explainers.many.reading.shown import shown_pictures
from explainers.many.remote.location import is_remote, location
from explainers.many.run import ManyProgress, ManyRun, explain_many, open_run
from explainers.many.strangeness import strangest
from explainers.many.summary.checks import COLUMNS as CHECKED
from explainers.many.summary.checks import summarise_checks
from explainers.many.summary.summarise import COLUMNS, summarise
from explainers.models.spec import AS_THEY_ARE, ModelSpec
from explainers.reports.runs.contents import labels_of
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.parsing.upload_keys import network_key
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner

INTERRUPTED = 130
"""What a shell's commands return where they were interrupted."""
SECONDS_BETWEEN_LINES = 10.0
MOST_COMPARED = 1_000_000
"""In larger runs the strangest are not looked for at once."""


def explain_source(given: argparse.Namespace) -> int:
    """Explain all inputs of the source; 0, 1 where some could not be, 130 where interrupted.

    Parameters
    ----------
    given : Namespace
        See `explainers.commands.command_line`.

    Raises
    ------
    Problem
        Where the network cannot be read, or the run cannot begin or go on.
    """
    _demand_method(given)
    to = location(given.to)
    # Workers open a network's file beside the run, in a folder that they share.
    beside = None if given.scheduler is None or is_remote(to) else to.parent
    said = _Line()
    try:
        with Workplace(beside) as workplace:
            spec, classes = model_of(workplace, given)
            model: Given = spec.name
            if spec.source == "upload":
                _demand_shared(given, to)
                workplace.parse(network_key(spec.weights))
                model = KeptNetwork(workplace.folder, spec, classes)
            parse: Parse = parsed_file if given.own_files else SandboxedFiles()
            source: Source = given.source
            if given.genome is not None:
                source = (given.source, given.genome)
            run = _run(given, spec, classes, model, source, parse, said.progress)
            said.end()
            clusters = hunt(run, model, source, parse=parse) if given.cues else None
            labels = labels_of(run) if given.report or run.done <= MOST_COMPARED else None
            if given.report is not None:
                photos = shown_pictures(run, source, parse)
                run.report(
                    given.report,
                    labels=labels,
                    clusters=clusters,
                    photos=photos if given.with_input else None,
                    by=given.by,
                )
    except KeyboardInterrupt:
        said.end()
        kept = "what was written is"
        with contextlib.suppress(Problem):  # the store may be away
            done = open_run(to).done if (to / "run.json").exists() else 0
            kept = f"{done:,} inputs are"
        print(f"Stopped; {kept} kept in {to}. The same command goes on.", file=sys.stderr)
        return INTERRUPTED
    maps = {"npz": " and maps/*.npz", "zarr": " and maps.zarr"}[given.maps]
    print(f"{run.done:,} inputs are in {run.path}: rows/*.parquet{'' if given.predict else maps}.")
    for note in run.told.get("notes", ()):
        print(note)
    if run.failed:
        print(f"{run.failed:,} of them have no answer; the column “error” says why.")
        failed = (row for row in run.rows(["name", "error"]) if row["error"])
        for row, _ in zip(failed, range(5), strict=False):
            print(f"{row['name']}: {row['error']}", file=sys.stderr)
    checks = summarise_checks(run.rows(CHECKED)) if given.checks else None
    if checks is not None:
        print("\n".join(check_sentences(checks, given.method, spec.kind)))
    if given.predict and labels is not None:
        confusion = summarise(run.rows(COLUMNS), None, labels).confusion
        if confusion is not None:
            wrong = f"{confusion.wrong:,} of {confusion.total:,}"
            print(f"{wrong} answers are another class than the folder of the input.")
    if run.done <= MOST_COMPARED:
        for one in strangest(run.rows(), 5, labels, failed=False):
            print(f"Strange: {one.name}: {' '.join(one.reasons)}")
    if clusters is not None:
        print("\n".join(cue_sentences(clusters)))
    if given.report is not None:
        print(f"The report is {given.report}.")
    return 1 if run.failed else 0


def _run(
    given: argparse.Namespace,
    spec: ModelSpec,
    classes: tuple[str, ...],
    model: Given,
    source: Source,
    parse: Parse,
    progress: Callable[[ManyProgress], None],
) -> ManyRun:
    """Explain the inputs, or only ask for the answers."""
    same: dict[str, Any] = {
        "to": given.to,
        "classes": classes,
        "device": None if given.device == "cpu" else given.device,
        "shard": given.shard,
        "isolate": True,
        "backend": given.scheduler,
        "progress": progress,
        "parse": parse,
    }
    if given.predict:
        return predict_many(model, source, given.target, **same)
    return explain_many(
        model,
        source,
        given.method,
        given.baseline or KINDS[spec.kind].default_baseline,
        given.target,
        checks=given.checks,
        maps=given.maps,
        score="output" if spec.answers in AS_THEY_ARE else "logit",
        **same,
        **_options(given.option),
    )


def _demand_method(given: argparse.Namespace) -> None:
    """Problem where what only explanations have is asked for without one."""
    asked = {
        "--baseline": given.baseline,
        "--option": given.option,
        "--checks": given.checks,
        "--maps": given.maps != "npz",
        "--cues": given.cues,
    }
    found = [name for name, value in asked.items() if value]
    if given.predict and found:
        raise Problem(
            f"--predict asks only what the network answers, without maps; {' and '.join(found)} "
            f"{'is' if len(found) == 1 else 'are'} about maps. Leave one of the two out."
        )


def _demand_shared(given: argparse.Namespace, to: Path) -> None:
    """Problem where workers on other machines could not open the network's file."""
    if is_remote(to) and (given.scheduler or "").startswith("tls:"):
        raise Problem(
            "Workers on other machines open a network's file in a folder that they share; there is "
            "none where the run is kept in an object store. Give --to a folder that all share, or "
            "call explainers.explain_many with the network itself."
        )


def cue_sentences(clusters: Sequence[Cluster]) -> list[str]:
    """What a hunt for cues found, in words.

    Examples
    --------
    >>> cue_sentences([])
    ['No cue was looked for: fewer than three pictures are answered alike.']
    """
    if not clusters:
        return ["No cue was looked for: fewer than three pictures are answered alike."]
    found = [one.sentence for one in clusters if one.is_cue]
    if found:
        return found
    return [f"No cue was found in {len(clusters)} clusters. The nearest: {clusters[0].sentence}"]


@dataclass(frozen=True)
class KeptNetwork:
    """A network's file that was kept and parsed, opened in the process that asks it.

    Attributes
    ----------
    store : Path
        The folder of the store that keeps it.
    spec : ModelSpec
    classes : tuple of str
    """

    store: Path
    spec: ModelSpec
    classes: tuple[str, ...]

    def open_network(self) -> Network:
        """Load it from what the sandbox made of its file."""
        loaded = TaskRunner(Store(str(self.store))).load(self.spec, "cpu")
        digest = hashlib.sha256(self.spec.weights.encode()).hexdigest()
        classes = self.classes or loaded.class_names
        return Network(loaded.model, loaded.spec, classes, digest, self.spec.name)


class SandboxedFiles:
    """Reads files in processes that can do nothing else; one pool a process."""

    def __init__(self) -> None:
        self._pool: ParserPool | None = None

    def __reduce__(self) -> tuple[type[SandboxedFiles], tuple[()]]:
        return SandboxedFiles, ()

    def __call__(
        self, spec: ModelSpec, data: bytes, suffix: str, *, start: int | None = None
    ) -> ParsedFile:
        """What is in a file; see `parsed_file`."""
        self._pool = self._pool or ParserPool()
        options: dict[str, Any] = {} if spec.kind == "picture" else {"suffix": suffix}
        if spec.kind == "series":
            options["takes"] = takes(spec)
        if start is not None:
            options["start"] = start
        return self._pool.parse(spec.kind, data, **options)


class _Line:
    """Progress on stderr: one line that changes, or, in a log, one now and then."""

    def __init__(self) -> None:
        self._live, self._last, self._open = sys.stderr.isatty(), 0.0, False

    def progress(self, state: ManyProgress) -> None:
        """Say how far the run is."""
        now = time.monotonic()
        if now - self._last < (0.2 if self._live else SECONDS_BETWEEN_LINES):
            return
        self._last = now
        left = state.seconds_left
        text = f"{state.done:,} of {state.total:,}"
        if left is not None:
            text += f", {state.rate:,.1f} a second, {_duration(left)} left"
        if state.failed:
            text += f", {state.failed:,} failed"
        print(f"\r{text}\033[K" if self._live else text, end="", file=sys.stderr)
        print("", end="" if self._live else "\n", file=sys.stderr, flush=True)
        self._open = self._live

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            print(file=sys.stderr)
        self._open = False


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _options(given: Sequence[str]) -> dict[str, Any]:
    """Options as they were typed: numbers, true, false, lists, or words."""
    options: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.isidentifier():
            raise Problem(f"--option takes NAME=VALUE, as steps=16; not {one!r}.")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options
