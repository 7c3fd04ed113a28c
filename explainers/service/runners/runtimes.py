"""In which languages a network can be run behind the wall: what is imported first, and how it runs.

Neither knows the other's imports, so that each process that runs networks stays small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Run = Callable[["np.ndarray"], "np.ndarray"]
"""From numbers (N, …) to numbers, whatever the network makes of them."""


@dataclass(frozen=True)
class Language:
    """One way to run networks.

    prepare  imports all that `load` and what it gives need; nothing can be imported afterwards.
    load     from a network's bytes, and facts about it, to what runs it; Problem where it cannot.
    """

    prepare: Callable[[], None]
    load: Callable[[bytes, dict[str, Any]], Run]


def _prepare_onnx() -> None:
    import onnx  # noqa: F401

    from explainers.errors import Problem
    from explainers.models.formats.onnx.session import onnxruntime

    try:
        onnxruntime()
    except Problem:  # the runner says so
        return


def _load_onnx(data: bytes, facts: dict[str, Any]) -> Run:
    from explainers.models.formats.onnx.session import session

    opened = session(data, facts["output"], facts["hidden"])
    given = opened.get_inputs()[0].name
    return lambda values: opened.run([facts["output"]], {given: values})[0]


def _prepare_script() -> None:
    from explainers.models.formats import torchscript

    torchscript.prepare()


def _load_script(data: bytes, _facts: dict[str, Any]) -> Run:
    from explainers.models.formats.torchscript import serve_script

    return serve_script(data)


LANGUAGES = {
    "onnx": Language(_prepare_onnx, _load_onnx),
    "torchscript": Language(_prepare_script, _load_script),
}
