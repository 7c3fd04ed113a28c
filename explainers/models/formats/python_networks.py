"""Running a Python file of whoever starts the server, for its networks and what trains them.

Only the worker does; `python_models` says what stands in the file.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainers.errors import ModelProblem, Problem, typed_line
from explainers.models.formats.python_models import python_models_digest, training_name

if TYPE_CHECKING:
    from torch import nn


def build_python_model(file: Path, name: str, digest: str = "") -> nn.Module:
    """The network `name` of a Python file, in evaluation mode.

    Runs the file, so only whoever starts the server may name it.

    Parameters
    ----------
    file : Path
    name : str
    digest : str
        Of `python_models_digest` when the network was asked for; "" for whatever the file is now.

    Raises
    ------
    Problem
        Where the file has changed since the digest.
    ModelProblem
        Where the file fails, with the line; or gives no network of that name.
    """
    from torch import nn

    with _running(file, digest) as space:
        makers = space.get("models", dict)
        made = makers() if callable(makers) else makers
        maker = made.get(name) if isinstance(made, Mapping) else None
        network = maker() if callable(maker) and not isinstance(maker, nn.Module) else maker
    if maker is None:
        raise ModelProblem(
            f"{file.name} makes no model {name!r}: models() has to give a dictionary from names to "
            "functions that build networks, with every name that stands in EVIDENT."
        )
    if not isinstance(network, nn.Module):
        raise ModelProblem(
            f"{file.name} gives a {type(network).__name__} for {name!r}; a torch.nn.Module is "
            "needed."
        )
    return network.eval()


def python_training(file: Path, name: str, digest: str = "") -> Callable[..., Any] | None:
    """The function of a Python file that trains a network like `name` on some columns.

    Parameters
    ----------
    file, name, digest
        As for `build_python_model`.

    Returns
    -------
    callable or None
        train(inputs (n, f) or (n, steps, f), labels (n,), seed) → model. None where the file names
        none for this network.

    Raises
    ------
    Problem, ModelProblem
        As `build_python_model`; or where the file has no function of the name that it says.
    """
    named = training_name(file, name)
    if not named:
        return None
    with _running(file, digest) as space:
        train = space.get(named)
    if not callable(train):
        raise ModelProblem(
            f"{file.name} says that {named!r} trains {name!r}, but has no function of that name: "
            f"def {named}(inputs, labels, seed), which returns a trained model."
        )
    return train


@contextmanager
def _running(file: Path, digest: str) -> Iterator[dict[str, Any]]:
    """What the file defines; its own folder is where it imports from; its errors are sentences."""
    if digest and digest != python_models_digest(file):
        raise Problem(f"{file.name} has changed since this was asked for; ask again.")
    sys.path.insert(0, str(file.parent))
    try:
        space: dict[str, Any] = {"__name__": "evident_models", "__file__": str(file)}
        exec(compile(file.read_bytes(), str(file), "exec"), space)
        yield space
    except (Exception, SystemExit) as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)
        ]
        line = lines[-1] if lines else getattr(error, "lineno", None)
        where = f"{file.name}, line {line}" if line else file.name
        raise ModelProblem(
            f"{where}: {typed_line(error)}. Mend the file and "
            "ask again; the server need not be started again."
        ) from error
    finally:
        sys.path.remove(str(file.parent))
