"""From the bytes of an .onnx file to a model that can be explained, and a card of facts on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from explainers.errors import ModelProblem, Problem
from explainers.kinds.files.labels import listed
from explainers.models.answers import PICKED_BOXES
from explainers.models.formats.file_card import (
    ALIKE,
    TRAINED,
    Card,
    Port,
    layout_by_sides,
    rows_note,
)
from explainers.models.formats.model import Model
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.reading import read_graph
from explainers.models.formats.onnx.rewriting.batching import with_free_batch
from explainers.models.formats.onnx.rewriting.holding import with_held_inputs
from explainers.models.formats.several_inputs import SeveralInputs, decide

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.models.formats.onnx.module import OnnxModel
    from explainers.models.formats.row_batches import Batching

_PICKING = ("NonMaxSuppression", "EfficientNMS_TRT", "BatchedNMS_TRT", "TRTBatchedNMS")


class FallbackModel(Model, Protocol):
    """A model without gradients; `rows` is how many rows it takes at a time, None for any.

    `notes_on_answers` and `several_inputs` are as `GraphModel` has them.
    """

    rows: int | None
    notes_on_answers: tuple[tuple[str, bool], ...]
    several_inputs: SeveralInputs | None


FallbackRuntime: TypeAlias = Callable[[Graph, str], FallbackModel]
"""(graph, name of its output) → a model that runs what torch cannot."""


def load_onnx(
    data: bytes,
    output: str | None = None,
    verify: bool = False,
    answers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Model, Card]:
    """The network in the bytes of an .onnx file, and a card of facts on it.

    Parameters
    ----------
    data : bytes
        The file.
    output : str, optional
        Name of the output to explain; by default the first of floating type, (N, k) first.
    verify : bool
        Also run onnxruntime on a random input, and use it instead where the two differ.
    answers : mapping
        Of a file with several inputs: which is explained, and at what the others are held; see
        `explainers.models.formats.several_inputs.decide`.

    Returns
    -------
    model : Model
        From inputs (N, …) to outputs (N, …): a torch module in evaluation mode where gradients
        work; else a function that calls onnxruntime on the CPU.
    card : Card

    Raises
    ------
    Problem
        With what cannot be read, and where neither torch nor onnxruntime can run it.

    References
    ----------
    https://onnx.ai/onnx/repo-docs/IR.html

    Examples
    --------
    >>> import torch
    >>> from onnx import TensorProto, helper
    >>> port = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 2]) for n in "xy"]
    >>> graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "g", port[:1], port[1:])
    >>> model, card = load_onnx(helper.make_model(graph).SerializeToString())
    >>> tuple(model(torch.zeros(3, 2)).shape), card.gradients, card.rows
    ((3, 2), True, None)
    """
    return load_graph(read_graph(data), data, output, verify, answers=answers)


def load_graph(
    graph: Graph,
    data: bytes | None = None,
    output: str | None = None,
    verify: bool = False,
    fallback_runtime: FallbackRuntime | None = None,
    answers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Model, Card]:
    """As `load_onnx`, for a graph that was read before.

    Parameters
    ----------
    graph : Graph
        As `read_graph` gives it.
    data : bytes, optional
        The file that it was read from.
    output, verify, answers
        See `load_onnx`.
    fallback_runtime : callable, optional
        Runs what torch cannot; by default onnxruntime in this process where `data` is given.

    Raises
    ------
    Problem
        Why torch cannot run the graph, where nothing else may.
    """
    from explainers.models.formats.onnx.module import OnnxModel, explained_input, explained_output
    from explainers.models.formats.onnx.tables import as_one_input, class_names, coded_note
    from explainers.models.formats.onnx.tables.classes import swapped_note
    from explainers.models.formats.onnx.training import drawing, trains
    from explainers.models.formats.row_batches import answers_alike, has_gradient, outputs_of

    _demand_no_text(graph)
    name, several = explained_output(graph, output), None
    if any(node.op in _PICKING for node in graph.up_to(name).nodes):
        raise ModelProblem(PICKED_BOXES)
    if len(as_one_input(graph).graph.inputs) > 1:
        several = decide(graph.inputs, answers)
        graph = with_held_inputs(graph, several)
    columns = as_one_input(graph)
    whole, graph = graph, columns.graph
    port = explained_input(graph)
    notes, warnings = [*graph.notes, *_columns_note(columns.names)], [TRAINED] * trains(graph)
    warnings += [] if several is None else [several.sentence]
    warnings += drawing(graph.up_to(name))
    if fallback_runtime is None and data is not None:
        fallback_runtime = _local_runtime(data)
    model: OnnxModel | FallbackModel
    try:
        model, rows, sample = _choose_batching(graph, port, name)
        gradients = sample is None or has_gradient(model, sample)
        if verify and data is not None and sample is not None:
            _verify(model, data, whole, name, rows, sample)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        problem = (
            error
            if isinstance(error, Problem)
            else Problem("The model's graph is damaged. Export the model again.")
        )
        if fallback_runtime is None:
            raise problem from error
        model, rows, sample = _with_fallback(fallback_runtime(whole, name), port)
        gradients = False
        notes.append(str(problem))
    if not gradients and isinstance(model, OnnxModel):
        notes.append(
            "No slope leads from the input to the output (rounding or comparisons are in the way), "
            "so methods that need a gradient are off."
        )
    if rows is not None:
        notes.append(rows_note(port, rows, "torch.onnx.export(…"))
        warnings += [ALIKE] * (sample is not None and answers_alike(model, sample))
    names = class_names(whole, name)
    notes += swapped_note(whole, name)
    if sample is None or outputs_of(model, sample) != len(names):
        names = ()
    card = Card(
        port,
        layout(graph),
        graph.outputs,
        graph.producer,
        gradients,
        rows,
        tuple(notes),
        tuple(warnings),
        tuple(coded_note(graph.up_to(name))) if gradients else (),
        names,
        columns.names,
    )
    model.notes_on_answers = card.on_answers()
    model.several_inputs = several
    return model, card


def _choose_batching(graph: Graph, port: Port, name: str) -> Batching[OnnxModel]:
    from explainers.models.formats.onnx.module import OnnxModel
    from explainers.models.formats.row_batches import choose_batching

    fixed = port.shape[0] if port.shape else None

    def candidates() -> Iterator[OnnxModel]:
        yield OnnxModel(with_free_batch(graph, fixed or 1), name).eval()

    model = OnnxModel(graph, name).eval()
    return choose_batching(
        model, port, candidates(), lambda rows: OnnxModel(graph, name, rows).eval()
    )


def _verify(
    model: Model, data: bytes, graph: Graph, name: str, rows: int | None, sample: Tensor
) -> None:
    """Problem where onnxruntime gives another answer to the sample (N, …)."""
    import torch

    from explainers.models.formats.onnx.runtime import RuntimeModel

    count = rows or (graph.inputs[0].shape or (None,))[0]
    x = sample.float()
    if any(port.dtype.startswith(("int", "uint")) for port in graph.inputs):
        x = (3 * x).round()  # what the file itself can take
    runtime = RuntimeModel(data, graph, name, count)
    with torch.no_grad():
        ours = model(x).double()
        try:
            theirs = runtime(x).double()
        except ModelProblem:
            return  # random numbers are no input for it: no categories, for example
    scale = theirs.abs().max().clamp(min=1e-30)
    if ours.shape != theirs.shape or not bool((ours - theirs).abs().max() <= 1e-3 * scale):
        raise Problem(
            "Our own reading of this model does not agree with onnxruntime, which is used instead; "
            "methods that need a gradient are off."
        )


def _local_runtime(data: bytes) -> FallbackRuntime:
    """onnxruntime in this process."""

    def load(graph: Graph, name: str) -> FallbackModel:
        from explainers.models.formats.onnx.runtime import RuntimeModel

        return RuntimeModel(data, graph, name)

    return load


def _with_fallback(
    model: FallbackModel, port: Port
) -> tuple[FallbackModel, int | None, Tensor | None]:
    """The model, how many rows it is run at a time, and an input (N, …) that it answers."""
    from explainers.models.formats.row_batches import (
        example_inputs,
        first_accepted,
        rows_are_independent,
    )

    model.rows = port.shape[0] if port.shape else None
    sample = first_accepted(model, example_inputs(port), model.rows or 1)
    # As a plain function, whose numbers have the precision of the file.
    if model.rows is None and sample is not None:
        model.rows = None if rows_are_independent(lambda x: model(x), sample, 1) else 1
    return model, model.rows, sample


def _demand_no_text(graph: Graph) -> None:
    texts = [port.name for port in graph.inputs if port.dtype == "string"]
    if texts:
        raise Problem(
            f"The model takes text in {listed(texts)}, and only numbers can be explained. Give "
            "these columns as codes: fit the pipeline on a table in which an OrdinalEncoder has "
            "replaced their words by numbers, and export that."
        )


def _columns_note(names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    return [
        f"The file takes {len(names)} columns one by one: {listed(names, 12)}. Here they are one "
        "table, with its columns in this order."
    ]


def layout(graph: Graph) -> str:
    """Where the channels of the input are, by what first happens to it, else by its sides.

    Returns
    -------
    str
        "channels first", "channels last", or "" where nothing tells.
    """
    port = graph.inputs[0]
    for node in graph.nodes:
        if port.name in node.inputs[:1]:
            if node.op == "Conv":
                return "channels first"
            order = tuple(node.attributes.get("perm", ()))
            if node.op == "Transpose" and len(order) > 2 and order[1] == len(order) - 1:
                return "channels last"
    return layout_by_sides(port.shape)
