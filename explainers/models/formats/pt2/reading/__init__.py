"""Reading .pt2 bytes strictly: a program of known operations with all its numbers, or a sentence.

The JSON is that of torch/_export/serde/schema.py, version 8. Neither torch nor pickle takes part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from explainers.errors import Problem
from explainers.models.answers import without_boxes
from explainers.models.formats.file_card import Port
from explainers.models.formats.pt2.holding import usual_holding
from explainers.models.formats.pt2.program import MOST_NODES, Program, Stored, checked
from explainers.models.formats.pt2.reading.archive import EXPORT, read_members
from explainers.models.formats.pt2.reading.arguments import Values
from explainers.models.formats.pt2.reading.folding import fold_safe_softmax
from explainers.models.formats.pt2.reading.nodes import read_nodes
from explainers.models.formats.pt2.reading.sizes import demand_expression, read_size
from explainers.models.formats.pt2.reading.tensors import read_tensors, type_name
from explainers.models.formats.pt2.reading.trimming import trim

SCHEMA = 8
MOST_TEXT = 48_000_000
_FLOATS = ("float32", "float64")


def read_program(data: bytes) -> Program:
    """The program in the bytes of a .pt2 file.

    Parameters
    ----------
    data : bytes
        What `torch.export.save` wrote.

    Returns
    -------
    Program
        Dropout and batch normalisation that were exported in training get a note.

    Raises
    ------
    Problem
        With what to do, for: archives that torch.export.save does not write (see `read_members`),
        other versions of the schema, operations that are not on the list, anything that is not
        plain data, sizes that are not arithmetic, values used before they exist, no input or
        output of numbers, and weights that are NaN.

    Examples
    --------
    >>> import io, torch
    >>> exported, file = torch.export.export(torch.nn.ReLU(), (torch.zeros(1, 4),)), io.BytesIO()
    >>> torch.export.save(exported, file)
    >>> [node.op for node in read_program(file.getvalue()).nodes]
    ['aten.relu.default']
    """
    parts = read_members(data)
    texts = [name for name in parts if name.startswith("models/")]
    if len(texts) != 1:
        raise Problem(f"The .pt2 file holds {len(texts)} models; one is accepted: {EXPORT}.")
    name = texts[0].removeprefix("models/").removesuffix(".json")
    try:
        return _program(_json(parts, texts[0]), name, parts)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, Problem):
            raise
        raise Problem(f"The .pt2 file is damaged. Write it again with {EXPORT}.") from error


def _program(facts: Mapping[str, Any], name: str, parts: Mapping[str, memoryview]) -> Program:
    if facts["schema_version"]["major"] != SCHEMA:
        raise Problem(
            f"The file has version {str(facts['schema_version']['major'])[:20]} of torch's schema; "
            f"{SCHEMA} is accepted. Export the model with a newer torch."
        )
    graph, signature = facts["graph_module"]["graph"], facts["graph_module"]["signature"]
    if len(graph["nodes"]) > 2 * MOST_NODES:
        raise Problem(
            f"The model has {len(graph['nodes']):,} operations; up to {MOST_NODES:,} are accepted. "
            "Loops may have been unrolled: export with a shorter input."
        )
    _demand_sizes(graph)
    tensors = {
        kind: read_tensors(
            _json(parts, f"data/{kind}/{name}_{kind}_config.json"), parts, f"data/{kind}/"
        )
        for kind in ("weights", "constants")
    }
    ports, stored, names = _inputs(signature["input_specs"], graph, tensors)
    port = ports[0]
    if len(ports) > 1:
        port, held = usual_holding(ports)
        stored, names = (*stored, *held), [*names, *(one.name for one in held)]
    values = Values(graph)
    values.add(port.name)
    for stored_name in names:
        values.add(stored_name)
    nodes, notes = read_nodes(graph["nodes"], values)
    outputs, output = _outputs(signature["output_specs"], graph, values)
    producer = f"torch {facts.get('torch_version', '')}"[:80]
    several = tuple(ports) if len(ports) > 1 else ()
    program = Program(port, stored, nodes, outputs, output, producer, tuple(notes), several)
    return checked(trim(fold_safe_softmax(checked(program))))


def _json(parts: Mapping[str, memoryview], name: str) -> dict[str, Any]:
    text = parts.get(name)
    if text is None:
        raise Problem(f"The .pt2 file lacks {name[:80]!r}. Write it again with {EXPORT}.")
    if len(text) > MOST_TEXT:
        raise Problem(
            f"The model's description has {len(text) / 1e6:.0f} MB; up to {MOST_TEXT / 1e6:.0f} MB "
            "are accepted. Loops may have been unrolled: export with a shorter input."
        )
    try:
        facts = json.loads(bytes(text), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(f"The .pt2 file's {name[:80]!r} is no plain JSON. Export it again.") from (
            error
        )
    if not isinstance(facts, dict):
        raise Problem(f"The .pt2 file's {name[:80]!r} is no object. Export it again.")
    return facts


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    facts = dict(pairs)
    if len(facts) != len(pairs):
        raise ValueError("a name comes twice")
    return facts


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _demand_sizes(graph: Mapping[str, Any]) -> None:
    """Every size that the file mentions is a number or plain arithmetic, also those not used."""
    for meta in graph["tensor_values"].values():
        for side in (*meta["sizes"], *meta["strides"], meta["storage_offset"]):
            read_size(side)
    for kind in ("sym_int_values", "sym_bool_values", "sym_float_values"):
        for entry in graph.get(kind, {}).values():
            if "as_expr" in entry:
                demand_expression(entry["as_expr"]["expr_str"])


def _inputs(
    specs: list[dict[str, Any]],
    graph: Mapping[str, Any],
    tensors: Mapping[str, Mapping[str, np.ndarray]],
) -> tuple[list[Port], tuple[Stored, ...], list[str]]:
    """(the ports of the inputs, what is stored, the names of what is stored in the graph)."""
    ports, stored, names = [], [], []
    for spec in specs:
        ((kind, held),) = spec.items()
        if kind == "user_input" and "as_tensor" in held["arg"]:
            ports.append(_port(held["arg"]["as_tensor"]["name"], graph))
        elif kind == "constant_input" and "as_none" in held["value"]:
            continue
        elif kind in ("parameter", "buffer", "tensor_constant"):
            key = held[f"{kind}_name"]
            kept = kind == "parameter" or (kind == "buffer" and held["persistent"])
            array = tensors["weights" if kept else "constants"][key]
            _demand_finite(key, array, kind)
            stored.append(Stored(key, kind.removeprefix("tensor_"), array))
            names.append(held["arg"]["name"])
        else:
            raise Problem(
                f"The model takes an input of the kind {kind[:40]!r}. A model with exactly one "
                "input tensor can be explained: export a module whose forward(x) fills in the rest."
            )
    if not ports:
        raise Problem(
            "The model takes no input that is a tensor. Export a module whose forward(x) takes the "
            "numbers to explain."
        )
    if len(ports) == 1 and ports[0].dtype not in _FLOATS:
        raise Problem(
            f"The model's input holds {ports[0].dtype}; only floating-point inputs have slopes. "
            "Export the part behind the conversion (or the embedding)."
        )
    return ports, tuple(stored), names


def _demand_finite(name: str, array: np.ndarray, kind: str) -> None:
    """Weights are numbers; masks among buffers and constants may be infinite."""
    if array.dtype.kind != "f":
        return
    broken = ~np.isfinite(array) if kind == "parameter" else np.isnan(array)
    if broken.any():
        raise Problem(
            f"The tensor {name[:80]!r} holds NaN or infinite values. The training seems to have "
            "diverged; export an earlier checkpoint."
        )


def _outputs(
    specs: list[dict[str, Any]], graph: Mapping[str, Any], values: Values
) -> tuple[tuple[Port, ...], int]:
    """(all outputs that are tensors, the number of the one to explain)."""
    names = [
        held["arg"]["as_tensor"]["name"]
        for spec in specs
        for kind, held in spec.items()
        if kind == "user_output" and "as_tensor" in held["arg"]
    ]
    ports = [_port(name, graph) for name in names]
    floats = [port for port in ports if port.dtype in _FLOATS]
    flat = [port for port in floats if len(port.shape or ()) <= 2]
    if not floats:
        raise Problem(
            "The model has no output of numbers (floating-point), so there is no score to explain. "
            "Export it with its scores or probabilities as an output."
        )
    full = [port for port in flat if port.shape]  # a lone number is of no row
    likely = full or flat or floats
    best = likely[without_boxes([port.shape for port in likely])[0]]
    return tuple(ports), values.number(best.name)


def _port(name: str, graph: Mapping[str, Any]) -> Port:
    meta = graph["tensor_values"][name]
    return Port(name, type_name(meta["dtype"]), tuple(map(read_size, meta["sizes"])))
