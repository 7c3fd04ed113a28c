"""The runtimes that run networks in the sandbox: what each imports first, and how it runs one.

Neither knows the other's imports, so that each process that runs networks stays small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

RunNetwork: TypeAlias = "Callable[[np.ndarray], np.ndarray]"
"""From numbers (N, …) to numbers, whatever the network makes of them."""


@dataclass(frozen=True)
class Runtime:
    """One way to run networks.

    Attributes
    ----------
    prepare : callable
        Imports all that `load` and what it gives need; nothing can be imported afterwards.
    load : callable
        From a network's bytes, and facts about it, to what runs it; Problem where it cannot.
    """

    prepare: Callable[[], None]
    load: Callable[[bytes, dict[str, Any]], RunNetwork]


def _prepare_onnx() -> None:
    import onnx  # noqa: F401

    import explainers.models.formats.onnx.rewriting.holding  # noqa: F401
    from explainers.errors import Problem
    from explainers.models.formats.onnx.session import onnxruntime

    try:
        onnxruntime()
    except Problem:  # the runner says so
        return


def _load_onnx(untrusted_data: bytes, facts: dict[str, Any]) -> RunNetwork:
    """`facts`: "output", the name of the output to give; "hidden", whether it lies inside; "held",
    the name of the one input that is left and the others, where there are several."""
    from explainers.models.formats.onnx.session import run, session
    from explainers.models.formats.several_inputs import Held

    source, others = facts.get("held", ("", ()))
    held = [Held(n, k, None if s is None else tuple(s), v) for n, k, s, v in others]
    opened = session(untrusted_data, facts["output"], facts["hidden"], held=(source, held))
    return lambda values: run(opened, facts["output"], values)


def _prepare_torchscript() -> None:
    from explainers.models.formats import torchscript

    torchscript.prepare()


def _load_torchscript(untrusted_data: bytes, _facts: dict[str, Any]) -> RunNetwork:
    from explainers.models.formats.torchscript import serve_script

    return serve_script(untrusted_data)


RUNTIMES = {
    "onnx": Runtime(_prepare_onnx, _load_onnx),
    "torchscript": Runtime(_prepare_torchscript, _load_torchscript),
}
