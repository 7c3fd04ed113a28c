"""LSTM, GRU and RNN, one or both directions; by torch's own layers where these can."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, operation

_CURVES = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softsign": F.softsign,
    "softplus": F.softplus,
    "hardsigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0.0, 1.0),
}


@operation("LSTM", lists=(4,))
def lstm(
    x,
    weights,
    recurrence,
    bias=None,
    lengths=None,
    start=None,
    cell=None,
    peepholes=None,
    *,
    hidden_size=None,
    direction="forward",
    activations=None,
    activation_alpha=None,
    activation_beta=None,
    clip=None,
    input_forget=0,
    layout=0,
    output_sequence=1,
):
    """Gates in ONNX's order i, o, f, c; peepholes are not covered."""
    _refuse(activation_alpha, activation_beta, clip, input_forget, peepholes)

    def step(w, r, b, curves):
        def one(taken, states):
            hidden, memory = states
            i, o, f, c = (taken + F.linear(hidden, r, b[1])).chunk(4, -1)
            memory = curves[0](f) * memory + curves[0](i) * curves[1](c)
            hidden = curves[0](o) * curves[2](memory)
            return hidden, memory

        return one

    def native(x, w, r, b, states):
        w, r, *b = (_reordered(v, (0, 2, 3, 1)) for v in (w, r, *b))
        made, *states = torch.lstm(
            x, [s[None] for s in states], [w, r, *b], True, 1, 0.0, False, False, False
        )
        return made, tuple(s[0] for s in states)

    names = _names(activations, ("sigmoid", "tanh", "tanh"), direction)
    return _directions(
        x,
        (weights, recurrence, bias),
        lengths,
        (start, cell),
        direction,
        layout,
        names,
        step,
        {("sigmoid", "tanh", "tanh"): native},
    )


@operation("GRU", lists=(4,))
def gru(
    x,
    weights,
    recurrence,
    bias=None,
    lengths=None,
    start=None,
    *,
    hidden_size=None,
    direction="forward",
    activations=None,
    activation_alpha=None,
    activation_beta=None,
    clip=None,
    linear_before_reset=0,
    layout=0,
    output_sequence=1,
):
    """Gates in ONNX's order z, r, h; torch's own GRU has linear_before_reset=1."""
    _refuse(activation_alpha, activation_beta, clip)

    def step(w, r, b, curves):
        size = r.shape[1]

        def one(taken, states):
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

        return one

    def native(x, w, r, b, states):
        w, r, *b = (_reordered(v, (1, 0, 2)) for v in (w, r, *b))
        made, last = torch.gru(x, states[0][None], [w, r, *b], True, 1, 0.0, False, False, False)
        return made, (last[0],)

    names = _names(activations, ("sigmoid", "tanh"), direction)
    known = {("sigmoid", "tanh"): native} if linear_before_reset else {}
    return _directions(
        x, (weights, recurrence, bias), lengths, (start,), direction, layout, names, step, known
    )


@operation("RNN", lists=(4,))
def rnn(
    x,
    weights,
    recurrence,
    bias=None,
    lengths=None,
    start=None,
    *,
    hidden_size=None,
    direction="forward",
    activations=None,
    activation_alpha=None,
    activation_beta=None,
    clip=None,
    layout=0,
    output_sequence=1,
):
    """h = f(W x + R h + biases)."""
    _refuse(activation_alpha, activation_beta, clip)

    def step(w, r, b, curves):
        return lambda taken, states: (curves[0](taken + F.linear(states[0], r, b[1])),)

    def native(function):
        def run(x, w, r, b, states):
            made, last = function(x, states[0][None], [w, r, *b], True, 1, 0.0, False, False, False)
            return made, (last[0],)

        return run

    names = _names(activations, ("tanh",), direction)
    known = {("tanh",): native(torch.rnn_tanh), ("relu",): native(torch.rnn_relu)}
    return _directions(
        x, (weights, recurrence, bias), lengths, (start,), direction, layout, names, step, known
    )


def _refuse(*options) -> None:
    if any(option is not None and bool(_some(option)) for option in options):
        raise NotCovered("clipping, peepholes, coupled gates, or activations with parameters")


def _some(option) -> bool:
    return True if isinstance(option, Tensor) else bool(option)


def _names(given, usual: tuple[str, ...], direction: str) -> list[tuple[str, ...]]:
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
    x, numbers, lengths, starts, direction: str, layout: int, names, step: Callable, known: dict
) -> tuple:
    """(all hidden states (L, ways, N, H), the last of each state (ways, N, H)); layout 1: N first.

    x (L, N, F); weights (ways, gates · H, F), recurrence (ways, gates · H, H), bias (ways, two
    rows of gates · H side by side).
    """
    if layout:
        x = x.transpose(0, 1)
        starts = [None if s is None else s.transpose(0, 1) for s in starts]
    if lengths and any(length != len(x) for length in lengths):
        raise NotCovered("sequences of different lengths in one batch")
    weights, recurrence, bias = numbers
    size = recurrence.shape[-1]
    made, last = [], []
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
            one, rows = step(w, r, b, [_CURVES[c] for c in curves]), []
            for row in F.linear(taken, w, b[0]).unbind(0):
                states = one(row, states)
                rows.append(states[0])
            hidden = torch.stack(rows)
        made.append(hidden.flip(0) if back else hidden)
        last.append(states)
    answer = (torch.stack(made, 1), *(torch.stack(s) for s in zip(*last, strict=True)))
    if layout:
        return (answer[0].permute(2, 0, 1, 3), *(s.transpose(0, 1) for s in answer[1:]))
    return answer
