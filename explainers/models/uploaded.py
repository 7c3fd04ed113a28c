"""The network in an uploaded file, whatever its format: the one place that knows all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from torch import Tensor, nn

from explainers.errors import Problem
from explainers.models.spec import NORMALISATIONS, RECOGNISE, ModelSpec, preparation
from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN, TIMM

if TYPE_CHECKING:
    from explainers.models.formats.file_card import Card
    from explainers.models.formats.model import Model
    from explainers.models.formats.onnx import FallbackRuntime, Graph
    from explainers.models.formats.pt2 import Program

    Weights: TypeAlias = tuple[bytes, str] | Mapping[str, Tensor] | Graph | Program | nn.Module


def load_uploaded(
    spec: ModelSpec, weights: Weights, fallback_runtime: FallbackRuntime | None = None
) -> tuple[Model, ModelSpec, Card | None]:
    """The network of an upload, and the spec with what the file itself declares of its input.

    Parameters
    ----------
    spec : ModelSpec
        Its `name` is an architecture, or RECOGNISE to find it by the weights.
    weights : mapping, Graph, Program, nn.Module or (bytes, suffix)
        What a parser made of the file: named tensors, an ONNX graph, an exported program, a module
        that runs in another process; or the file itself.
    fallback_runtime : callable, optional
        Runs a graph that torch cannot run; see `explainers.models.formats.onnx.load_graph`.

    Returns
    -------
    network : Model
        From the file's own input (N, …) to its output (N, …), in evaluation mode.
    spec : ModelSpec
    card : Card or None
        What the file tells of the network; None of one that tells nothing.

    Raises
    ------
    Problem
        Where the file cannot be read, recognised or run, with the way out.
    """
    from explainers.models.formats.onnx import Graph, load_graph, read_graph
    from explainers.models.formats.pt2 import Program, load_program
    from explainers.models.formats.pt2.reading import read_program
    from explainers.models.formats.state_dict import read_state_dict

    data = None
    if isinstance(weights, tuple):
        data, suffix = weights
        if suffix == ".onnx":
            weights = read_graph(data)
        elif suffix == ".pt2":
            weights = read_program(data)
        else:
            weights = read_state_dict(data, suffix)
    if isinstance(weights, Graph):
        model, card = load_graph(
            weights, data, fallback_runtime=fallback_runtime, answers=dict(spec.choices)
        )
        _remember_answers(model, card)
        return model, _with_card(spec, "ONNX network", card), card
    if isinstance(weights, Program):
        model, card = load_program(weights, dict(spec.choices))
        _remember_answers(model, card)
        return model, _with_card(spec, "Exported network", card), card
    if isinstance(weights, nn.Module):  # it runs elsewhere, and declares nothing of its input
        return weights, replace(spec, name="TorchScript network"), None
    if spec.name == RECOGNISE:
        spec = replace(spec, name=recognise_architecture(weights))
    if spec.name == PLAIN_CHAIN:
        return *_plain_chain(spec, weights), None
    return load_architecture(spec.name, weights), spec, None


def recognise_architecture(state: Mapping[str, Tensor]) -> str:
    """The architecture that has just these names and shapes, whatever the number of classes.

    torchvision's are tried first, then timm's where it is installed, then a plain chain of layers.

    Parameters
    ----------
    state : Mapping[str, Tensor]
        A state dict.

    Returns
    -------
    str
        A name of ARCHITECTURES, "timm/NAME", or PLAIN_CHAIN.

    Raises
    ------
    Problem
        Where the weights are of none of these.

    Examples
    --------
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> recognise_architecture(network.state_dict())
    'plain chain'
    """
    from explainers.models.formats.inferred import describe
    from explainers.models.formats.tensor_shapes import tensor_shapes
    from explainers.models.zoo.timm_models import recognise_timm, timm_names
    from explainers.models.zoo.timm_signatures import timm_name
    from explainers.models.zoo.torchvision_models import recognise_torchvision

    name = recognise_torchvision(state) or recognise_timm(state)
    if name is not None:
        return name
    known = timm_names()
    if not known and (timm := timm_name(tensor_shapes(state))):
        raise Problem(
            f"These weights are those of {timm}, and timm is not installed on this server. Whoever "
            "runs it can `pip install timm`; or upload the network as ONNX, which needs no "
            "architecture."
        )
    try:
        describe(state)
        return PLAIN_CHAIN
    except Problem as problem:
        not_plain = problem
    names = ", ".join(list(state)[:3])
    also = f" or the {len(known)} of timm" if known else ""
    raise Problem(
        f"These weights ({len(state)} tensors: {names}, …) are of none of the {len(ARCHITECTURES)} "
        f"architectures of torchvision{also}. {not_plain} With an architecture chosen from the "
        "list, you see what differs from it."
    ) from not_plain


def load_architecture(
    architecture: str, state: Mapping[str, Tensor], choices: Mapping[str, str] | None = None
) -> nn.Module:
    """The classifier `architecture` with these weights, in evaluation mode.

    Parameters
    ----------
    architecture : str
        One of torchvision's, or "timm/NAME", or PLAIN_CHAIN.
    state : Mapping[str, Tensor]
        Its state dict; the number of classes is read from it.
    choices : Mapping[str, str], optional
        Answers to what the weights of a plain chain leave open, by the question's name.

    Returns
    -------
    nn.Module
        From inputs (N, …) to (N, classes).

    Raises
    ------
    Problem
        With what differs where the weights do not fit.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> state = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).state_dict()
    >>> model = load_architecture("plain chain", state, {"activation": "relu"})
    >>> tuple(model(torch.zeros(3, 4)).shape)
    (3, 2)
    """
    if architecture == PLAIN_CHAIN:
        from explainers.models.formats.inferred import build_chain, describe

        return build_chain(describe(state), state, choices)
    if architecture.startswith(TIMM):
        from explainers.models.zoo.timm_models import load_timm

        return load_timm(architecture, state)
    from explainers.models.zoo.torchvision_models import load_torchvision

    return load_torchvision(architecture, state)


def _plain_chain(spec: ModelSpec, state: Mapping[str, Tensor]) -> tuple[nn.Module, ModelSpec]:
    """The network that the weights' own shapes tell, with the answers to what they leave open."""
    from explainers.models.formats.inferred import build_chain, describe, input_shape

    description, answers = describe(state), dict(spec.choices)
    network = build_chain(description, state, answers)
    _, shape = input_shape(description, answers)
    return network, _with_input(spec, (None, *shape), channels_last=False)


