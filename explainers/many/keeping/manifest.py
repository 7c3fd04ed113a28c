"""What a run was asked, kept in its folder, and whether the same is asked again."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from explainers.errors import Problem
from explainers.many.keeping.folders import names_in
from explainers.many.keeping.shards import Shards
from explainers.many.keeping.whole_files import PART, write_whole
from explainers.many.reading.inputs import InputSource

FORM = 1
NAME, LIST = "run.json", "files.tsv"
_LIBRARIES = ("torch", "numpy", "pillow", "pyarrow")
_WORDS = {
    "network": "the network's weights",
    "prepared": "how inputs are prepared",
    "form": "the form of the folder",
}


def versions() -> dict[str, str]:
    """What computes: Python and the libraries that numbers depend on."""
    told = {"python": platform.python_version(), "machine": platform.machine()}
    return told | {name: metadata.version(name) for name in _LIBRARIES}


def keep(
    folder: Path,
    asked: Mapping[str, Any],
    source: str,
    inputs: InputSource,
    classes: Sequence[str] = (),
) -> None:
    """Write what is asked into a new run's folder, or compare it with what was.

    Checks may be added to those of a run that was begun with fewer.

    Parameters
    ----------
    folder : Path
        Of the run.
    asked : mapping
        All that decides the answers but the inputs; plain data.
    source : str
        Where the inputs come from, in words.
    inputs : InputSource
    classes : sequence of str
        Names of the network's outputs; they decide nothing.

    Raises
    ------
    Problem
        Where the folder holds another run, or the inputs are no longer those that the run began
        with.
    """
    exact: dict[str, Any] = json.loads(json.dumps({"form": FORM, **asked}))
    path = folder / NAME
    if path.exists():
        before = _read(path)
        added = {**before["asked"], "checks": exact.get("checks")}
        if set(before["asked"].get("checks", ())) < set(exact.get("checks", ())):
            _demand_same({**before, "asked": added}, exact, folder, inputs)
            return _write(path, {**before, "asked": exact})
        return _demand_same(before, exact, folder, inputs)
    listed = zip(inputs.files, inputs.digests, strict=True)
    lines = "".join(f"{digest}\t{_escaped(name)}\n" for name, digest in listed)
    write_whole(folder / LIST, lines.encode())
    told = {
        "asked": exact,
        "source": source,
        "inputs": len(inputs),
        "source_digest": inputs.digest,
        "notes": list(inputs.notes),
        "classes": list(classes),
        "left_out": [_escaped(name) for name in inputs.left_out[:1000]],
        "versions": versions(),
    }
    _write(path, told)


def _write(path: Path, told: Mapping[str, Any]) -> None:
    write_whole(path, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())


def shards_of(folder: Path) -> Shards:
    """The shards of a run; those whose maps lack a check that was asked for are not whole."""
    return Shards(folder, checks=read(folder)["asked"].get("checks", ()))


def demand_room(folder: Path) -> None:
    """Problem where a folder holds other files and no run."""
    if (folder / NAME).exists():
        return
    begun = {LIST, "journal", "lock"}
    names = set(names_in(folder)) - begun
    parts = {name for name in names if name.endswith(PART) and name.startswith((LIST, NAME))}
    others = sorted(names - parts)
    if others:
        raise Problem(
            f"{folder} holds other files ({', '.join(others[:3])}) and no run. Give `to` a folder "
            "that is empty or new."
        )


def read(folder: Path) -> dict[str, Any]:
    """What a run's folder says that it holds. Problem where it is none."""
    path = folder / NAME
    if not path.is_file():
        raise Problem(f"{folder} holds no run: there is no {NAME} in it.")
    return _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(told, dict) and {"asked", "source_digest", "inputs"} <= set(told)):
            raise ValueError("incomplete")
    except (OSError, ValueError) as error:
        raise Problem(
            f"{path} cannot be read, so it is not known what the run was asked. Give `to` another "
            "folder."
        ) from error
    return told


def _demand_same(
    told: dict[str, Any], asked: dict[str, Any], folder: Path, inputs: InputSource
) -> None:
    before = told["asked"]
    other = [
        f"{_WORDS.get(name, name)} ({_short(before.get(name))} there, {_short(asked.get(name))} "
        "here)"
        for name in {**before, **asked}
        if before.get(name) != asked.get(name)
    ]
    if other:
        raise Problem(
            f"{folder} holds another run; what differs is {'; '.join(other)}. Give `to` another "
            "folder, or ask the same to go on with that run."
        )
    if told["source_digest"] != inputs.digest:
        raise Problem(
            f"The source changed since this run began: {_changes(folder, inputs)}. Put it back as "
            "it was to go on, or give `to` another folder to begin anew."
        )


def _changes(folder: Path, inputs: InputSource) -> str:
    """Which files came, went or changed, in words."""
    try:
        lines = (folder / LIST).read_text(encoding="utf-8").split("\n")[:-1]
    except OSError:
        return "its files have other digests"
    before = {name: digest for digest, _, name in (line.partition("\t") for line in lines)}
    now = {
        _escaped(name): digest for name, digest in zip(inputs.files, inputs.digests, strict=True)
    }
    groups = {
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
        "changed": [name for name in now if name in before and now[name] != before[name]],
    }
    return ", ".join(
        f"{len(names):,} {'is' if len(names) == 1 else 'are'} {word} ({', '.join(names[:3])}"
        f"{', …' if len(names) > 3 else ''})"
        for word, names in groups.items()
        if names
    )


def _escaped(name: str) -> str:
    """A name on one line, in UTF-8 whatever the system calls the file."""
    plain = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _short(value: object) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"
