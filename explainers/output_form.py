"""Which form of the output is explained: as it is, before a final softmax, or a probability.

The final activation is recognised while the model runs, on operations and not on modules, so that
`nn.Softmax`, `F.softmax`, `x.softmax(1)` and a sigmoid behind a reshape are all recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.errors import Problem
from explainers.eval_mode import Model

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
    """While active, remembers what went into the latest softmax, log-softmax or sigmoid.

    Examples
    --------
    >>> with FinalActivation() as final:
    ...     output = torch.tensor([[0.0, 0.0]]).softmax(1)
    >>> output, final.before(output)
    (tensor([[0.5000, 0.5000]]), (tensor([[0., 0.]]), 'softmax'))
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[Tensor, Tensor, str]] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function of torch, and note its input where it is an activation."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        activation = _ACTIVATIONS.get(func)
        source: Any = args[0] if args else kwargs.get("input")
        if activation and kwargs.get("dtype") is None:
            self._before = {id(result): (result, source, activation)}
        elif func in _RESHAPES and id(source) in self._before:
            _, before, activation = self._before[id(source)]
            self._before[id(result)] = (result, func(before, *args[1:], **kwargs), activation)
        return result

    def before(self, output: Tensor) -> tuple[Tensor, str | None]:
        """What went into the activation that gave a tensor.

        Parameters
        ----------
        output : Tensor
            The model's output, computed while this was active.

        Returns
        -------
        before : Tensor
            Of the output's shape; the output itself where no activation gave it.
        activation : str or None
            "softmax", "log_softmax", "sigmoid" or None.
        """
        entry = self._before.get(id(output))
        return (entry[1], entry[2]) if entry is not None and entry[0] is output else (output, None)


def with_form(model: Model, score: str, centre: bool = False) -> Model:
    """The model as a function whose output has the wanted form.

    Parameters
    ----------
    model : callable
        From (n, …) to (n, …).
    score : str
        "output": as it is. "logit": what enters a recognised final softmax, log-softmax or sigmoid,
        else the output. "probability": the output of a recognised softmax or sigmoid, else the
        softmax of the output, or its sigmoid where there is one output only.
    centre : bool
        Whether to subtract the mean over the outputs (n, outputs).

    Raises
    ------
    Problem
        For a score that is not one of OUTPUT_FORMS.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Sigmoid())
    >>> x = torch.tensor([[0.0, 2.0]])
    >>> with_form(model, "logit")(x)
    tensor([[0., 2.]])
    >>> with_form(model, "logit", centre=True)(x)
    tensor([[-1.,  1.]])
    """
    if score not in OUTPUT_FORMS:
        raise Problem(f"score={score!r} is not known; it is one of {', '.join(OUTPUT_FORMS)}.")
    if centre:
        uncentred = with_form(model, score)
        return lambda points: _centred(uncentred(points))
    if score == "output":
        return model

    def formed(points: Tensor) -> Tensor:
        with FinalActivation() as final:
            output = model(points)
        if not isinstance(output, Tensor):
            return output
        logits, activation = final.before(output)
        if score == "logit":
            return logits
        if activation in ("softmax", "sigmoid"):
            return output
        single = output.ndim == 1 or output.shape[1] == 1
        return logits.sigmoid() if single else logits.softmax(1)

    return formed


def _centred(output: Tensor) -> Tensor:
    several = isinstance(output, Tensor) and output.ndim > 1
    return output - output.mean(1, keepdim=True) if several else output
