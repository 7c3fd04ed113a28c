"""What a Python file of whoever starts the server says of its models, read without running it.

`python_networks` runs it, in the worker alone.

The file has a function `models()` that gives, for every name, a function that builds the network,
and, written out so that it can be read without running anything, what goes into each:

    EVIDENT = {
        "wine": {"kind": "table", "columns": ["acid", "sugar"], "classes": ["poor", "good"]},
        "birds": {"kind": "picture", "size": 128, "files": ["birds.safetensors"]},
    }

    def models():
        return {"wine": wine_network, "birds": lambda: bird_network("birds.safetensors")}

Keys: kind, shape, size, width, fit, swapped, columns, answers, step, mean, std, white, order (as in
ModelSpec; without mean and std nothing is subtracted and divided; the shape of a picture (C, H, W)
says its size too), classes, description, files: what the model reads besides, in the same folder,
and train: the name of a function train(inputs (n, f), labels (n,), seed) of the file, which returns
a model trained on those columns, for the methods of importance that train networks anew.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from explainers.errors import Problem
from explainers.kinds.fitting import FITS
from explainers.models.spec import ModelSpec, settings_of_slices

_TABLE = "EVIDENT"
_KEYS: dict[str, type | tuple[type]] = {
    "kind": str,
    "shape": (int,),
    "size": int,
    "width": int,
    "fit": str,
    "swapped": bool,
    "columns": (str,),
    "answers": str,
    "step": int,
    "mean": (float,),
    "std": (float,),
    "white": float,
    "order": str,
    "classes": (str,),
    "description": str,
    "files": (str,),
    "train": str,
}
"""What a model may declare of itself, and the type of it; in brackets: of each in a list."""
_CHOICES = {
    "kind": ("picture", "table", "series", "sequence"),
    "fit": FITS,
    "order": ("RGB", "BGR"),
    "answers": ("classes", "labels", "probabilities", "numbers"),
}


@dataclass(frozen=True)
class PythonModel:
    """One model that a Python file defines.

    Parameters
    ----------
    spec : ModelSpec
        `weights` is the SHA-256 of all that makes the model, so that a change makes it another.
    classes : tuple of str
        Names of its outputs, or ().
    description : str
        A sentence about it.
    """

    spec: ModelSpec
    classes: tuple[str, ...] = ()
    description: str = ""


def read_python_models(file: Path | None) -> dict[str, PythonModel]:
    """The models that a Python file defines; nothing in it is run, nor is torch needed.

    Parameters
    ----------
    file : Path or None
        With a table EVIDENT at its top level.

    Returns
    -------
    dict[str, PythonModel]
        By name; {} without a file.

    Raises
    ------
    Problem
        With what is wrong with the file.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "models.py"
    >>> _ = file.write_text('EVIDENT = {"wine": {"kind": "table", "columns": ["acid", "sugar"]}}')
    >>> read_python_models(file)["wine"].spec.shape
    (2,)
    """
    if file is None:
        return {}
    digest = python_models_digest(file)
    return {name: _model(file, name, facts, digest) for name, facts in _facts(file).items()}


def python_models_digest(file: Path) -> str:
    """What identifies a Python file of models: it changes with the file and all that it reads.

    Returns
    -------
    str
        SHA-256 of the file and of the `files` that its models name, in hexadecimal.
    """
    whole = hashlib.sha256()
    for path in (file, *_named(file)):
        whole.update(_digest(path, *_stamp(path)))
    return whole.hexdigest()


def training_name(file: Path, name: str) -> str:
    """Name of the function that trains a network like `name` anew; "" where the file says none."""
    facts = _facts(file).get(name, {})
    return str(_checked(file, name, facts).get("train", ""))


def _facts(file: Path) -> dict[str, dict[str, Any]]:
    """What stands in EVIDENT, without running anything."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise Problem(f"{file.name}{line} cannot be read as Python: {str(error)[:150]}.") from error
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == _TABLE for target in targets):
            with _literal(file, node):
                if node.value is None:
                    raise ValueError("no value")
                facts = ast.literal_eval(node.value)
            if isinstance(facts, dict) and all(
                isinstance(name, str) and isinstance(value, dict) for name, value in facts.items()
            ):
                return facts
            break
    raise Problem(
        f"{file.name} has no {_TABLE} = {{…}} at its top level with a dictionary for each model, "
        f'as in {_TABLE} = {{"wine": {{"kind": "table", "shape": [11]}}}}.'
    )


@contextmanager
def _literal(file: Path, node: ast.stmt) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise Problem(
            f"{file.name}, line {node.lineno}: {_TABLE} is read without running the file, so "
            "everything in it has to be written out: texts, numbers, lists and dictionaries."
        ) from error


def _model(file: Path, name: str, facts: dict[str, Any], digest: str) -> PythonModel:
    facts = _checked(file, name, facts)
    facts.pop("files", None)
    facts.pop("train", None)
    classes, description = facts.pop("classes", ()), facts.pop("description", "")
    kind = facts.get("kind", "picture")
    shape = facts.get("shape", ())
    if kind == "picture" and len(shape) == 4:
        facts = settings_of_slices(facts)
        shape = facts["shape"]
    if kind == "picture" and len(shape) == 3:
        facts = {"size": shape[1], "width": shape[2]} | facts
    count = (shape[0] if len(shape) == 3 else 3) if kind == "picture" else 1
    spec = ModelSpec("python", name, weights=digest, mean=(0.0,) * count, std=(1.0,) * count)
    if kind == "table" and "columns" in facts:
        facts.setdefault("shape", (len(facts["columns"]),))
    spec = replace(spec, **facts)
    if len(spec.mean) != len(spec.std):
        raise Problem(f"{file.name}, {name!r}: mean and std need as many numbers as each other.")
    return PythonModel(spec, classes, description)


def _checked(file: Path, name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of one model, lists as tuples of what belongs in them."""
    checked: dict[str, Any] = {}
    for key, value in facts.items():
        if key not in _KEYS:
            raise Problem(
                f"{file.name}, {name!r}: {key!r} is not known; there are {', '.join(_KEYS)}."
            )
        kind = _KEYS[key]
        one = kind[0] if isinstance(kind, tuple) else kind
        several = isinstance(value, list | tuple)
        parts = [
            float(v) if one is float and type(v) is int else v
            for v in (value if several else [value])
        ]
        if several != isinstance(kind, tuple) or any(type(part) is not one for part in parts):
            raise Problem(f"{file.name}, {name!r}: {key} cannot be {str(value)[:60]!r}.")
        checked[key] = tuple(parts) if several else value
        if value not in _CHOICES.get(key, (value,)):
            choices = ", ".join(_CHOICES[key])
            raise Problem(f"{file.name}, {name!r}: {key} is {value!r}; there are {choices}.")
    return checked


def _named(file: Path) -> list[Path]:
    """The files that the models read besides."""
    facts = _facts(file).items()
    names = {path for name, one in facts for path in _checked(file, name, one).get("files", ())}
    missing = [name for name in sorted(names) if not (file.parent / name).is_file()]
    if missing:
        raise Problem(f"{file.name} names the file {missing[0]!r}, which is not beside it.")
    return [file.parent / name for name in sorted(names)]


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=64)
def _digest(path: Path, _changed: int, _size: int) -> bytes:
    """SHA-256 of a file's bytes, computed again when its time or size is another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
