"""From the bytes of an .onnx file to a model that can be explained, and a card of facts on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from explainers.errors import Problem
from explainers.models.formats.file_card import Card, Port, layout_by_sides, rows_note
from explainers.models.formats.onnx.batching import freed
from explainers.models.formats.onnx.graph import Graph
from explainers.models.formats.onnx.reading import read_graph


def load_onnx(
    data: bytes, output: str | None = None, verify: bool = False
) -> tuple[Callable, Card]:
    """(a model from (N, …) to (N, …), its card) from the bytes of an .onnx file.

    output   name of the output to explain; by default the first of floating type, (N, k) first.
    verify   also run onnxruntime on a random input, and use it instead where the two differ.

    The model is a torch module in eval mode where gradients work; else a function that calls
    onnxruntime on the CPU. Problem says what cannot be read, and where neither can run it.
    """
    return loaded(read_graph(data), data, output, verify)


def loaded(
    graph: Graph,
    data: bytes | None = None,
    output: str | None = None,
    verify: bool = False,
    elsewhere: Callable[[Graph, str], Callable] | None = None,
) -> tuple[Callable, Card]:
    """As `load_onnx` for a graph that was read before.

    elsewhere   from the graph and the output's name to a model for what torch cannot run, with an
                attribute `rows`; by default onnxruntime in this process where `data` is given, else
                the Problem is raised that says why torch cannot.
    """
    from explainers.models.formats.onnx.module import OnnxModel, explained_input, explained_output
    from explainers.models.formats.trial_runs import slopes

    port, name = explained_input(graph), explained_output(graph, output)
    notes = list(graph.notes)
    if elsewhere is None and data is not None:
        elsewhere = _here(data)
    try:
        model, rows, sample = _settled(graph, port, name)
        gradients = sample is None or slopes(model, sample)
        if verify and data is not None and sample is not None:
            _verify(model, data, graph, name, rows, sample)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        problem = error
        if not isinstance(error, Problem):
            problem = Problem("The model's graph is damaged. Export the model again.")
        if elsewhere is None:
            raise problem from error
        model, rows = _run_elsewhere(elsewhere(graph, name), port)
        gradients = False
        notes.append(str(problem))
    if not gradients and isinstance(model, OnnxModel):
        notes.append(
            "No slope leads from the input to the output (rounding or comparisons are in the way), "
            "so methods that need a gradient are off."
        )
    if rows is not None:
        notes.append(rows_note(port, rows, "torch.onnx.export(…"))
    return model, Card(
        port, layout(graph), graph.outputs, graph.producer, gradients, rows, tuple(notes)
    )


def _settled(graph: Graph, port: Port, name: str):
    """(the module, its rows, an input that it can answer or None)."""
    from explainers.models.formats.onnx.module import OnnxModel
    from explainers.models.formats.trial_runs import settled

    fixed = port.shape[0] if port.shape else None

    def guesses() -> Iterator[OnnxModel]:
        yield OnnxModel(freed(graph, fixed or 1), name).eval()

    model = OnnxModel(graph, name).eval()
    return settled(model, port, guesses(), lambda rows: OnnxModel(graph, name, rows).eval())


def _verify(model: Callable, data: bytes, graph: Graph, name: str, rows, sample) -> None:
    import torch

    from explainers.models.formats.onnx.runtime import RuntimeModel

    count = rows or (graph.inputs[0].shape or (None,))[0]
    x = sample.float()
    with torch.no_grad():
        ours, theirs = model(x).double(), RuntimeModel(data, graph, name, count)(x).double()
    scale = theirs.abs().max().clamp(min=1e-30)
    if ours.shape != theirs.shape or not bool((ours - theirs).abs().max() <= 1e-3 * scale):
        raise Problem(
            "Our own reading of this model does not agree with onnxruntime, which is used instead; "
            "methods that need a gradient are off."
        )


def _here(data: bytes) -> Callable:
    def made(graph: Graph, name: str) -> Callable:
        from explainers.models.formats.onnx.runtime import RuntimeModel

        return RuntimeModel(data, graph, name)

    return made


def _run_elsewhere(model: Callable, port: Port):
    """The model, and the rows that it is run at a time."""
    from explainers.models.formats.trial_runs import examples, together, works

    model.rows = port.shape[0] if port.shape else None
    if model.rows is None:
        sample = works(model, examples(port), 1)
        # As a plain function, whose numbers have the precision of the file.
        if sample is not None and not together(lambda x: model(x), sample, 1):
            model.rows = 1
    return model, model.rows


def layout(graph: Graph) -> str:
    """Where the channels of the input are, by what first happens to it, else by its sides."""
    port = graph.inputs[0]
    for node in graph.nodes:
        if port.name in node.inputs[:1]:
            if node.op == "Conv":
                return "channels first"
            order = tuple(node.attributes.get("perm", ()))
            if node.op == "Transpose" and len(order) > 2 and order[1] == len(order) - 1:
                return "channels last"
    return layout_by_sides(port.shape)
