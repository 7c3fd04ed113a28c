"""LSTM, GRU and RNN, one or both directions; by torch's own layers where these can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, operation

Curve: TypeAlias = Callable[[Tensor], Tensor]
States: TypeAlias = tuple[Tensor, ...]
"""The hidden state (N, H), and the memory of an LSTM."""
Cell: TypeAlias = Callable[[Tensor, States], States]
"""(what the gates take from a step (N, gates · H), states) → the next states."""
MakeCell: TypeAlias = Callable[[Tensor, Tensor, States, Sequence[Curve]], Cell]
"""(weights, recurrence, the two biases, activations) → the cell."""
Native: TypeAlias = Callable[[Tensor, Tensor, Tensor, States, States], tuple[Tensor, States]]
"""(x, weights, recurrence, the two biases, states) → (all hidden states, the last states)."""
_CURVES: dict[str, Curve] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softsign": F.softsign,
    "softplus": F.softplus,
    "hardsigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0.0, 1.0),
}


@operation("LSTM", lists=(4,))
def lstm(
    x: Tensor,
    weights: Tensor,
    recurrence: Tensor,
    bias: Tensor | None = None,
    lengths: Sequence[int] | None = None,
    start: Tensor | None = None,
    cell: Tensor | None = None,
    peepholes: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    activations: tuple[str, ...] | None = None,
    activation_alpha: tuple[float, ...] | None = None,
    activation_beta: tuple[float, ...] | None = None,
    clip: float | None = None,
    input_forget: int = 0,
    layout: int = 0,
    output_sequence: int = 1,
) -> tuple[Tensor, ...]:
    """Gates in ONNX's order i, o, f, c; peepholes are not covered."""
    _refuse(activation_alpha, activation_beta, clip, input_forget, peepholes)

    def make_cell(w: Tensor, r: Tensor, b: States, curves: Sequence[Curve]) -> Cell:
        def cell(taken: Tensor, states: States) -> States:
            hidden, memory = states
            i, o, f, c = (taken + F.linear(hidden, r, b[1])).chunk(4, -1)
            memory = curves[0](f) * memory + curves[0](i) * curves[1](c)
            hidden = curves[0](o) * curves[2](memory)
            return hidden, memory

        return cell

    def native(x: Tensor, w: Tensor, r: Tensor, b: States, states: States) -> tuple[Tensor, States]:
        numbers = [_reordered(v, (0, 2, 3, 1)) for v in (w, r, *b)]
        made, *last = torch.lstm(
            x, [s[None] for s in states], numbers, True, 1, 0.0, False, False, False
        )
        return made, tuple(s[0] for s in last)

    names = _names(activations, ("sigmoid", "tanh", "tanh"), direction)
    return _directions(
        x,
        (weights, recurrence, bias),
        lengths,
        (start, cell),
        direction,
        layout,
        names,
        make_cell,
        {("sigmoid", "tanh", "tanh"): native},
    )


@operation("GRU", lists=(4,))
def gru(
    x: Tensor,
    weights: Tensor,
    recurrence: Tensor,
    bias: Tensor | None = None,
    lengths: Sequence[int] | None = None,
    start: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    activations: tuple[str, ...] | None = None,
    activation_alpha: tuple[float, ...] | None = None,
    activation_beta: tuple[float, ...] | None = None,
    clip: float | None = None,
    linear_before_reset: int = 0,
    layout: int = 0,
    output_sequence: int = 1,
) -> tuple[Tensor, ...]:
    """Gates in ONNX's order z, r, h; torch's own GRU has linear_before_reset=1."""
    _refuse(activation_alpha, activation_beta, clip)

    def make_cell(w: Tensor, r: Tensor, b: States, curves: Sequence[Curve]) -> Cell:
        size = r.shape[1]

        def cell(taken: Tensor, states: States) -> States:
            (hidden,) = states
            z, reset = (
                taken[..., : 2 * size] + F.linear(hidden, r[: 2 * size], b[1][: 2 * size])
            ).chunk(2, -1)
            z, reset = curves[0](z), curves[0](reset)
            if linear_before_reset:
                back = reset * F.linear(hidden, r[2 * size :], b[1][2 * size :])
            else:
                back = F.linear(reset * hidden, r[2 * size :], b[1][2 * size :])
            new = curves[1](taken[..., 2 * size :] + back)
            return ((1 - z) * new + z * hidden,)

        return cell

    def native(x: Tensor, w: Tensor, r: Tensor, b: States, states: States) -> tuple[Tensor, States]:
        numbers = [_reordered(v, (1, 0, 2)) for v in (w, r, *b)]
        made, last = torch.gru(x, states[0][None], numbers, True, 1, 0.0, False, False, False)
        return made, (last[0],)

    names = _names(activations, ("sigmoid", "tanh"), direction)
    known: dict[tuple[str, ...], Native] = (
        {("sigmoid", "tanh"): native} if linear_before_reset else {}
    )
    return _directions(
        x,
        (weights, recurrence, bias),
        lengths,
        (start,),
        direction,
        layout,
        names,
        make_cell,
        known,
    )