def _remember_answers(model: Model, card: Card) -> None:
    """Keep the shapes of all answers of the file: they tell what the explained one is."""
    model.all_answers = tuple(port.shape for port in card.outputs)  # type: ignore[attr-defined]


def _with_card(spec: ModelSpec, name: str, card: Card) -> ModelSpec:
    return _with_input(replace(spec, name=name), card.input.shape, card.layout == "channels last")


def _with_input(
    spec: ModelSpec, shape: tuple[int | None, ...] | None, channels_last: bool
) -> ModelSpec:
    """The spec with what a file declares of its input (N, …), None being a free side.

    What is known of the input already stays: it was found by running the network, or a person said
    it.
    """
    if spec.shape:
        return spec
    sides = tuple(side or 0 for side in shape[1:]) if shape else ()
    spec = replace(spec, shape=sides)
    if spec.kind != "picture" or len(sides) != 3:
        return spec
    channels, height, width = (sides[2], *sides[:2]) if channels_last else sides
    size = height or (spec.size if spec.width else width or spec.size)
    spec = replace(spec, size=size, width=width or spec.width, swapped=channels_last)
    usual = preparation("0–1", channels)
    if channels in (0, len(spec.mean)) or (spec.mean, spec.std) != NORMALISATIONS["ImageNet"]:
        return spec
    assert usual is not None
    return replace(spec, mean=usual.mean, std=usual.std)
