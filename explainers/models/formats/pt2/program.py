"""An exported program as plain data: which operations, on which earlier values, with which numbers.

Every value has a number: 0 is the input, then what the file stores, then what each operation makes,
in order. So an operation can only use what is there already. A program splits into JSON facts and
named arrays, which is what a reading process may hand back; the other side believes none of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.pt2.operations import MAKERS, is_allowed
from explainers.models.formats.pt2.values import KINDS, TYPES, Argument, Kind, Node, Ref, flat

MOST_NODES, MOST_ITEMS, MOST_MADE = 20_000, 400_000, 10_000
MOST_NUMBERS, MOST_BYTES = 1 << 28, 2_000_000_000
_ROLES = ("parameter", "buffer", "constant", "held")
_LONGEST = 300


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor of the file; `role` is "parameter", "buffer", "constant", or "held" of an input."""

    name: str
    role: str
    array: np.ndarray


@dataclass(frozen=True, eq=False)
class Program:
    """What a .pt2 file computes.

    Parameters
    ----------
    input : Port
        The one input, with the batch first.
    stored : tuple of Stored
        The tensors of the file, the values 1, 2, ….
    nodes : tuple of Node
        In an order in which they can run.
    outputs : tuple of Port
    output : int
        The number of the value to explain, one of the outputs.
    producer : str
    notes : tuple of str
        Sentences for people.
    inputs : tuple of Port
        All inputs of the file where it has several; those besides `input` are stored.

    Examples
    --------
    >>> port = Port("x", "float32", (None, 4))
    >>> program = Program(port, (), (Node("aten.relu.default", (Ref(0),)),), (port,), output=1)
    >>> facts, arrays = program.to_facts()
    >>> Program.from_facts(facts, arrays).nodes == program.nodes
    True
    """

    input: Port
    stored: tuple[Stored, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Port, ...]
    output: int
    producer: str = ""
    notes: tuple[str, ...] = ()
    inputs: tuple[Port, ...] = ()

    def numbered(self) -> Iterator[tuple[int, Node]]:
        """Each operation with the number of the first value that it makes."""
        first = 1 + len(self.stored)
        for node in self.nodes:
            yield first, node
            first += node.count

    def to_facts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """(what JSON can hold, the arrays by the names used there), for `from_facts`."""
        keys: dict[int, str] = {}
        arrays: dict[str, np.ndarray] = {}
        for stored in self.stored:
            if id(stored.array) not in keys:
                keys[id(stored.array)] = f"array{len(keys)}"
                arrays[keys[id(stored.array)]] = stored.array
        facts = {
            "input": _port(self.input),
            "stored": [[s.name, s.role, keys[id(s.array)]] for s in self.stored],
            "nodes": [
                [
                    n.op,
                    [_encoded(a) for a in n.args],
                    {name: _encoded(a) for name, a in n.kwargs.items()},
                    list(n.makes),
                ]
                for n in self.nodes
            ],
            "outputs": [_port(port) for port in self.outputs],
            "output": self.output,
            "producer": self.producer,
            "notes": list(self.notes),
            "inputs": [_port(port) for port in self.inputs],
        }
        return facts, arrays

    @staticmethod
    def from_facts(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Program:
        """The program that `to_facts` split; Problem where anything in it is not allowed."""
        try:
            program = Program(
                _ported(facts["input"]),
                tuple(Stored(name, role, arrays[key]) for name, role, key in facts["stored"]),
                tuple(
                    Node(
                        op,
                        tuple(map(_decoded, args)),
                        {name: _decoded(value) for name, value in kwargs.items()},
                        tuple(makes),
                    )
                    for op, args, kwargs, makes in facts["nodes"]
                ),
                tuple(map(_ported, facts["outputs"])),
                facts["output"],
                str(facts["producer"])[:80],
                tuple(str(note)[:1000] for note in facts["notes"]),
                tuple(map(_ported, facts["inputs"])),
            )
            return checked(program)
        except Problem:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise Problem("The model's description is damaged. Upload the file again.") from error


def checked(program: Program) -> Program:
    """The program itself; Problem for whatever an exported program of pure operations cannot be."""
    for port in (program.input, *program.inputs, *program.outputs):
        _demand(port.dtype in TYPES and _text(port.name), "has an input or output of unknown type")
        sides = port.shape or ()
        plain = all(s is None or (type(s) is int and 0 <= s < 1 << 31) for s in sides)
        _demand(plain and len(sides) <= 8, "has an input or output of an impossible shape")
    names = {stored.name for stored in program.stored}
    _demand(len(names) == len(program.stored), "gives two tensors the same name")
    for stored in program.stored:
        _demand(_text(stored.name) and stored.role in _ROLES, "stores something that is no tensor")
        _demand(stored.array.dtype.name in TYPES, "stores a tensor of unknown type")
    whole = sum(a.nbytes for a in {id(s.array): s.array for s in program.stored}.values())
    _demand(whole <= MOST_BYTES, f"stores more than {MOST_BYTES / 1e9:g} GB of numbers")
    if len(program.nodes) > MOST_NODES:
        raise Problem(
            f"The model has {len(program.nodes):,} operations; up to {MOST_NODES:,} are accepted. "
            "Loops may have been unrolled: export with a shorter input."
        )
    items, there = [0], 1 + len(program.stored)
    for first, node in program.numbered():
        _demand_node(node, first, items)
        there = first + node.count
    _demand(type(program.output) is int and 0 <= program.output < there, "makes no such output")
    return program


def _demand_node(node: Node, there: int, items: list[int]) -> None:
    if not (isinstance(node.op, str) and is_allowed(node.op)):
        raise Problem(
            f"The operation {str(node.op)[:80]!r} is not on the list of those that are accepted. "
            "Export a network of PyTorch's own layers, or use ONNX."
        )
    made = all(m is None or (type(m) is int and 0 <= m <= MOST_MADE) for m in node.makes)
    _demand(made and len(node.makes) <= 64, f"says that {node.op} makes the impossible")
    _demand(all(_name(key) for key in node.kwargs), f"gives {node.op} an argument without a name")
    for value in (*node.args, *node.kwargs.values()):
        _demand_value(value, there, items, node.op)
    _demand(items[0] <= MOST_ITEMS, "has more arguments than are accepted")
    place = MAKERS.get(node.op)
    if place is not None:
        sizes = node.args[place] if isinstance(place, slice) else node.args[place : place + 1]
        sides = [abs(s) for s in flat(sizes) if type(s) in (int, float) and s]
        # Where it starts and ends: both count.
        large = sum(sides) if "arange" in node.op else math.prod(sides)
        _demand(large <= MOST_NUMBERS, f"makes a tensor of {large:.1e} numbers in {node.op}")


def _demand_value(value: Any, there: int, items: list[int], op: str, depth: int = 0) -> None:
    items[0] += 1
    if isinstance(value, tuple):
        _demand(depth < 2 and len(value) <= MOST_MADE, f"gives {op} a list of lists of lists")
        for item in value:
            _demand_value(item, there, items, op, depth + 1)
    elif isinstance(value, Ref):
        early = type(value.index) is int and 0 <= value.index < there
        _demand(early, f"uses in {op} what is not there yet: it has a circle, a gap, or is cut")
    elif isinstance(value, Kind):
        _demand(value.name in KINDS.get(value.what, ()), f"gives {op} an unknown word")
    elif isinstance(value, str):
        _demand(_text(value), f"gives {op} a text that is no word")
    elif type(value) is int:
        _demand(-(1 << 63) <= value < 1 << 63, f"gives {op} a number beyond 64 bits")
    else:
        _demand(value is None or type(value) in (bool, float), f"gives {op} no plain value")


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise Problem(f"The exported program {what}. Export the model again.")


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()


def _name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z_A-Z][\w]{0,60}", value) is not None


def _port(port: Port) -> list[Any]:
    return [port.name, port.dtype, None if port.shape is None else list(port.shape)]


def _ported(row: list[Any]) -> Port:
    name, dtype, shape = row
    return Port(str(name), dtype, None if shape is None else tuple(shape))


def _encoded(value: Argument) -> Any:
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, Ref):
        return {"ref": value.index}
    if isinstance(value, Kind):
        return {value.what: value.name}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def _decoded(value: Any) -> Argument:
    if isinstance(value, list):
        return tuple(_decoded(item) for item in value)
    if isinstance(value, dict):
        ((what, name),) = value.items()
        if what == "ref":
            return Ref(name)
        return float(name) if what == "float" else Kind(what, name)
    return value