@operation("RNN", lists=(4,))
def rnn(
    x: Tensor,
    weights: Tensor,
    recurrence: Tensor,
    bias: Tensor | None = None,
    lengths: Sequence[int] | None = None,
    start: Tensor | None = None,
    *,
    hidden_size: int | None = None,
    direction: str = "forward",
    activations: tuple[str, ...] | None = None,
    activation_alpha: tuple[float, ...] | None = None,
    activation_beta: tuple[float, ...] | None = None,
    clip: float | None = None,
    layout: int = 0,
    output_sequence: int = 1,
) -> tuple[Tensor, ...]:
    """h = f(W x + R h + biases)."""
    _refuse(activation_alpha, activation_beta, clip)

    def make_cell(w: Tensor, r: Tensor, b: States, curves: Sequence[Curve]) -> Cell:
        return lambda taken, states: (curves[0](taken + F.linear(states[0], r, b[1])),)

    def native(function: Callable[..., tuple[Tensor, Tensor]]) -> Native:
        def run(
            x: Tensor, w: Tensor, r: Tensor, b: States, states: States
        ) -> tuple[Tensor, States]:
            made, last = function(x, states[0][None], [w, r, *b], True, 1, 0.0, False, False, False)
            return made, (last[0],)

        return run

    names = _names(activations, ("tanh",), direction)
    known: dict[tuple[str, ...], Native] = {
        ("tanh",): native(torch.rnn_tanh),
        ("relu",): native(torch.rnn_relu),
    }
    return _directions(
        x,
        (weights, recurrence, bias),
        lengths,
        (start,),
        direction,
        layout,
        names,
        make_cell,
        known,
    )


def _refuse(*options: object) -> None:
    """NotCovered where one of these options is used."""
    if any(isinstance(option, Tensor) or bool(option) for option in options):
        raise NotCovered("clipping, peepholes, coupled gates, or activations with parameters")


def _names(
    given: Sequence[str] | None, usual: tuple[str, ...], direction: str
) -> list[tuple[str, ...]]:
    """The activations of each direction, in lower case."""
    ways = 2 if direction == "bidirectional" else 1
    names = tuple(name.lower() for name in given) if given else usual * ways
    unknown = [name for name in names if name not in _CURVES]
    if unknown or len(names) != len(usual) * ways:
        raise NotCovered(f"the activations {', '.join(names)}")
    return [names[i * len(usual) : (i + 1) * len(usual)] for i in range(ways)]


def _reordered(value: Tensor, order: tuple[int, ...]) -> Tensor:
    """Blocks of rows in the order in which torch's own layer wants the gates."""
    parts = value.chunk(len(order), 0)
    return torch.cat([parts[i] for i in order])


def _directions(
    x: Tensor,
    numbers: tuple[Tensor, Tensor, Tensor | None],
    lengths: Sequence[int] | None,
    starts: Sequence[Tensor | None],
    direction: str,
    layout: int,
    names: list[tuple[str, ...]],
    make_cell: MakeCell,
    known: Mapping[tuple[str, ...], Native],
) -> tuple[Tensor, ...]:
    """All directions of a recurrent layer.

    Parameters
    ----------
    x : Tensor, shape (L, N, F); (N, L, F) where `layout` is 1
    numbers : tuple of Tensor
        Weights (ways, gates · H, F), recurrence (ways, gates · H, H), and bias (ways, two rows of
        gates · H side by side) or None.
    lengths : sequence of int or None
        Of the sequences; shorter ones are not covered.
    starts : sequence of Tensor or None
        The first of each state (ways, N, H); zeros for None.
    direction : str
        "forward", "reverse" or "bidirectional".
    layout : int
        1: N first, in the outputs as well.
    names : list of tuple of str
        The activations of each direction.
    make_cell, known
        A step of the layer; and torch's own layer for some activations.

    Returns
    -------
    tuple of Tensor
        All hidden states (L, ways, N, H), and the last of each state (ways, N, H).
    """
    if layout:
        x = x.transpose(0, 1)
        starts = [None if s is None else s.transpose(0, 1) for s in starts]
    if lengths and any(length != len(x) for length in lengths):
        raise NotCovered("sequences of different lengths in one batch")
    weights, recurrence, bias = numbers
    size = recurrence.shape[-1]
    made: list[Tensor] = []
    last: list[States] = []
    for way, curves in enumerate(names):
        back = direction == "reverse" or way == 1
        w, r = weights[way], recurrence[way]
        b = (w.new_zeros(2, len(w)) if bias is None else bias[way].reshape(2, -1)).unbind(0)
        states = tuple(
            x.new_zeros(x.shape[1], size) if s is None else s[way].expand(x.shape[1], size)
            for s in starts
        )
        taken = x.flip(0) if back else x
        if curves in known:
            # cuDNN refuses the backward pass of a recurrent layer outside training.
            with torch.backends.cudnn.flags(enabled=False):
                hidden, states = known[curves](taken, w, r, b, states)
        else:
            cell, rows = make_cell(w, r, b, [_CURVES[c] for c in curves]), []
            for row in F.linear(taken, w, b[0]).unbind(0):
                states = cell(row, states)
                rows.append(states[0])
            hidden = torch.stack(rows)
        made.append(hidden.flip(0) if back else hidden)
        last.append(states)
    answer = (torch.stack(made, 1), *(torch.stack(s) for s in zip(*last, strict=True)))
    if layout:
        return (answer[0].permute(2, 0, 1, 3), *(s.transpose(0, 1) for s in answer[1:]))
    return answer
