"""What a network can do is found out by running it, never assumed: many rows at once, slopes."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from explainers.errors import Problem
from explainers.models.formats.file_card import Port

ROWS = 3
_SIDES = (32, 224, 16, 100)


def settled(
    model: nn.Module,
    port: Port,
    freed: Iterable[nn.Module],
    apart: Callable[[int], nn.Module],
) -> tuple[nn.Module, int | None, Tensor | None]:
    """(the module to use, how many rows it takes at a time, an input that it can answer or None).

    model   as the file says it, with the input `port`.
    freed   guesses at the same network for any number of rows, the likeliest first; a guess is used
            only if it gives the model's own answers.
    apart   from a number to the module that runs so many rows at a time.
    """
    fixed = port.shape[0] if port.shape else None
    rows = fixed or 1
    sample = works(model, examples(port), rows)
    if sample is None:
        if port.shape and None not in port.shape[1:]:
            # What is wrong is told by the model itself.
            model(next(examples(port))[:1].expand(rows, *port.shape[1:]).float())
        return (apart(fixed), fixed, None) if fixed else (model, None, None)
    if together(model, sample, rows):
        return model, None, sample
    for other in freed:
        if together(other, sample, rows, apart=model):
            return other, None, sample
    return apart(rows), rows, sample


def examples(port: Port) -> Iterator[Tensor]:
    """Random inputs (ROWS, …) of the port's shape; free sides get several usual lengths."""
    generator = torch.Generator().manual_seed(0)
    shape = port.shape[1:] if port.shape else ()
    if not port.shape:
        return
    for side in _SIDES if None in shape else (0,):
        sides = [side if known is None else known for known in shape]
        yield torch.randn(ROWS, *sides, generator=generator, dtype=torch.float64)


def together(model: Callable, x: Tensor, rows: int, apart: Callable | None = None) -> bool:
    """Whether the model's answer to all of x is that of `apart` to each row of x, `rows` times.

    apart   the model itself unless given.
    Compared in float64 where it is a module, to 1e-7 of the largest; else to 1e-4.
    """
    precise = isinstance(model, nn.Module)
    apart = apart or model
    if precise:
        model, apart = (copy.deepcopy(m).double() for m in (model, apart))
    with torch.no_grad():
        try:
            whole = model(x)
            parts = torch.cat([apart(torch.cat([row[None]] * rows))[:1] for row in x])
        except (Problem, RuntimeError):
            return False
    if whole.shape != parts.shape or not bool(torch.isfinite(whole).all()):
        return False
    scale = parts.abs().max().clamp(min=1e-30)
    return bool((whole - parts).abs().max() <= (1e-7 if precise else 1e-4) * scale)


def works(model: Callable, inputs: Iterator[Tensor], rows: int) -> Tensor | None:
    """The first of the inputs whose first `rows` rows the model can answer, or None."""
    for x in itertools.islice(inputs, len(_SIDES)):
        with torch.no_grad():
            try:
                model(x[:1].expand(rows, *x.shape[1:]).float())
                return x
            except (Problem, RuntimeError):
                continue
    return None


def slopes(model: Callable, sample: Tensor) -> bool:
    """Whether a slope leads from this input to the model's answer."""
    with torch.enable_grad():
        return model(sample[:1].float().requires_grad_()).requires_grad
