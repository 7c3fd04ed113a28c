"""What a model's operations tell of it: values that it uses as whole numbers, batch statistics.

Values that a model uses as whole numbers only are codes of an embedding, an index, a place. So are
those that it only compares, or reads where no slope follows: by detach, in Python, in NumPy. The
slope of an answer by such a value is zero although the answer depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.errors import Problem

_STEPS = {"round", "round_", "floor", "floor_", "ceil", "ceil_", "trunc", "trunc_", "fix", "sign"}
_NO_USE = {"size", "dim", "is_floating_point", "requires_grad_", "__set__"}
_READ = {"item", "tolist", "numpy", "__array__", "__int__", "__float__", "__bool__", "__index__"}
"""Functions that give a tensor's numbers to Python."""
_MOST_SOURCES = 64


class Watch(TorchFunctionMode):
    """While active, notes which tensors were made whole before something was computed from them.

    Attributes
    ----------
    batch_statistics : bool
        Whether a normalisation took its statistics from several rows.

    Examples
    --------
    >>> codes, x = torch.nn.Embedding(3, 2), torch.tensor([[1.0, 5.0]], requires_grad=True)
    >>> with Watch() as watch:
    ...     answer = codes(x[:, 0].long()) * x[:, 1:]
    >>> watch.coded(answer, x)
    tensor([ True, False])
    """

    def __init__(self) -> None:
        super().__init__()
        self._from: dict[int, tuple[Tensor, list[Tensor]]] = {}
        self._used: dict[int, Tensor] = {}
        self.batch_statistics = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call the function of torch, and note whole numbers that go in or come out."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "batch_norm" and len(args[0]) > 1:
            # An instance normalisation may come here too, as one row of many channels.
            training = kwargs.get("training", args[5] if len(args) > 5 else False)
            self.batch_statistics |= bool(training)
        if name not in _NO_USE and len(self._used) < _MOST_SOURCES:
            self._note(name, _tensors((args, kwargs)), _tensors(result))
        return result

    def _note(self, name: str, given: list[Tensor], results: list[Tensor]) -> None:
        # Views that are made without gradients say that they require one.
        slopes = [t for t in given if t.requires_grad and id(t) not in self._from]
        sources = [part for tensor in given for part in self._sources(tensor)]
        if name in _READ:
            self._use(sources + slopes)
        elif torch.is_grad_enabled() and any(result.requires_grad for result in results):
            self._use(sources + (slopes if name in _STEPS else []))
        elif sources or slopes:
            # Whole numbers, truth values, and whatever else no slope leads through any more.
            for result in results:
                self._from[id(result)] = result, (sources + slopes)[:_MOST_SOURCES]
                if result.is_floating_point():
                    self._use(sources)

    def _use(self, sources: list[Tensor]) -> None:
        self._used |= {id(source): source for source in sources}

    def _sources(self, tensor: Tensor) -> list[Tensor]:
        known = self._from.get(id(tensor))
        return [] if known is None else known[1]

    def coded(self, answer: Tensor, leaf: Tensor) -> Tensor | None:
        """Which values of one input reach the answer as whole numbers only, or by comparisons.

        Parameters
        ----------
        answer : Tensor, shape (n, outputs…)
            What was computed from the leaf while this was active.
        leaf : Tensor, shape (n, …)

        Returns
        -------
        Tensor of bool, shape (…), or None
            None where there are none.
        """
        if not self._used:
            return None
        try:
            followed = reached(answer, leaf).any(0)
            if bool(followed.all()):
                return None
            entered = torch.zeros_like(leaf, dtype=torch.bool)
            for source in self._used.values():
                entered |= reached(source, leaf)
            coded = entered.any(0) & ~followed
        except Exception:  # no way back; said when a method needs it
            return None
        return coded if bool(coded.any()) else None


def without_slope(
    ask: Callable[[Tensor], Tensor],
    point: Tensor,
    coded: Tensor,
    instead: Tensor,
    differs: Callable[[Tensor], bool],
) -> Tensor | None:
    """Those of the values that change the answer and have no slope elsewhere either, or None.

    A ReLU that is written as a comparison is flat on one side only. Where what stands instead
    changes nothing, something is asked on the other side of the point; where it is the value
    itself, the next whole number stands instead.

    Parameters
    ----------
    ask : callable
        (n, …) → (n, outputs…); raises Problem where it cannot.
    point, instead : Tensor, shape (1, …)
        The input, and what may stand in the place of values.
    coded : Tensor of bool, shape (…)
        Values without a slope at the point.
    differs : callable
        Whether an answer is another than that to the point.

    Examples
    --------
    >>> x, zero, both = torch.tensor([[-1.0, 3.0]]), torch.zeros(1, 2), torch.tensor([True, True])
    >>> def model(x):
    ...     return torch.where(x[:, 0] > -0.5, x[:, 0], -0.5) + (x[:, 1] > 2)
    >>> without_slope(model, x, both, zero, lambda there: bool(there != model(x)))
    tensor([False,  True])
    """
    for other, next_one in ((instead, point + 1), (2 * point - instead, point - 1)):
        other = torch.where(other == point, next_one, other)
        found = _changing(ask, point, coded, other, differs)
        if found is not None:
            return found
    return None


def _changing(
    ask: Callable[[Tensor], Tensor],
    point: Tensor,
    coded: Tensor,
    instead: Tensor,
    differs: Callable[[Tensor], bool],
) -> Tensor | None:
    while bool(coded.any()):
        leaf = torch.where(coded, instead, point).detach().requires_grad_()
        if torch.equal(leaf.detach(), point):
            return None
        try:
            with torch.enable_grad():
                there = ask(leaf)
            flat = ~reached(there, leaf)[0]
        except (Problem, RuntimeError):  # codes that do not exist; no way back
            return None
        if not differs(there):
            return None
        if bool((flat | ~coded).all()):
            return coded
        coded = coded & flat
    return None


def reached(end: Tensor, leaf: Tensor) -> Tensor:
    """Where the slope of a tensor by a leaf is not zero.

    Parameters
    ----------
    end : Tensor
    leaf : Tensor

    Examples
    --------
    >>> x = torch.tensor([1.0, -1.0], requires_grad=True)
    >>> reached(x.relu(), x)
    tensor([ True, False])
    """
    if end is leaf:
        return torch.ones_like(leaf, dtype=torch.bool)
    if not end.requires_grad:
        return torch.zeros_like(leaf, dtype=torch.bool)
    weights = torch.linspace(1, 2, end.numel()).to(end).view_as(end)
    with torch.enable_grad():
        total = (end * weights).sum()
    (slope,) = torch.autograd.grad(total, leaf, retain_graph=True, allow_unused=True)
    return torch.zeros_like(leaf, dtype=torch.bool) if slope is None else slope != 0


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in _tensors(part)]
    return _tensors(list(value.values())) if isinstance(value, dict) else []
