"""What is known of a network from its file alone, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Port:
    """An input or output: its name, its type ("float32", …, or "other"), its shape.

    None in `shape` is a free dimension; `shape` is None where the file does not tell it.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Card:
    """What is known of a model from its file.

    input      name, type and shape of the one input; None is a free side.
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


def layout_by_sides(shape: tuple[int | None, ...] | None) -> str:
    """Where the channels of an input of this shape are, as a card says it."""
    if shape is not None and len(shape) == 4 and (shape[1] in _CHANNELS) != (shape[3] in _CHANNELS):
        return "channels first" if shape[1] in _CHANNELS else "channels last"
    return ""


def rows_note(port: Port, rows: int, export: str) -> str:
    """What to tell where a network with this input is run `rows` rows at a time.

    export   the beginning of the call that exports it anew.
    """
    why = f"The file is made for batches of exactly {rows}"
    if not port.shape or port.shape[0] is None:
        why = "In larger batches, the model's answer to one row is another or none"
    return (
        f"{why}, so inputs are run {rows} at a time, which is slower, and without Grad-CAM. To "
        f"change that, export it with a free batch dimension: {export}, "
        'dynamic_shapes=({0: torch.export.Dim("batch")},)).'
    )
