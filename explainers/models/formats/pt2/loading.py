"""From the bytes of a .pt2 file to a model that can be explained, and a card of facts on it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.models.formats.file_card import (
    ALIKE,
    TRAINED,
    Card,
    known_sides,
    layout_by_sides,
    rows_note,
)
from explainers.models.formats.pt2.holding import with_held_inputs
from explainers.models.formats.pt2.program import MOST_NUMBERS, Program
from explainers.models.formats.pt2.values import Node

if TYPE_CHECKING:
    from explainers.models.formats.pt2.network import ExportedModel
    from explainers.models.formats.row_batches import Batching


def load_exported(
    data: bytes, answers: Mapping[str, str] = MappingProxyType({})
) -> tuple[ExportedModel, Card]:
    """The network in the bytes of a .pt2 file, and a card of facts on it.

    torch.export.load is not used: it unpickles.

    Parameters
    ----------
    data : bytes
        What `torch.export.save` wrote.
    answers : mapping
        Of a file with several inputs: which is explained, and at what the others are held; see
        `explainers.models.formats.several_inputs.decide`.

    Returns
    -------
    model : ExportedModel
        In evaluation mode, from inputs (N, …) to outputs (N, …).
    card : Card

    Raises
    ------
    Problem
        With what cannot be read or run.

    References
    ----------
    https://docs.pytorch.org/docs/stable/export.html

    Examples
    --------
    >>> import io, torch
    >>> program = torch.export.export(torch.nn.Linear(4, 2), (torch.zeros(1, 4),))
    >>> file = io.BytesIO()
    >>> torch.export.save(program, file)
    >>> model, card = load_exported(file.getvalue())
    >>> tuple(model(torch.zeros(3, 4)).shape), card.gradients
    ((3, 2), True)
    """
    from explainers.models.formats.pt2.reading import read_program

    return load_program(read_program(data), answers)


def load_program(
    program: Program, answers: Mapping[str, str] = MappingProxyType({})
) -> tuple[ExportedModel, Card]:
    """As `load_exported`, for a program that was read before."""
    from explainers.models.formats.row_batches import answers_alike, has_gradient

    program, several = with_held_inputs(program, answers)
    try:
        model, rows, sample = _choose_batching(program)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Problem("The model's description is damaged. Export the model again.") from error
    notes = [note for note in program.notes if note != TRAINED]
    warnings = [TRAINED] * (TRAINED in program.notes)
    gradients = sample is None or has_gradient(model, sample)
    if not gradients:
        notes.append(
            "No slope leads from the input to the output (rounding, comparisons or detach() are in "
            "the way), so methods that need a gradient are off."
        )
    if rows is not None:
        notes.append(rows_note(program.input, rows, "torch.export.export(model, (x,)"))
        warnings += [ALIKE] * (sample is not None and answers_alike(model, sample))
    if several is not None:
        warnings.append(several.sentence)
        model.several_inputs = several
    port = program.input
    if rows is None and port.shape:
        port = replace(port, shape=(None, *port.shape[1:]))
    card = Card(
        port,
        layout(program),
        program.outputs,
        program.producer,
        gradients,
        rows,
        tuple(notes),
        tuple(warnings),
    )
    model.notes_on_answers = card.on_answers()
    return model, card


def _choose_batching(program: Program) -> Batching[ExportedModel]:
    from explainers.models.formats.pt2.batching import with_free_batch
    from explainers.models.formats.pt2.network import ExportedModel
    from explainers.models.formats.row_batches import choose_batching

    fixed = program.input.shape[0] if program.input.shape else None
    model = ExportedModel(program).eval()
    _demand_memory(program, model, fixed or 1)

    def candidates() -> Iterator[ExportedModel]:
        for guess in with_free_batch(program, fixed, model.values()) if fixed else ():
            yield ExportedModel(guess).eval()

    return choose_batching(
        model, program.input, candidates(), lambda rows: ExportedModel(program, rows).eval()
    )


def _demand_memory(program: Program, model: ExportedModel, rows: int) -> None:
    """Problem where the program makes a tensor that is too large, found on shapes alone."""
    import torch

    from explainers.models.formats.pt2.calls import Surroundings, run_node

    fixed = known_sides(program.input)
    if fixed is None:
        return
    sides = (rows, *fixed)
    if math.prod(sides) > MOST_NUMBERS:
        raise Problem(f"The model's input has the shape {sides}, which is too large.")
    values: dict[int, object] = {i: t.detach().to("meta") for i, t in model.values().items()}
    values[0] = torch.empty(sides, dtype=model.input_type, device="meta")
    surroundings = Surroundings(rows, torch.device("meta"), model.declared, model.declared)
    with torch.no_grad():
        for first, node in program.numbered():
            try:
                made = run_node(node, values, surroundings)
            except Problem as problem:
                if isinstance(problem.__cause__, NotImplementedError):
                    return  # it has no way to tell its shape without its numbers
                raise
            values.update(enumerate(made, first))
            _demand_small(node, made)


def _demand_small(node: Node, made: list[object]) -> None:
    import torch

    for value in made:
        if isinstance(value, torch.Tensor) and value.numel() > MOST_NUMBERS:
            raise Problem(
                f"{node.op} makes a tensor of shape {tuple(value.shape)} for one input, which is "
                "more than fits here. Export a smaller model."
            )


def layout(program: Program) -> str:
    """Where the channels of the input are, by what first happens to it, else by its sides.

    Returns
    -------
    str
        "channels first", "channels last", or "" where nothing tells.
    """
    for node in program.nodes:
        if 0 in node.needs():
            if node.op.startswith(("aten.conv2d", "aten.convolution")):
                return "channels first"
            order: tuple[Any, ...] = node.args[1] if node.op == "aten.permute.default" else ()
            last = len(order) > 2 and order[1] in (len(order) - 1, -1)
            if last:
                return "channels last"
    return layout_by_sides(program.input.shape)
