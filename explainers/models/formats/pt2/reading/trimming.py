"""Leaving out of a program what its explained output does not need."""

from __future__ import annotations

from dataclasses import replace

from explainers.models.formats.pt2.operations import writes_in_place
from explainers.models.formats.pt2.program import Program
from explainers.models.formats.pt2.values import Argument, Node, Ref


def trim(program: Program) -> Program:
    """The program without operations and tensors that its output does not need.

    Operations that write are kept: what they write on may be seen through another value.

    Examples
    --------
    >>> from explainers.models.formats.file_card import Port
    >>> port = Port("x", "float32", (None, 4))
    >>> nodes = (Node("aten.tanh.default", (Ref(0),)), Node("aten.relu.default", (Ref(0),)))
    >>> trim(Program(port, (), nodes, (port,), output=2)).nodes == nodes[1:]
    True
    """
    wanted = {program.output}
    kept: list[tuple[int, Node]] = []
    for first, node in reversed(list(program.numbered())):
        made = range(first, first + node.count)
        needed = not wanted.isdisjoint(made) or writes_in_place(node.op)
        if needed:
            kept.append((first, node))
            wanted.update(node.needs())
    stored = [(i, s) for i, s in enumerate(program.stored, 1) if i in wanted or s.role == "held"]
    numbers = {0: 0} | {old: new for new, (old, _) in enumerate(stored, 1)}
    nodes = []
    for first, node in reversed(kept):
        args = tuple(_renumber(value, numbers) for value in node.args)
        kwargs = {key: _renumber(value, numbers) for key, value in node.kwargs.items()}
        nodes.append(replace(node, args=args, kwargs=kwargs))
        numbers |= {first + i: len(numbers) + i for i in range(node.count)}
    return replace(
        program,
        stored=tuple(s for _, s in stored),
        nodes=tuple(nodes),
        output=numbers[program.output],
    )


def _renumber(value: Argument, numbers: dict[int, int]) -> Argument:
    """An argument with the values in it called by other numbers."""
    if isinstance(value, tuple):
        return tuple(_renumber(item, numbers) for item in value)
    return Ref(numbers[value.index]) if isinstance(value, Ref) else value
