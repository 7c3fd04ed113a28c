"""A report proves itself: its answer is computed again, and whatever differs is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from explainers.commands.workplace import Workplace, file_digest
from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.locations import code_version
from explainers.models.own_inputs import own_input
from explainers.reports.page import ranking_page
from explainers.reports.page.record import differences, read_record
from explainers.reports.page.report_page import versions
from explainers.service.tasks import Answer
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.importance import Importance

_WORDS = {"model": "network", "data": "data", "baseline": "baseline"}
_FLAGS = {"model": "--model", "data": "--data", "baseline": "--baseline"}

_WHOLE = (
    "The report of a run: neither the page nor its record was changed since it was written. Its "
    "numbers are those of the run's folder, and are computed again by asking the same of the same "
    "inputs in another folder."
)

Files: TypeAlias = "Path | Sequence[Path] | None"
"""A file that a report was made from, several, or none."""


def verify(
    report: Path, model: Files = None, data: Files = None, baseline: Files = None
) -> tuple[bool, list[str]]:
    """Whether a report's numbers come out again, and sentences that say what was found.

    Parameters
    ----------
    report : Path
        Of one explanation, of several, of a table of importance; or of a run, of which only is
        said whether the file is as it was written.
    model, data, baseline : Path or sequence of Path, optional
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
    if "run" in record:
        return not changed, changed or [_WHOLE]
    several = "several" in record
    records = record["several"] if several else [record]
    if not (isinstance(records, list) and records and all(isinstance(r, dict) for r in records)):
        raise Problem("This report holds no answer. Ask whoever sent it for the file again.")
    tasks = [_task(each) for each in records]
    given = _listed(model, data, baseline)
    changed += list(dict.fromkeys(s for r in records for s in _other_files(r, given)))
    if any("another file than" in sentence for sentence in changed):
        return False, changed
    holds, said = not changed, list(changed)
    with Workplace() as workplace:
        for path in [path for paths in given.values() for path in paths]:
            workplace.keep(path)
        for each, task in zip(records, tasks, strict=True):
            _own_inputs(workplace, task)
            try:
                answer = workplace.answer(task)
            except Problem as problem:
                raise Problem(f"The answer could not be computed again: {problem}") from problem
            fits, found = _compared(each, task, answer, changed if not several else [])
            holds = holds and fits
            if several:
                name = str(each.get("label") or each.get("about"))
                said += [f"{name}: {found[0]}", *found[1:]]
            else:
                said = found
    if several:
        said.insert(0, _of_all(holds, len(records)))
    return holds, [*said, *_other_versions(records[0])]


def _of_all(holds: bool, count: int) -> str:
    return f"Reproduced: all {count} answers." if holds else "Not all of it is as it was made."


def _compared(
    record: dict[str, Any], task: Explain | Importance, answer: Answer, changed: Sequence[str]
) -> tuple[bool, list[str]]:
    """Whether one answer came out again in a file of which so much was changed; sentences."""
    facts, arrays = answer
    try:
        if isinstance(task, Importance):
            largest, apart = ranking_page.differences(
                record, facts["methods"], arrays["values"], arrays["rank"]
            )
            says = f"It is about {record.get('about')}. “{record.get('says')}”"
            of = "of a method's largest number"
        else:
            heat = KINDS[task.kind].heat(arrays["scores"])
            largest, apart = differences(record, heat, facts["output"], facts["baseline_output"])
            says, of = _says(record, facts), "of the strongest score"
    except (KeyError, TypeError, AttributeError) as error:
        raise Problem(
            "The record in this report lacks what it should hold: it was changed, or the file is "
            "damaged. Ask whoever sent it for the file again."
        ) from error
    found = [*changed, *apart]
    said = [says]
    if not found:
        said.insert(0, f"Reproduced: largest difference {largest:.1g} {of}.")
    elif not apart:
        said.append(f"The scores come out again (largest difference {largest:.1g}), but:")
    else:
        said.insert(0, "Not reproduced:")
    return not found, [*said, *found]


def _task(record: dict[str, Any]) -> Explain | Importance:
    if record.get("task") is None:
        raise Problem(
            "This report does not hold its question: it was made in Python, of a network that is "
            "in no file, or its input was kept out of it. Its numbers cannot be computed again."
        )
    kind = Importance if "table" in record else Explain
    try:
        task = msgspec.convert(record["task"], kind)
    except (msgspec.ValidationError, TypeError) as error:
        raise Problem(
            f"The question in this report is none that this version knows: {error}."
        ) from error
    assert isinstance(task, (Explain, Importance))
    return task


def _listed(model: Files, data: Files, baseline: Files) -> dict[str, list[Path]]:
    given = {"model": model, "data": data, "baseline": baseline}
    return {
        name: [] if files is None else [files] if isinstance(files, Path) else list(files)
        for name, files in given.items()
    }


def _other_files(record: dict[str, Any], given: dict[str, list[Path]]) -> list[str]:
    """A sentence for each kind of file of which none is the one that it was made from."""
    said = []
    for name, paths in given.items():
        told = str((record.get("digests") or {}).get(name, ""))
        found = {file_digest(path): path for path in paths}
        if not paths or not told or told in found or own_input(told) is not None:
            continue
        digest, path = next(iter(found.items()))
        said.append(
            f"The {_WORDS[name]} is another file than the report was made from: "
            f"{path.name} has the SHA-256 {digest[:12]}…, the report's {told[:12]}…."
        )
    return said


def _own_inputs(workplace: Workplace, task: Explain | Importance) -> None:
    """Bring the pictures and tables that come with Evident; Problem for what is missing."""
    for upload in task.uploads():
        if workplace.runner.store.has_blob(upload.digest):
            continue
        known = own_input(upload.digest)
        if known is not None:
            workplace.keep(known)
            continue
        asked = task.rows if isinstance(task, Importance) else task
        network = asked.model.weights.startswith(upload.digest)
        name = "model" if network else "data"
        if isinstance(task, Explain) and task.baseline.file.startswith(upload.digest):
            name = "baseline"
        what = "own baseline" if name == "baseline" else _WORDS[name]
        raise Problem(f"The {what} is missing: give its file with {_FLAGS[name]} FILE.")


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
