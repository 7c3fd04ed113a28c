"""Reading ONNX bytes strictly: a graph of known operations with all its numbers, or a sentence.

Only the protobuf is parsed; no file is opened, no path is followed, nothing in the file runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.file_card import Port
from explainers.models.formats.onnx.graph import DEEPEST, MOST_NODES, Graph, Node, checked
from explainers.models.formats.onnx.tensors import array, text, type_name

if TYPE_CHECKING:
    import onnx

# ONNX's own, and what onnxruntime adds; whether an operation exists there, onnxruntime says.
DOMAINS = ("", "ai.onnx.ml", "com.microsoft")
EXPORT = 'torch.onnx.export(model.eval(), (x,), "model.onnx", dynamo=True, external_data=False)'


@dataclass(frozen=True)
class _Scope:
    """Where a node is read.

    Attributes
    ----------
    versions : Mapping[str, int]
        Of the operator sets, by domain.
    functions : Mapping[tuple, FunctionProto]
        By domain, name and overload.
    count : list of one int
        How many nodes were read so far, in all scopes.
    depth : int
        Of functions and graphs inside each other.
    attributes, names, prefix
        What the call of a function gave, and how names inside it become names outside.
    """

    versions: Mapping[str, int]
    functions: Mapping[tuple[str, str, str], onnx.FunctionProto]
    count: list[int]
    depth: int = 0
    attributes: Mapping[str, tuple[onnx.AttributeProto, _Scope]] | None = None
    names: Mapping[str, str] | None = None
    prefix: str = ""

    def named(self, name: str) -> str:
        """The name outside the function for a name inside."""
        name = text(name, "name")
        return name if self.names is None or not name else self.names.get(name, self.prefix + name)


def read_graph(data: bytes) -> Graph:
    """The graph in the bytes of an .onnx file, with functions inlined and constants as tensors.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    Graph
        Weights that are NaN or infinite give a note.

    Raises
    ------
    Problem
        With what to do, for: bytes that are no ONNX model, external data in any tensor, operations
        of unknown domains, training information, sparse tensors, numbers that do not fit their
        declared shape, names that are ambiguous or used before they exist, and graphs of more than
        MOST_NODES operations or deeper than DEEPEST.

    References
    ----------
    https://onnx.ai/onnx/repo-docs/IR.html

    Examples
    --------
    >>> from onnx import TensorProto, helper
    >>> port = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 2]) for n in "xy"]
    >>> graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "g", port[:1], port[1:])
    >>> read_graph(helper.make_model(graph).SerializeToString()).inputs[0].shape
    (None, 2)
    """
    import onnx

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:
        raise Problem(
            f"This is not an ONNX model, or the file was cut off. Export it again: {EXPORT}"
        ) from error
    if not model.HasField("graph") or not (model.graph.node or model.graph.output):
        raise Problem(f"This file holds no ONNX graph. Export the model again: {EXPORT}")
    if model.training_info:
        raise Problem("The file holds training information. Export the model for inference.")
    scope = _Scope(_versions(model.opset_import), _functions(model), [0])
    graph = _graph(model.graph, scope)
    producer = f"{model.producer_name} {model.producer_version}".strip()[:80]
    graph = replace(graph, opsets=scope.versions, producer=producer)
    return checked(replace(graph, notes=_notes(graph)))


def _versions(imports: Iterable[onnx.OperatorSetIdProto]) -> dict[str, int]:
    versions = {_domain(text(entry.domain, "domain")): entry.version for entry in imports}
    if not versions:
        raise Problem(f"The file does not say which operators it uses. Export it again: {EXPORT}")
    return versions


def _functions(model: onnx.ModelProto) -> dict[tuple[str, str, str], onnx.FunctionProto]:
    functions = {(_domain(f.domain), f.name, f.overload): f for f in model.functions}
    if len(functions) != len(model.functions):
        raise Problem("Two functions of the model have the same name. Export the model again.")
    return functions


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _graph(proto: onnx.GraphProto, scope: _Scope) -> Graph:
    if scope.depth > DEEPEST:
        raise Problem(f"Graphs within graphs go deeper than {DEEPEST}; this is not accepted.")
    if proto.sparse_initializer:
        raise Problem("The model holds sparse tensors. Export it with dense weights.")
    tensors: dict[str, np.ndarray] = {}
    for tensor in proto.initializer:
        name = scope.named(tensor.name)
        if name in tensors:
            raise Problem(f"Two tensors of the model are called {name[:80]!r}. Export it again.")
        tensors[name] = array(tensor)
    nodes = _nodes(proto.node, scope, tensors)
    inputs = tuple(_port(value, scope) for value in proto.input)
    # Before version 4 of the format, initialisers had to be listed among the inputs.
    inputs = tuple(port for port in inputs if port.name not in tensors)
    return Graph(nodes, inputs, tuple(_port(value, scope) for value in proto.output), tensors)


def _nodes(
    protos: Sequence[onnx.NodeProto], scope: _Scope, tensors: dict[str, np.ndarray]
) -> tuple[Node, ...]:
    scope.count[0] += len(protos)
    if scope.count[0] > MOST_NODES:
        raise Problem(
            f"The model has more than {MOST_NODES:,} operations, which is not accepted. Loops may "
            "have been unrolled: export with a shorter input, or a simplified graph (onnxsim)."
        )
    nodes: list[Node] = []
    for proto in protos:
        domain, op = _domain(text(proto.domain, "domain")), text(proto.op_type, "name")
        function = scope.functions.get((domain, op, proto.overload))
        if function is not None:
            nodes += _inlined(proto, function, scope, tensors)
            continue
        if domain not in DOMAINS or domain not in scope.versions:
            raise Problem(
                f"The operation {domain[:80]}.{op[:80]} is not one of ONNX's own or of "
                "onnxruntime's, so what it does is unknown. Export with standard operations "
                f"(operator sets ai.onnx and ai.onnx.ml): {EXPORT}"
            )
        attributes = _attributes(proto, scope)
        outputs = tuple(map(scope.named, proto.output))
        if op == "Constant" and not domain and len(outputs) == 1 and outputs[0] not in tensors:
            tensors[outputs[0]] = _constant(attributes)
            continue
        nodes.append(
            Node(
                op,
                domain,
                scope.versions[domain],
                text(proto.name, "name"),
                tuple(map(scope.named, proto.input)),
                outputs,
                attributes,
            )
        )
    return tuple(nodes)


def _inlined(
    call: onnx.NodeProto,
    function: onnx.FunctionProto,
    scope: _Scope,
    tensors: dict[str, np.ndarray],
) -> tuple[Node, ...]:
    """The nodes of a function, with the names and attributes of this call."""
    if scope.depth >= DEEPEST:
        raise Problem(f"Functions call each other deeper than {DEEPEST}; this is not accepted.")
    if len(call.input) > len(function.input) or len(call.output) > len(function.output):
        raise Problem(f"The function {function.name[:80]!r} is called with too many tensors.")
    given = {**{a.name: a for a in function.attribute_proto}, **{a.name: a for a in call.attribute}}
    # A name's prefix must be unlike any other call's; the count of nodes so far is.
    prefix = f"{scope.prefix}{function.name[:40]}#{scope.count[0]}/"
    names = dict.fromkeys((*function.input, *function.output), "")
    names |= dict(zip(function.input, map(scope.named, call.input), strict=False))
    for inside, outside in zip(function.output, call.output, strict=False):
        names[inside] = scope.named(outside)
    # An output that the call leaves out still needs a name where the function uses it itself.
    names |= {n: prefix + n for n in function.output if not names[n]}
    inner = replace(
        scope,
        versions=_versions(function.opset_import),
        depth=scope.depth + 1,
        attributes={name: (attribute, scope) for name, attribute in given.items()},
        names=names,
        prefix=prefix,
    )
    return _nodes(function.node, inner, tensors)


def _attributes(proto: onnx.NodeProto, scope: _Scope) -> dict[str, Any]:
    attributes = {}
    for attribute in proto.attribute:
        name, value = text(attribute.name, "name"), attribute
        where = scope
        while value.ref_attr_name:
            given = (where.attributes or {}).get(value.ref_attr_name)
            if given is None:
                break
            value, where = given
        else:
            attributes[name] = _attribute(value, where)
    return attributes


def _attribute(proto: onnx.AttributeProto, scope: _Scope) -> Any:
    kind = proto.type or next((k for k, f in enumerate(_SCALARS, 1) if f and proto.HasField(f)), 0)
    if kind == 5:
        if scope.depth >= DEEPEST:
            raise Problem(f"Graphs within graphs go deeper than {DEEPEST}; this is not accepted.")
        return _graph(proto.g, replace(scope, depth=scope.depth + 1))
    reader = _READERS.get(kind)
    if reader is None:
        raise Problem(
            f"The attribute {proto.name[:80]!r} holds a kind of value that is not accepted "
            "(sparse tensor, type, or list of graphs). Export with standard operations."
        )
    return reader(proto)


_SCALARS = ("f", "i", "s", "t", "g")
_READERS: dict[int, Callable[[onnx.AttributeProto], Any]] = {
    1: lambda a: float(a.f),
    2: lambda a: int(a.i),
    3: lambda a: text(a.s, "string"),
    4: lambda a: array(a.t),
    6: lambda a: tuple(map(float, a.floats)),
    7: lambda a: tuple(map(int, a.ints)),
    8: lambda a: tuple(text(item, "string") for item in a.strings),
    9: lambda a: tuple(map(array, a.tensors)),
}


def _constant(attributes: Mapping[str, Any]) -> np.ndarray:
    if len(attributes) != 1:
        raise Problem("A constant of the model has no value, or two. Export the model again.")
    ((name, value),) = attributes.items()
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, np.float32 if name.startswith("value_float") else None)


def _port(value: onnx.ValueInfoProto, scope: _Scope) -> Port:
    name, kind = scope.named(value.name), value.type
    if not kind.HasField("tensor_type"):
        return Port(name, "other", None)
    tensor = kind.tensor_type
    shape = None
    if tensor.HasField("shape"):
        # Zero and less is what some tools write for a free dimension.
        shape = tuple(side.dim_value if side.dim_value > 0 else None for side in tensor.shape.dim)
    return Port(name, type_name(tensor.elem_type), shape)


def _notes(graph: Graph) -> tuple[str, ...]:
    broken = [
        name
        for name, values in graph.tensors.items()
        if values.dtype.kind == "f" and values.size > 1 and not np.isfinite(values).all()
    ]
    if not broken:
        return ()
    return (
        f"{len(broken)} of the model's tensors hold NaN or infinite values (first: "
        f"{broken[0][:80]}). Masks may; weights must not: then use an earlier checkpoint.",
    )
