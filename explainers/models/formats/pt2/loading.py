"""From the bytes of a .pt2 file to a model that can be explained, and a card of facts on it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from explainers.errors import Problem
from explainers.models.formats.file_card import Card, layout_by_sides, rows_note
from explainers.models.formats.pt2.program import MOST_NUMBERS, Node, Program


def load_exported(data: bytes):
    """(a torch module from (N, …) to (N, …), its card) from the bytes of a .pt2 file.

    Problem says what cannot be read or run. torch.export.load is not used: it unpickles.
    """
    from explainers.models.formats.pt2.reading import read_program

    return loaded(read_program(data))


def loaded(program: Program):
    """As `load_exported` for a program that was read before."""
    from explainers.models.formats.trial_runs import slopes

    try:
        model, rows, sample = _settled(program)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Problem("The model's description is damaged. Export the model again.") from error
    notes = list(program.notes)
    gradients = sample is None or slopes(model, sample)
    if not gradients:
        notes.append(
            "No slope leads from the input to the output (rounding, comparisons or detach() are in "
            "the way), so methods that need a gradient are off."
        )
    if rows is not None:
        notes.append(rows_note(program.input, rows, "torch.export.export(model, (x,)"))
    port = program.input
    if rows is None and port.shape:
        port = replace(port, shape=(None, *port.shape[1:]))
    card = Card(
        port, layout(program), program.outputs, program.producer, gradients, rows, tuple(notes)
    )
    return model, card


def _settled(program: Program):
    """(the module, its rows, an input that it can answer or None)."""
    from explainers.models.formats.pt2.batching import freed
    from explainers.models.formats.pt2.network import ExportedModel
    from explainers.models.formats.trial_runs import settled

    fixed = program.input.shape[0] if program.input.shape else None
    model = ExportedModel(program).eval()
    _demand_memory(program, model, fixed or 1)

    def guesses() -> Iterator[ExportedModel]:
        for guess in freed(program, fixed, model.values()) if fixed else ():
            yield ExportedModel(guess).eval()

    return settled(
        model, program.input, guesses(), lambda rows: ExportedModel(program, rows).eval()
    )


def _demand_memory(program: Program, model, rows: int) -> None:
    """Problem where the program makes a tensor that is too large, found on shapes alone."""
    import torch

    from explainers.models.formats.pt2.calls import Place, performed

    if not program.input.shape or None in program.input.shape[1:]:
        return
    sides = (rows, *program.input.shape[1:])
    if math.prod(sides) > MOST_NUMBERS:
        raise Problem(f"The model's input has the shape {sides}, which is too large.")
    values = {i: tensor.detach().to("meta") for i, tensor in model.values().items()}
    values[0] = torch.empty(sides, dtype=model.taken, device="meta")
    place = Place(rows, torch.device("meta"), model.declared, model.declared)
    with torch.no_grad():
        for first, node in program.numbered():
            try:
                made = performed(node, values, place)
            except Problem as problem:
                if isinstance(problem.__cause__, NotImplementedError):
                    return  # it has no way to tell its shape without its numbers
                raise
            values.update(enumerate(made, first))
            _demand_small(node, made)


def _demand_small(node: Node, made: list) -> None:
    import torch

    for value in made:
        if isinstance(value, torch.Tensor) and value.numel() > MOST_NUMBERS:
            raise Problem(
                f"{node.op} makes a tensor of shape {tuple(value.shape)} for one input, which is "
                "more than fits here. Export a smaller model."
            )


def layout(program: Program) -> str:
    """Where the channels of the input are, by what first happens to it, else by its sides."""
    for node in program.nodes:
        if 0 in node.needs():
            if node.op.startswith(("aten.conv2d", "aten.convolution")):
                return "channels first"
            order = node.args[1] if node.op == "aten.permute.default" else ()
            last = len(order) > 2 and order[1] in (len(order) - 1, -1)
            if last:
                return "channels last"
    return layout_by_sides(program.input.shape)
