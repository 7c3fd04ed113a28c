"""What is known of a network from its file alone, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass

_CHANNELS = (1, 3, 4)
# So many channels an input may have of which only that side is known.
_MOST_CHANNELS = 32
TRAINED = (
    "The model was exported in training mode. Here its dropout is off, and batch normalisation "
    "uses what it remembers of the training, as after model.eval()."
)
ALIKE = (
    "Alone, every input gets the same answer from this network, so no input can be explained: it "
    "normalises by the other rows of its batch, as networks do in training mode. Export it after "
    "model.eval()."
)


@dataclass(frozen=True)
class Port:
    """An input or output of a network.

    Parameters
    ----------
    name : str
    dtype : str
        "float32", …, or "other".
    shape : tuple or None
        With the batch first; None in it is a free side. None where the file does not tell it.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Card:
    """What is known of a network from its file.

    Parameters
    ----------
    input : Port
        The one input.
    layout : str
        "channels first", "channels last", or "" where nothing tells.
    outputs : tuple of Port
        All outputs of the file.
    producer : str
        The program that wrote it.
    gradients : bool
        Whether methods that need a gradient work.
    rows : int or None
        None: any number of rows at once; a number: so many at a time.
    notes : tuple of str
        Sentences for people.
    warnings : tuple of str
        More of them, which belong on every answer of the network as well.
    slope_warnings : tuple of str
        More of them, which belong on answers of methods that follow slopes.
    classes : tuple of str
        Names of the outputs, where the file holds them; else ().
    columns : tuple of str
        Names of the columns of a table, where the file holds them; else ().
    """

    input: Port
    layout: str
    outputs: tuple[Port, ...]
    producer: str
    gradients: bool
    rows: int | None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    slope_warnings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def on_answers(self) -> tuple[tuple[str, bool], ...]:
        """What belongs on answers of the network, and whether only on those that follow slopes."""
        always = [(sentence, False) for sentence in self.warnings]
        return (*always, *((sentence, True) for sentence in self.slope_warnings))


def known_sides(port: Port) -> tuple[int, ...] | None:
    """The shape of one row, without the batch; None where the file leaves a side of it free.

    Examples
    --------
    >>> known_sides(Port("x", "float32", (None, 3, 8)))
    (3, 8)
    >>> known_sides(Port("x", "float32", (None, 3, None))) is None
    True
    """
    if not port.shape:
        return None
    sides = tuple(side for side in port.shape[1:] if side is not None)
    return sides if len(sides) == len(port.shape) - 1 else None


def layout_by_sides(shape: tuple[int | None, ...] | None) -> str:
    """Where the channels of an input of this shape are, as a card says it.

    Examples
    --------
    >>> layout_by_sides((None, 3, 32, 32)), layout_by_sides((None, 32, 32, 3))
    ('channels first', 'channels last')
    >>> layout_by_sides((None, 6, 32, 32)), layout_by_sides((None, None, None, None))
    ('channels first', '')
    """
    if shape is None or len(shape) != 4:
        return ""
    first, last = shape[1] or 0, shape[3] or 0
    if (first in _CHANNELS) != (last in _CHANNELS):
        return "channels first" if first in _CHANNELS else "channels last"
    if first and last and first != last:
        return "channels first" if first < last else "channels last"
    known = 0 < first + last <= _MOST_CHANNELS and not (first and last)
    return ("channels first" if first else "channels last") if known else ""


def rows_note(port: Port, rows: int, export: str) -> str:
    """The sentence for a network that is run some rows at a time.

    Parameters
    ----------
    port : Port
        Its input.
    rows : int
    export : str
        The beginning of the call that exports it anew.
    """
    why = f"The file is made for batches of exactly {rows}"
    if not port.shape or port.shape[0] is None:
        why = "In larger batches, the model's answer to one row is another or none"
    how = "inputs are run one at a time"
    if rows > 1:
        how = f"each input is run in a batch of {rows} copies of it"
    return (
        f"{why}, so {how}, which is slower. To change that, "
        f"export it with a free batch dimension: {export}, "
        'dynamic_shapes=({0: torch.export.Dim("batch")},)).'
    )
