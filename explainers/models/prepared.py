"""A network with its preparation in front, so that its input is in the units people know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.models.answers import arranged, explained_tensor, steps_first
from explainers.models.slices import as_volume
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from explainers.models.formats.file_card import Card
    from explainers.models.formats.model import Model
    from explainers.models.formats.onnx import FallbackRuntime
    from explainers.models.uploaded import Weights


class Prepared(nn.Module):
    """A network with its preparation in front: from inputs as people know them to outputs.

    With the standardisation inside, attributions are those of pixels, or of features in their own
    units.

    Parameters
    ----------
    network : Model
        From standardised inputs (N, …), in the order of dimensions that it wants, to (N, outputs),
        or to (N, steps, outputs) where `spec.step` is set, or to what `spec.places` says.
    spec : ModelSpec
        Its mean and standard deviation, order of dimensions, kind of answers, step, and places.
    asked : Tensor, int64, shape (M,), optional
        Of an answer with places: the numbers of those over which the mean is taken, in the order of
        the flattened places; `explainers.models.places` finds them. Without it the whole answer
        (N, classes, places…) is given.

    Raises
    ------
    Problem
        Where a standard deviation is not above 0.

    Examples
    --------
    >>> spec = ModelSpec("upload", "", kind="table", shape=(2,), mean=(1.0, 2.0), std=(2.0, 2.0))
    >>> Prepared(nn.Identity(), spec)(torch.tensor([[3.0, 2.0]]))
    tensor([[1., 0.]])
    """

    network: Model
    mean: Tensor
    std: Tensor
    notes_on_answers: tuple[tuple[str, bool], ...]
    card: Card | None = None
    """What the file tells of the network, where it is one that tells."""
    asked: Tensor | None

    def __init__(self, network: Model, spec: ModelSpec, asked: Tensor | None = None) -> None:
        super().__init__()
        if not all(value > 0 for value in spec.std):
            raise Problem(
                f"The normalisation divides by {spec.std}: every standard deviation must be above "
                "0, else the input becomes NaN."
            )
        self.network, self.swapped, self.step = network, spec.swapped, spec.step
        self.kind = spec.kind
        self.places = spec.places
        self.depth = spec.depth
        self.white, self.reversed = spec.white, spec.kind == "picture" and spec.order == "BGR"
        if self.reversed and len(spec.mean) != 3:
            raise Problem(
                f"Blue first is an order of three channels; this network has {len(spec.mean)}. "
                "Choose RGB, or channels in the order of the file."
            )
        self.notes_on_answers = getattr(network, "notes_on_answers", ())
        self.labels = spec.answers == "labels"
        along = KINDS[spec.kind].along(len(spec.mean))
        self.register_buffer("mean", torch.tensor(spec.mean).view(along))
        self.register_buffer("std", torch.tensor(spec.std).view(along))
        self.register_buffer("asked", asked)

    @property
    def averages(self) -> bool:
        """Whether its answer is a mean over places, so that forms are those of each place."""
        return self.asked is not None

    def forward(self, values: Tensor) -> Tensor:
        """Standardise, bring the dimensions into the network's order, run it, take the mean."""
        output = self.everywhere(values)
        return self.average(output) if self.averages else output

    def everywhere(self, values: Tensor) -> Tensor:
        """The answer before the mean over places is taken: (N, classes, places…)."""
        output = self.network_output(values)
        if self.step is not None:
            if self.kind in ("series", "sequence"):
                letters = self.kind == "sequence"
                length = values.shape[2 if letters else 1]
                output = steps_first(output, length, letters != self.swapped)
            output = self._at_step(output, self.step)
        # Labels are right or not each for itself, so that each has a probability of its own.
        if self.labels:
            output = output.sigmoid()
        return output if self.places is None else arranged(output, self.places)

    def network_output(self, values: Tensor) -> Tensor:
        """What the network itself gives."""
        self._demand_channels(values)
        if self.reversed:
            values = values.flip(1)
        if self.white != 1:
            values = values * self.white
        values = (values - self.mean) / self.std
        if self.depth:
            values = as_volume(values, self.depth)
        return explained_tensor(self.network(values.movedim(1, -1) if self.swapped else values))

    def average(self, output: Tensor) -> Tensor:
        """The mean (N, classes) of an answer (N, classes, places…) over the places asked."""
        assert self.asked is not None
        return output.flatten(2).index_select(2, self.asked).mean(2)

    def _demand_channels(self, values: Tensor) -> None:
        """Problem where there are means for another number of channels, features or variables."""
        given, known = values.shape, self.mean.shape
        if values.ndim == self.mean.ndim and any(
            a != b for a, b in zip(given[1:], known[1:], strict=True) if b > 1
        ):
            count = self.mean.numel()
            raise Problem(
                f"There are means and standard deviations for {count} channels or columns, and "
                f"the input has the shape {tuple(given[1:])}. Give one of each for every channel."
            )

    def _at_step(self, output: Tensor, step: int) -> Tensor:
        if output.ndim < 2 or not -output.shape[1] <= step < output.shape[1]:
            raise Problem(
                f"The network's answer has shape {tuple(output.shape)}; it has no step "
                f"{step}. Choose another output step."
            )
        return output[:, step]


def build(
    spec: ModelSpec,
    weights: Weights | Path | None,
    fallback_runtime: FallbackRuntime | None = None,
) -> tuple[Prepared, tuple[str, ...], ModelSpec]:
    """The model that a spec names, ready to be explained.

    Parameters
    ----------
    spec : ModelSpec
    weights : mapping, Graph, Program, nn.Module, (bytes, suffix), Path or None
        Of an upload: see `explainers.models.uploaded.load_uploaded`; of a model in Python: the file
        that defines it; else None.
    fallback_runtime : callable, optional
        Runs an ONNX graph that torch cannot run.

    Returns
    -------
    model : Prepared
        In evaluation mode, from inputs (N, …) as people know them to (N, outputs).
    classes : tuple of str
        Names of the outputs; () where they are not known.
    spec : ModelSpec
        With what the model itself declares of its input.

    Raises
    ------
    Problem
        Where the file cannot be read, recognised or run.

    Examples
    --------
    >>> from explainers.models.zoo.demos import demos
    >>> model, classes, spec = build(demos()["signs"].spec, None)
    >>> tuple(model(torch.zeros(1, 3, 96, 96)).shape), classes[0]
    ((1, 12), 'stop')
    """
    classes: tuple[str, ...] = ()
    network: Model
    card: Card | None = None
    if spec.source == "demo":
        from explainers.models.zoo import demos

        network, classes = demos.load(spec.name)
    elif spec.source == "torchvision":
        from explainers.models.zoo.pretrained import pretrained

        network, classes, spec = pretrained(spec.name)
    elif spec.source == "package":
        from explainers.models.zoo.imagenet.packaged import load_packaged
        from explainers.models.zoo.imagenet.photos import class_names

        network, classes = load_packaged(spec.name, spec.weights), class_names()
    elif spec.source == "python":
        from explainers.models.formats.python_networks import build_python_model

        assert isinstance(weights, Path)
        network = build_python_model(weights, spec.name, spec.weights)
    else:
        from explainers.models.uploaded import load_uploaded

        assert weights is not None and not isinstance(weights, Path)
        network, spec, card = load_uploaded(spec, weights, fallback_runtime)
        classes = card.classes if card else ()
    prepared = Prepared(network, spec).eval()
    prepared.card = card
    return prepared, classes, spec
