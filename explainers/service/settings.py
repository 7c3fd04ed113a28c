"""The settings file of whoever starts the server, and which models of their own it lets in."""

from __future__ import annotations

import functools
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainers.locations import PROJECT

SETTINGS = PROJECT / ".evident.toml"
_TABLES = ("limits", "models", "cluster")


@dataclass(frozen=True)
class ModelSettings:
    """Whose programs may run here besides Evident's own.

    Attributes
    ----------
    file : Path, optional
        The Python file with models, an absolute path.
    torchscript : bool
        Whether TorchScript files, which are programs, are let in (and run in the sandbox).
    precision : str
        As in `explainers.explain`: "auto", or "trial" for whatever is quicker here and agrees.
    """

    file: Path | None = None
    torchscript: bool = False
    precision: str = "auto"


def settings_file() -> Path:
    """The file named by EVIDENT_SETTINGS, or the one in the app's folder."""
    return Path(os.environ.get("EVIDENT_SETTINGS") or SETTINGS)


@functools.cache
def model_settings() -> ModelSettings:
    """What this server was started with; it stays so until it ends."""
    return read_models(settings_file(), sys.argv[1:], os.environ)


def read_models(
    path: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> ModelSettings:
    """The table [models] of a settings file, and what goes before it.

    The file of models comes from `--models FILE` after the app's name, else from EVIDENT_MODELS,
    else from `file`, which is relative to the settings file; nothing that a visitor sends can name
    one. EVIDENT_ALLOW_TORCHSCRIPT is 1 or 0, EVIDENT_PRECISION "auto" or "trial".

    Parameters
    ----------
    path : Path
        The settings file, which need not be there.
    arguments : sequence of str
        The command line after the app's name.
    environment : mapping
        Environment variables.

    Raises
    ------
    ValueError
        Names what is wrong.

    Examples
    --------
    >>> from pathlib import Path
    >>> read_models(Path("no such file"), [], {"EVIDENT_ALLOW_TORCHSCRIPT": "1"})
    ModelSettings(file=None, torchscript=True, precision='auto')
    """
    given = read_table(path, "models", ("file", "torchscript", "precision"))
    file, allowed = given.get("file", ""), given.get("torchscript", False)
    precision = environment.get("EVIDENT_PRECISION") or given.get("precision", "auto")
    if precision not in ("auto", "trial"):
        raise ValueError(f"{path}: precision = {precision!r} is neither 'auto' nor 'trial'.")
    if not isinstance(file, str):
        raise ValueError(f"{path}: file = {file!r} is not a path in quotation marks.")
    if not isinstance(allowed, bool):
        raise ValueError(f"{path}: torchscript = {allowed!r} is neither true nor false.")
    override = environment.get("EVIDENT_ALLOW_TORCHSCRIPT", "")
    if override not in ("", "0", "1"):
        raise ValueError(f"EVIDENT_ALLOW_TORCHSCRIPT={override} is neither 1 nor 0.")
    named = _argument(arguments) or environment.get("EVIDENT_MODELS", "")
    models = Path(named).absolute() if named else (path.absolute().parent / file if file else None)
    if models is not None and not models.is_file():
        raise ValueError(f"The file of models {models} is not there.")
    return ModelSettings(models, override == "1" if override else allowed, precision)


def as_environment() -> dict[str, str]:
    """The same settings as environment of the worker process, which has another command line."""
    settings = model_settings()
    return {
        "EVIDENT_MODELS": str(settings.file or ""),
        "EVIDENT_ALLOW_TORCHSCRIPT": str(int(settings.torchscript)),
        "EVIDENT_PRECISION": settings.precision,
    }


def read_table(path: Path, name: str, known: Sequence[str] = ()) -> dict[str, Any]:
    """One table of a settings file; empty where it or the file is missing.

    ValueError where the file has tables that nobody reads, or this one other keys than are known,
    where they are given.
    """
    given = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if strange := sorted(set(given) - set(_TABLES)):
        raise ValueError(
            f"{path}: there is no part {strange[0]!r}; there are {', '.join(_TABLES)}."
        )
    if not isinstance(given.get(name, {}), dict):
        raise ValueError(f"{path}: {name} is a part, written as [{name}].")
    table: dict[str, Any] = given.get(name, {})
    if known and (strange := sorted(set(table) - set(known))):
        raise ValueError(f"{path}: [{name}] knows {', '.join(known)}, not {strange[0]!r}.")
    return table


def _argument(arguments: Sequence[str]) -> str:
    """The value of `--models`, in either way to write it; "" where it is not given."""
    for index, argument in enumerate(arguments):
        if argument == "--models":
            if index + 1 == len(arguments):
                raise ValueError("--models needs a file: streamlit run app.py -- --models FILE.")
            return arguments[index + 1]
        if argument.startswith("--models="):
            return argument.removeprefix("--models=")
    return ""
