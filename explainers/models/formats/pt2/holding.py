"""Which input of an exported program is explained, and at what the others are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from explainers.errors import Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.pt2.program import Program, Stored
from explainers.models.formats.pt2.values import Argument, Ref
from explainers.models.formats.several_inputs import Held, SeveralInputs, decide

HELD = "held"
"""The role of a stored tensor that is an input of the file."""


def held_tensor(port: Port, held: Held) -> Stored:
    """What is stored for an input that is held; Problem where its shape is not known.

    A free first side, that of the rows, is 1.
    """
    sides = held.shape if held.shape is not None else port.shape or ()
    if None in sides[1:]:
        raise Problem(
            f"The model's input {port.name[:40]!r} has free sides, so the file does not tell in "
            "which shape it is to be held. Export the model for inputs of one size."
        )
    return Stored(port.name, HELD, held.array(tuple(side or 1 for side in sides)))


def with_held_inputs(
    program: Program, answers: Mapping[str, str]
) -> tuple[Program, SeveralInputs | None]:
    """The program with the input to explain as value 0, and the others stored as they are held.

    Parameters
    ----------
    program : Program
        As it was read: `inputs` are all of the file where there are several, and those that are
        not `input` are stored by their names.
    answers : mapping
        See `explainers.models.formats.several_inputs.decide`.

    Returns
    -------
    program : Program
    several : SeveralInputs or None
        None where there is one input.
    """
    if len(program.inputs) < 2:
        return program, None
    several = decide(program.inputs, answers)
    ports = {port.name: port for port in program.inputs}
    values = {held.name: held_tensor(ports[held.name], held) for held in several.held}
    stored = list(program.stored)
    place = next(
        (i for i, one in enumerate(stored) if one.name == several.explained.name), len(stored)
    )
    nodes, output = program.nodes, program.output
    if several.explained.name != program.input.name:
        if place == len(stored):
            raise Problem("The program's answer does not depend on this input. Choose another.")
        stored[place] = Stored(program.input.name, HELD, stored[place].array)
        swap = {0: place + 1, place + 1: 0}
        output = swap.get(output, output)
        nodes = tuple(
            replace(
                node,
                args=tuple(_renumbered(value, swap) for value in node.args),
                kwargs={name: _renumbered(value, swap) for name, value in node.kwargs.items()},
            )
            for node in nodes
        )
    stored = [values.get(one.name, one) if one.role == HELD else one for one in stored]
    changed = replace(
        program, input=several.explained, stored=tuple(stored), nodes=nodes, output=output
    )
    return changed, several


def _renumbered(value: Argument, swap: Mapping[int, int]) -> Argument:
    if isinstance(value, tuple):
        return tuple(_renumbered(item, swap) for item in value)
    return Ref(swap.get(value.index, value.index)) if isinstance(value, Ref) else value


def usual_holding(ports: Sequence[Port]) -> tuple[Port, tuple[Stored, ...]]:
    """The input that is explained without an answer, and what is stored for the others."""
    several = decide(ports, {})
    by_name = {port.name: port for port in ports}
    return several.explained, tuple(held_tensor(by_name[one.name], one) for one in several.held)
