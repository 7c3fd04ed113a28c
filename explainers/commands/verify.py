"""A report proves itself: its answer is computed again, and whatever differs is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from explainers.commands.workplace import Workplace, file_digest
from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.reports.page.record import differences, read_record
from explainers.reports.page.report_page import versions
from explainers.service.code_version import code_version
from explainers.service.tasks import Task
from explainers.service.tasks.explain import Explain

_WORDS = {"model": "network", "data": "data", "baseline": "baseline"}


def verify(
    report: Path, model: Path | None = None, data: Path | None = None, baseline: Path | None = None
) -> tuple[bool, list[str]]:
    """Whether a report's numbers come out again, and sentences that say what was found.

    Parameters
    ----------
    report : Path
    model, data, baseline : Path, optional
        The files that it was made from; none for what comes with Evident.

    Returns
    -------
    holds : bool
    sentences : list of str

    Raises
    ------
    Problem
        Where the report cannot be verified at all: it is cut short, a file is missing.
    """
    try:
        record, changed = read_record(report.read_bytes())
    except OSError as error:
        raise Problem(f"{report} cannot be read: {error.strerror}.") from error
    task = _task(record)
    given = {"model": model, "data": data, "baseline": baseline}
    changed += _other_files(record, given)
    if any(sentence.startswith("The ") and "another file" in sentence for sentence in changed):
        return False, changed
    with Workplace() as workplace:
        for path in given.values():
            if path is not None:
                workplace.keep(path)
        _own_inputs(workplace, task)
        try:
            facts, arrays = workplace.answer(task)
        except Problem as problem:
            raise Problem(f"The answer could not be computed again: {problem}") from problem
    heat = KINDS[task.kind].heat(arrays["scores"])
    largest, apart = differences(record, heat, facts["output"], facts["baseline_output"])
    changed += apart
    said = [_says(record, facts)]
    if not changed:
        said.insert(0, f"Reproduced: largest difference {largest:.1g} of the strongest score.")
    elif not apart:
        said.append(f"The scores come out again (largest difference {largest:.1g}), but:")
    return not changed, [*said, *changed, *_other_versions(record)]


def _task(record: dict[str, Any]) -> Explain:
    if record.get("task") is None:
        raise Problem(
            "This report does not hold its question: it was made in Python, of a network that is "
            "in no file, or its input was kept out of it. Its numbers cannot be computed again."
        )
    try:
        task = msgspec.convert(record["task"], Explain)
    except (msgspec.ValidationError, TypeError) as error:
        raise Problem(
            f"The question in this report is none that this version knows: {error}."
        ) from error
    assert isinstance(task, Task)
    return task


def _other_files(record: dict[str, Any], given: dict[str, Path | None]) -> list[str]:
    """A sentence for each file that is another than the report was made from."""
    said = []
    for name, path in given.items():
        told = record["digests"].get(name, "")
        if path is None or not told:
            continue
        found = file_digest(path)
        if found != told:
            said.append(
                f"The {_WORDS[name]} is another file than the report was made from: "
                f"{path.name} has the SHA-256 {found[:12]}…, the report's {told[:12]}…."
            )
    return said


def _own_inputs(workplace: Workplace, task: Explain) -> None:
    """Bring the pictures and tables that come with Evident; Problem for what is missing."""
    from explainers.models.zoo.demos import demos, gallery
    from explainers.models.zoo.imagenet import packaged

    own = [path for demo in demos().values() for path in (demo.data,) if path]
    own += [sample.path for key in ("", *demos()) for sample in gallery(key)]
    missing = {upload.digest: upload for upload in task.uploads()}
    for digest in list(missing):
        if workplace.runner.store.has_blob(digest):
            del missing[digest]
        elif (packed := packaged.file_of(digest)) is not None:
            del missing[workplace.keep(packed)]
    for path in own:
        if missing and file_digest(path) in missing:
            del missing[workplace.keep(path)]
    for upload in missing.values():
        network = task.model.weights.startswith(upload.digest)
        flag, what = ("--model", "the network") if network else ("--data", "the data")
        if task.baseline.file.startswith(upload.digest):
            flag, what = "--baseline", "the own baseline"
        raise Problem(f"{what.capitalize()} is missing: give its file with {flag} FILE.")


def _says(record: dict[str, Any], facts: dict[str, Any]) -> str:
    """What the page must say, so that a reader can compare."""
    base = facts["baseline_output"]
    said = f" “{record['says']}”" if record.get("says") else ""
    return (
        f"It is about {record.get('about')}: score {facts['output']:.6g}, on the baseline "
        f"{base:.6g}.{said}"
    )


def _other_versions(record: dict[str, Any]) -> list[str]:
    """What else differs, and may be the reason."""
    said = []
    if record["digests"].get("code", "") not in ("", code_version()):
        said.append("The report was made by another version of Evident than this one.")
    now = versions()
    other = [
        f"{name} {told} there, {now.get(name, 'none')} here"
        for name, told in record.get("versions", {}).items()
        if now.get(name) != told
    ]
    return [*said, f"Other software: {'; '.join(other)}."] if other else said
