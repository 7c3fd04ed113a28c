"""Which form of the model's answer is explained: as it is, before a final softmax, or probability.

The final activation is recognised while the model runs, on operations and not on modules, so that
`nn.Softmax`, `F.softmax`, `x.softmax(1)` and a sigmoid behind a reshape are all found.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.errors import Problem

OUTPUT_FORMS = ("output", "logit", "probability")

_ACTIVATIONS = {
    F.softmax: "softmax",
    torch.softmax: "softmax",
    Tensor.softmax: "softmax",
    F.log_softmax: "log_softmax",
    torch.log_softmax: "log_softmax",
    Tensor.log_softmax: "log_softmax",
    F.sigmoid: "sigmoid",
    torch.sigmoid: "sigmoid",
    Tensor.sigmoid: "sigmoid",
    torch.special.expit: "sigmoid",
}
_RESHAPES = {
    torch.squeeze,
    Tensor.squeeze,
    torch.unsqueeze,
    Tensor.unsqueeze,
    torch.flatten,
    Tensor.flatten,
    torch.reshape,
    Tensor.reshape,
    Tensor.view,
    Tensor.contiguous,
    Tensor.clone,
    torch.clone,
    Tensor.float,
    Tensor.double,
    Tensor.to,
}


class FinalActivation(TorchFunctionMode):
    """While active, remembers what went into the latest softmax or sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[Tensor, Tensor, str]] = {}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        kind = _ACTIVATIONS.get(function)
        source = args[0] if args else kwargs.get("input")
        if kind and kwargs.get("dtype") is None:
            self._before = {id(result): (result, source, kind)}
        elif function in _RESHAPES and id(source) in self._before:
            _, before, kind = self._before[id(source)]
            self._before[id(result)] = (result, function(before, *args[1:], **kwargs), kind)
        return result

    def before(self, output: Tensor) -> tuple[Tensor, str | None]:
        """The tensor before the final activation and its name, or (output, None) without one."""
        found = self._before.get(id(output))
        return (found[1], found[2]) if found is not None and found[0] is output else (output, None)


def with_form(model, score: str, centre: bool = False):
    """`model` as a function (n, …) → (n, …) that returns the asked form of its answer.

    "logit" is what enters a recognised final softmax, log-softmax or sigmoid, else the output.
    "probability" is the output of a recognised softmax or sigmoid; else the softmax of the output,
    or its sigmoid where there is one output only. `centre` subtracts the mean over the outputs.
    """
    if score not in OUTPUT_FORMS:
        raise Problem(f"score={score!r} is not known; it is one of {', '.join(OUTPUT_FORMS)}.")
    if centre:
        plain = with_form(model, score)
        return lambda points: _centred(plain(points))
    if score == "output":
        return model

    def answer(points: Tensor) -> Tensor:
        with FinalActivation() as seen:
            output = model(points)
        if not isinstance(output, Tensor):
            return output
        logits, kind = seen.before(output)
        if score == "logit":
            return logits
        if kind in ("softmax", "sigmoid"):
            return output
        single = output.ndim == 1 or output.shape[1] == 1
        return logits.sigmoid() if single else logits.softmax(1)

    return answer


def _centred(output):
    several = isinstance(output, Tensor) and output.ndim > 1
    return output - output.mean(1, keepdim=True) if several else output
