"""Whether a network answers many rows at once as it answers each alone: found out by running it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from explainers.errors import Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.model import Model

ROWS = 3
_SIDES = (32, 224, 16, 100)
# Tried too where one side alone is free: networks of DNA cut off a margin of thousands.
_LONG = (2000, 10_001, 20_000)
M = TypeVar("M", bound=nn.Module)


class Batching(NamedTuple, Generic[M]):
    """How a network is run.

    Attributes
    ----------
    model : nn.Module
    rows : int or None
        None: any number of rows at once; a number: so many at a time.
    sample : Tensor or None
        An input (ROWS, …) that it can answer, where one was found.
    """

    model: M
    rows: int | None
    sample: Tensor | None


def choose_batching(
    model: M, port: Port, candidates: Iterable[M], with_rows: Callable[[int], M]
) -> Batching[M]:
    """The form of a network that answers every row as the file's own graph answers it alone.

    Parameters
    ----------
    model : nn.Module
        As the file declares it, with the input `port`.
    port : Port
    candidates : iterable of nn.Module
        Guesses at the same network for any number of rows, the likeliest first; one is used only
        if it gives the model's own answers.
    with_rows : callable
        From a number to the module that runs so many rows at a time.

    Returns
    -------
    Batching
    """
    fixed = port.shape[0] if port.shape else None
    rows = fixed or 1
    sample = first_accepted(model, example_inputs(port), rows)
    if sample is None:
        if port.shape and None not in port.shape[1:]:
            # What is wrong is said by the model itself.
            example = next(example_inputs(port))
            model(example[:1].expand(rows, *example.shape[1:]).float())
        return Batching(with_rows(fixed), fixed, None) if fixed else Batching(model, None, None)
    if rows_are_independent(model, sample, rows):
        return Batching(model, None, sample)
    for candidate in candidates:
        if rows_are_independent(candidate, sample, rows, reference=model):
            return Batching(candidate, None, sample)
    return Batching(with_rows(rows), rows, sample)


def example_inputs(port: Port) -> Iterator[Tensor]:
    """Random inputs (ROWS, …) of a port's shape, float64; free sides get several usual lengths.

    Examples
    --------
    >>> [tuple(x.shape) for x in example_inputs(Port("x", "float32", (None, 4)))]
    [(3, 4)]
    >>> [tuple(x.shape) for x in example_inputs(Port("x", "float32", (None, 3, None, None)))][:2]
    [(3, 3, 32, 32), (3, 3, 224, 224)]
    """
    generator = torch.Generator().manual_seed(0)
    if not port.shape:
        return
    shape = port.shape[1:]
    long = _LONG if shape.count(None) == 1 and len(shape) == 2 else ()
    for side in (*_SIDES, *long) if None in shape else (0,):
        sides = [side if known is None else known for known in shape]
        yield torch.randn(ROWS, *sides, generator=generator, dtype=torch.float64)


def rows_are_independent(
    model: Model, x: Tensor, rows: int, reference: Model | None = None
) -> bool:
    """Whether a model answers each row of a batch as another answers that row alone.

    Parameters
    ----------
    model : Model
        Is given all of x at once.
    x : Tensor, shape (N, …)
    rows : int
        How often a row is repeated to make the batch that `reference` takes.
    reference : Model, optional
        The model itself unless given.

    Returns
    -------
    bool
        Compared in float64 where `model` is a module, to 1e-7 of the largest answer; else to 1e-4.

    Examples
    --------
    >>> rows_are_independent(lambda x: x * 2, torch.rand(3, 4), rows=1)
    True
    >>> rows_are_independent(lambda x: x - x.mean(0), torch.rand(3, 4), rows=1)
    False
    """
    reference = reference or model
    precise = isinstance(model, nn.Module)
    if precise:
        same = reference is model
        model = _in_float64(model)
        reference = model if same else _in_float64(reference)
    with torch.no_grad():
        try:
            whole = model(x)
            parts = torch.cat([reference(torch.cat([row[None]] * rows))[:1] for row in x])
        except (Problem, RuntimeError):
            return False
    if whole.shape != parts.shape or not bool(torch.isfinite(whole).all()):
        return False
    scale = parts.abs().max().clamp(min=1e-30)
    return bool((whole - parts).abs().max() <= (1e-7 if precise else 1e-4) * scale)


def first_accepted(model: Model, inputs: Iterator[Tensor], rows: int) -> Tensor | None:
    """The first of the inputs whose first row, `rows` times, the model can answer, or None.

    Where all that it answers is empty or NaN, the first of these.
    """
    doubtful = None
    for x in itertools.islice(inputs, len(_SIDES) + len(_LONG)):
        with torch.no_grad():
            try:
                answer = model(x[:1].expand(rows, *x.shape[1:]).float())
            except (Problem, RuntimeError):
                continue
        if answer.numel() and not bool(answer.isnan().any()):
            return x
        doubtful = x if doubtful is None else doubtful
    return doubtful


def outputs_of(model: Model, sample: Tensor) -> int | None:
    """How many numbers a model answers a row with; None where it answers with something else.

    Examples
    --------
    >>> outputs_of(torch.tanh, torch.rand(3, 4)), outputs_of(torch.sum, torch.rand(3, 4))
    (4, None)
    """
    with torch.no_grad():
        try:
            made = model(sample.float())
        except (Problem, RuntimeError):
            return None
    answers = isinstance(made, Tensor) and made.ndim == 2 and len(made) == len(sample)
    return made.shape[1] if answers else None


def answers_alike(model: Model, sample: Tensor) -> bool:
    """Whether a model answers different inputs (N, …) with the same numbers.

    Examples
    --------
    >>> x = torch.rand(3, 4)
    >>> answers_alike(torch.tanh, x), answers_alike(lambda x: (x - x).sum(1, True), x)
    (False, True)
    """
    with torch.no_grad():
        try:
            made = model(sample.float())
        except (Problem, RuntimeError):
            return False
    scale = made.abs().max().clamp(min=1e-30)
    return len(made) > 1 and bool((made - made[:1]).abs().max() <= 1e-6 * scale)


def has_gradient(model: Model, sample: Tensor) -> bool:
    """Whether a gradient leads from an input (N, …) to the model's answer.

    Examples
    --------
    >>> x = torch.rand(3, 4)
    >>> has_gradient(torch.tanh, x), has_gradient(torch.detach, x)
    (True, False)
    """
    with torch.enable_grad():
        x = sample[:1].float().requires_grad_()
        output = model(x)
        if not output.requires_grad:
            return False
        # The model's own weights need gradients too: what leads to them says nothing of x.
        return torch.autograd.grad(output.sum(), x, allow_unused=True)[0] is not None


def _in_float64(model: Model) -> nn.Module:
    assert isinstance(model, nn.Module)
    return copy.deepcopy(model).double()
