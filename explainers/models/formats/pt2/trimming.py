"""Leaving out of a program what its explained output does not need."""

from __future__ import annotations

from dataclasses import replace

from explainers.models.formats.pt2.operations import writes
from explainers.models.formats.pt2.program import Node, Program, Ref


def trimmed(program: Program) -> Program:
    """The program without operations and tensors that its output does not need.

    Operations that write are kept: what they write on may be seen through another value.
    """
    wanted = {program.output}
    kept: list[tuple[int, Node]] = []
    for first, node in reversed(list(program.numbered())):
        made = range(first, first + node.count)
        needed = not wanted.isdisjoint(made) or writes(node.op)
        if needed:
            kept.append((first, node))
            wanted.update(node.needs())
    stored = [(i, s) for i, s in enumerate(program.stored, 1) if i in wanted]
    numbers = {0: 0} | {old: new for new, (old, _) in enumerate(stored, 1)}
    nodes = []
    for first, node in reversed(kept):
        args = tuple(renumbered(value, numbers) for value in node.args)
        kwargs = {key: renumbered(value, numbers) for key, value in node.kwargs.items()}
        nodes.append(replace(node, args=args, kwargs=kwargs))
        numbers |= {first + i: len(numbers) + i for i in range(node.count)}
    return replace(
        program,
        stored=tuple(s for _, s in stored),
        nodes=tuple(nodes),
        output=numbers[program.output],
    )


def renumbered(value, numbers: dict[int, int]):
    """An argument with the values in it called by other numbers."""
    if isinstance(value, tuple):
        return tuple(renumbered(item, numbers) for item in value)
    return Ref(numbers[value.index]) if isinstance(value, Ref) else value
