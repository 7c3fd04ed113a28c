"""From the bytes of a .pt2 file to a model that can be explained, and a card of facts on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from explainers.models.exported.program import MOST_NUMBERS, Node, Program
from explainers.models.onnx.graph import Port
from explainers.problems import Problem

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Card:
    """What is known of a model from its file.

    input      name, type and shape of the one input; None is a free side, first the batch.
    layout     "channels first", "channels last", or "" where nothing tells.
    outputs    all outputs of the file. `producer` wrote it.
    gradients  whether methods that need a gradient work.
    rows       None: any number of rows at once; a number: so many at a time.
    notes      sentences for people.
    """

    input: Port
    layout: str
    outputs: tuple[Port, ...]
    producer: str
    gradients: bool
    rows: int | None
    notes: tuple[str, ...] = ()


def load_exported(data: bytes):
    """(a torch module from (N, …) to (N, …), its card) from the bytes of a .pt2 file.

    Problem says what cannot be read or run. torch.export.load is not used: it unpickles.
    """
    from explainers.models.exported.reading import read_program

    return loaded(read_program(data))


def loaded(program: Program):
    """As `load_exported` for a program that was read before."""
    try:
        model, rows, sample = _settled(program)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Problem("The model's description is damaged. Export the model again.") from error
    notes = list(program.notes)
    gradients = sample is None or _slopes(model, sample)
    if not gradients:
        notes.append(
            "No slope leads from the input to the output (rounding, comparisons or detach() are in "
            "the way), so methods that need a gradient are off."
        )
    if rows is not None:
        notes.append(_apart(program.input, rows))
    port = program.input
    if rows is None and port.shape:
        port = replace(port, shape=(None, *port.shape[1:]))
    card = Card(port, layout(program), program.outputs, program.producer, gradients, rows,
                tuple(notes))  # fmt: skip
    return model, card


def _apart(port: Port, rows: int) -> str:
    why = f"The file is made for batches of exactly {rows}"
    if not port.shape or port.shape[0] is None:
        why = "In larger batches, the model's answer to one row is another or none"
    return (
        f"{why}, so inputs are run {rows} at a time, which is slower, and without Grad-CAM. To "
        "change that, export it with a free batch dimension: torch.export.export(model, (x,), "
        'dynamic_shapes=({0: torch.export.Dim("batch")},)).'
    )


def _settled(program: Program):
    """(the module, its rows, an input that it can answer or None)."""
    from explainers.models.exported.batching import freed
    from explainers.models.exported.network import ExportedModel
    from explainers.models.onnx.batching import examples, together, works

    port = program.input
    fixed = port.shape[0] if port.shape else None
    model = ExportedModel(program).eval()
    _demand_memory(program, model, fixed or 1)
    sample = works(model, examples(port), fixed or 1)
    if sample is None:
        if port.shape and None not in port.shape[1:]:
            # What is wrong is told by the model itself.
            model(next(examples(port))[:1].expand(fixed or 1, *port.shape[1:]).float())
        return (ExportedModel(program, fixed).eval(), fixed, None) if fixed else (model, None, None)
    if together(model, sample, fixed or 1):
        return model, None, sample
    for guess in freed(program, fixed, model.values()) if fixed else ():
        other = ExportedModel(guess).eval()
        if together(other, sample, fixed, apart=model):
            return other, None, sample
    return ExportedModel(program, fixed or 1).eval(), fixed or 1, sample


def _demand_memory(program: Program, model, rows: int) -> None:
    """Problem where the program makes a tensor that is too large, found on shapes alone."""
    import torch

    from explainers.models.exported.calls import Place, performed

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


def _slopes(model, sample) -> bool:
    import torch

    with torch.enable_grad():
        return model(sample[:1].float().requires_grad_()).requires_grad


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
    shape = program.input.shape or ()
    if len(shape) == 4 and (shape[1] in _CHANNELS) != (shape[3] in _CHANNELS):
        return "channels first" if shape[1] in _CHANNELS else "channels last"
    return ""
