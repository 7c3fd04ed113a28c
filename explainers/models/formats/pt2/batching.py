"""Taking the number of rows out of a program that was exported for a fixed batch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from torch import Tensor

from explainers.errors import Problem
from explainers.models.formats.file_card import known_sides
from explainers.models.formats.pt2.calls import Rows, Surroundings, run_node
from explainers.models.formats.pt2.program import Program
from explainers.models.formats.pt2.values import Node, Ref

Sizes: TypeAlias = tuple[Any, ...]
"""Sizes as a program has them: numbers, or references to values."""
MANY = 10_007  # a prime that no network has among its sizes
_RESHAPES = (
    "aten.view.default",
    "aten.reshape.default",
    "aten._unsafe_view.default",
    "aten.view_copy.default",
)
_EXPANDS = ("aten.expand.default", "aten.broadcast_to.default", "aten.repeat.default")
_MAKES = {
    "aten.full.default": 0,
    "aten.zeros.default": 0,
    "aten.ones.default": 0,
    "aten.new_zeros.default": 1,
    "aten.new_ones.default": 1,
    "aten.new_full.default": 1,
}


@dataclass(frozen=True)
class Guess:
    """Where rows stand when the file leaves it open.

    second   in tensors of three sides that are made: second, as in the first state of a recurrent
             layer, not first.
    last     where a reshape makes several sides that could hold them: in the last, not the first.
    """

    second: bool
    last: bool

    def place(self, sizes: Sizes) -> int:
        """The side of a tensor that is made; past the end where there is none."""
        return len(sizes) if len(sizes) < 2 else int(self.second and len(sizes) == 3)


GUESSES = (Guess(True, False), Guess(True, True), Guess(False, False), Guess(False, True))


def with_free_batch(program: Program, rows: int, stored: dict[int, Tensor]) -> Iterator[Program]:
    """Programs for any number of rows, made of one for exactly `rows`, the likeliest first.

    Runs on shapes alone, with so many rows that their number stands out in every size; a size that
    was written into the file and must grow with them becomes a multiple of the rows. These are
    guesses: compare their answers with those of the original before use.

    Parameters
    ----------
    program : Program
    rows : int
        The batch that it was exported for.
    stored : dict[int, Tensor]
        The stored tensors by number, of whatever device.
    """
    sides = known_sides(program.input)
    if sides is None:
        return
    for guess in GUESSES:
        nodes: list[Node] = []
        try:
            output = _walk(program, (rows * MANY, *sides), rows, stored, guess, nodes)
        except (Problem, NotImplementedError, RuntimeError, IndexError, TypeError, ValueError):
            continue
        if isinstance(output, Tensor) and output.ndim and output.shape[0] == rows * MANY:
            port = replace(program.input, shape=(None, *sides))
            yield replace(program, nodes=tuple(nodes), input=port)


def _walk(
    program: Program,
    shape: tuple[int, ...],
    rows: int,
    stored: dict[int, Tensor],
    guess: Guess,
    nodes: list[Node],
) -> object:
    """The output for an input of this shape, on shapes alone; `nodes` gets the freed operations."""
    dtype = getattr(torch, program.input.dtype)
    surroundings = Surroundings(shape[0], torch.device("meta"), dtype, dtype)
    values: dict[int, object] = {0: torch.empty(shape, dtype=dtype, device="meta")}
    values |= {i: tensor.detach().to("meta") for i, tensor in stored.items()}
    with torch.no_grad():
        for first, node in program.numbered():
            node = _freed(node, values, rows, guess)
            nodes.append(node)
            made = run_node(node, values, surroundings)
            values.update(enumerate(made, first))
    return values[program.output]


def _freed(node: Node, values: dict[int, Any], rows: int, guess: Guess) -> Node:
    if node.op in _RESHAPES and isinstance(node.args[0], Ref):
        return _with(node, 1, _reshaped(values[node.args[0].index], node.args[1], rows, guess))
    if node.op in _EXPANDS and isinstance(node.args[0], Ref):
        repeat = node.op == "aten.repeat.default"
        sizes = _expanded(values[node.args[0].index], node.args[1], rows, repeat)
        return _with(node, 1, sizes)
    if node.op in _MAKES and len(node.args) > _MAKES[node.op]:
        sizes = node.args[_MAKES[node.op]]
        place = guess.place(sizes) if isinstance(sizes, tuple) else 0
        if isinstance(sizes, tuple) and sizes[place : place + 1] == (rows,):
            return _with(node, _MAKES[node.op], _put(sizes, place, Rows(1)))
    return node


def _with(node: Node, place: int, value: object) -> Node:
    return replace(node, args=_put(node.args, place, value))


def _put(values: tuple[Any, ...], place: int, value: object) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _reshaped(x: Tensor, sizes: Sizes, rows: int, guess: Guess) -> Sizes:
    """The sizes of a reshape with rows in them, at the side that takes up the rows of x.

    That is a side of exactly `rows` where x has its own; else the side that begins there, or, where
    sides are merged, the side before (time × rows, as recurrent layers and attention write it).
    """
    plain = all(type(side) is int for side in sizes)
    place = next((i for i, side in enumerate(x.shape) if side % MANY == 0), None)
    if not plain or place is None:
        return sizes
    whole = x.numel() // MANY
    given = math.prod(side for side in sizes if side != -1)
    if given == 0 or whole % given:
        return sizes
    full = tuple(whole // given if side == -1 else side for side in sizes)
    before = math.prod(x.shape[:place])
    within = before * (x.shape[place] // MANY)
    starts = [math.prod(full[:i]) for i in range(len(full) + 1)]
    sides = range(len(full))
    exact = [
        i for i in sides if full[i] == rows and before <= starts[i] and starts[i + 1] <= within
    ]
    merged = [
        i for i in sides if starts[i + 1] == before * rows and len(full) < x.ndim and i < place
    ]
    begins = [i for i in sides if starts[i] == before and full[i] % rows == 0]
    for i in (*exact[:: -1 if guess.last else 1], *merged, *begins):
        return _put(full, i, Rows(full[i] // rows))
    return sizes


def _expanded(x: Tensor, sizes: Sizes, rows: int, repeat: bool) -> Sizes:
    """The sizes of an expand with rows where x has them, else first where the file has theirs."""
    extra = len(sizes) - x.ndim
    if extra < 0 or not all(type(side) is int for side in sizes):
        return sizes
    for i, side in enumerate(x.shape):
        if side % MANY == 0:
            return sizes if repeat else _put(sizes, extra + i, Rows(side // (MANY * rows)))
    free = extra > 0 or x.shape[0] == 1
    if len(sizes) > 1 and free and sizes[0] == rows:
        return _put(sizes, 0, Rows(1))
    return sizes
