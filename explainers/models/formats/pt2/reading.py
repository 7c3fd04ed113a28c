"""Reading .pt2 bytes strictly: a program of known operations with all its numbers, or a sentence.

The JSON is that of torch/_export/serde/schema.py, version 8. Neither torch nor pickle takes part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.pt2.archive import EXPORT, members
from explainers.models.formats.pt2.arguments import Values
from explainers.models.formats.pt2.folding import folded
from explainers.models.formats.pt2.nodes import read_nodes
from explainers.models.formats.pt2.program import MOST_NODES, Program, Stored, checked
from explainers.models.formats.pt2.sizes import demand_expression, size
from explainers.models.formats.pt2.tensors import read_tensors, type_name
from explainers.models.formats.pt2.trimming import trimmed

SCHEMA = 8
MOST_TEXT = 48_000_000
_FLOATS = ("float32", "float64")


def read_program(data: bytes) -> Program:
    """The program in the bytes of a .pt2 file.

    Problem, with what to do, for: archives that torch.export.save does not write (see `members`),
    other versions of the schema, operations that are not on the list, anything that is not plain
    data, sizes that are not arithmetic, values used before they exist, more than one input, no
    output of numbers, and weights that are NaN. Dropout and batch normalisation that were exported
    in training get a note.
    """
    parts = members(data)
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


def _program(said: Mapping, name: str, parts: Mapping[str, memoryview]) -> Program:
    if said["schema_version"]["major"] != SCHEMA:
        raise Problem(
            f"The file has version {str(said['schema_version']['major'])[:20]} of torch's schema; "
            f"{SCHEMA} is accepted. Export the model with a newer torch."
        )
    graph, signature = said["graph_module"]["graph"], said["graph_module"]["signature"]
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
    port, stored, names = _inputs(signature["input_specs"], graph, tensors)
    values = Values(graph)
    values.add(port.name)
    for own in names:
        values.add(own)
    nodes, notes = read_nodes(graph["nodes"], values)
    ports, output = _outputs(signature["output_specs"], graph, values)
    producer = f"torch {said.get('torch_version', '')}"[:80]
    program = Program(port, stored, nodes, ports, output, producer, tuple(notes))
    return checked(trimmed(folded(checked(program))))


def _json(parts: Mapping[str, memoryview], name: str) -> dict:
    text = parts.get(name)
    if text is None:
        raise Problem(f"The .pt2 file lacks {name[:80]!r}. Write it again with {EXPORT}.")
    if len(text) > MOST_TEXT:
        raise Problem(
            f"The model's description has {len(text) / 1e6:.0f} MB; up to {MOST_TEXT / 1e6:.0f} MB "
            "are accepted. Loops may have been unrolled: export with a shorter input."
        )
    try:
        said = json.loads(bytes(text), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(f"The .pt2 file's {name[:80]!r} is no plain JSON. Export it again.") from (
            error
        )
    if not isinstance(said, dict):
        raise Problem(f"The .pt2 file's {name[:80]!r} is no object. Export it again.")
    return said


def _once(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _refuse(constant: str):
    raise ValueError(f"{constant} is not a number")


def _demand_sizes(graph: Mapping) -> None:
    """Every size that the file mentions is a number or plain arithmetic, also those not used."""
    for meta in graph["tensor_values"].values():
        for side in (*meta["sizes"], *meta["strides"], meta["storage_offset"]):
            size(side)
    for kind in ("sym_int_values", "sym_bool_values", "sym_float_values"):
        for entry in graph.get(kind, {}).values():
            if "as_expr" in entry:
                demand_expression(entry["as_expr"]["expr_str"])


def _inputs(specs: list, graph: Mapping, tensors: Mapping[str, Mapping[str, np.ndarray]]):
    """(the port of the one input, what is stored, the names of both in the graph)."""
    ports, stored, names = [], [], []
    for spec in specs:
        ((kind, said),) = spec.items()
        if kind == "user_input" and "as_tensor" in said["arg"]:
            ports.append(_port(said["arg"]["as_tensor"]["name"], graph))
        elif kind == "constant_input" and "as_none" in said["value"]:
            continue
        elif kind in ("parameter", "buffer", "tensor_constant"):
            key = said[f"{kind}_name"]
            kept = kind == "parameter" or (kind == "buffer" and said["persistent"])
            array = tensors["weights" if kept else "constants"][key]
            _demand_finite(key, array, kind)
            stored.append(Stored(key, kind.removeprefix("tensor_"), array))
            names.append(said["arg"]["name"])
        else:
            raise Problem(
                f"The model takes an input of the kind {kind[:40]!r}. A model with exactly one "
                "input tensor can be explained: export a module whose forward(x) fills in the rest."
            )
    if len(ports) != 1:
        raise Problem(
            f"The model takes {len(ports)} inputs. A model with exactly one input tensor can be "
            "explained: export a module whose forward(x) fills in the rest."
        )
    if ports[0].dtype not in _FLOATS:
        raise Problem(
            f"The model's input holds {ports[0].dtype}; only floating-point inputs have slopes. "
            "Export the part behind the conversion (or the embedding)."
        )
    return ports[0], tuple(stored), names


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


def _outputs(specs: list, graph: Mapping, values: Values) -> tuple[tuple[Port, ...], int]:
    """(all outputs that are tensors, the number of the one to explain)."""
    names = [
        said["arg"]["as_tensor"]["name"]
        for spec in specs
        for kind, said in spec.items()
        if kind == "user_output" and "as_tensor" in said["arg"]
    ]
    ports = [_port(name, graph) for name in names]
    floats = [port for port in ports if port.dtype in _FLOATS]
    flat = [port for port in floats if len(port.shape) <= 2]
    if not floats:
        raise Problem(
            "The model has no output of numbers (floating-point), so there is no score to explain. "
            "Export it with its scores or probabilities as an output."
        )
    full = [port for port in flat if len(port.shape)]  # a lone number is of no row
    return tuple(ports), values.number((full or flat or floats)[0].name)


def _port(name: str, graph: Mapping) -> Port:
    meta = graph["tensor_values"][name]
    return Port(name, type_name(meta["dtype"]), tuple(map(size, meta["sizes"])))
