"""A network with its preparation in front, so that its input is in the units people know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.models.spec import ModelSpec

if TYPE_CHECKING:
    from explainers.models.formats.onnx import Graph


class Prepared(nn.Module):
    """Inputs (N, …) of a kind, as people know them, to the network's output (N, outputs).

    With the standardisation inside, attributions are those of pixels, or of features in their own
    units.
    """

    def __init__(self, network: nn.Module, spec: ModelSpec) -> None:
        super().__init__()
        if not all(value > 0 for value in spec.std):
            raise Problem(
                f"The normalisation divides by {spec.std}: every standard deviation must be above "
                "0, else the input becomes NaN."
            )
        self.network, self.swapped, self.step = network, spec.swapped, spec.step
        self.labels = spec.answers == "labels"
        along = KINDS[spec.kind].along(len(spec.mean))
        self.register_buffer("mean", torch.tensor(spec.mean).view(along))
        self.register_buffer("std", torch.tensor(spec.std).view(along))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise, bring the dimensions into the network's order, ask it, take one step."""
        values = (values - self.mean) / self.std
        output = self.network(values.movedim(1, -1) if self.swapped else values)
        if self.step is not None:
            output = self._at_step(output)
        # Labels are right or not each for itself, so that each has a probability of its own.
        return output.sigmoid() if self.labels else output

    def _at_step(self, output: Tensor) -> Tensor:
        if output.ndim < 2 or not -output.shape[1] <= self.step < output.shape[1]:
            raise Problem(
                f"The network's answer has shape {tuple(output.shape)}; it has no step "
                f"{self.step}. Choose another output step."
            )
        return output[:, self.step]


def build(
    spec: ModelSpec,
    weights: tuple[bytes, str] | Mapping[str, Tensor] | Graph | Path | None,
    elsewhere: Callable | None = None,
) -> tuple[Prepared, tuple, ModelSpec]:
    """The model that `spec` names, its class names (or ()), and the spec with what it knows itself.

    `weights` of an upload: its named tensors, its graph, or (bytes, suffix) of one's own file; of a
    model in Python: the file that defines it; else None. `elsewhere` runs a graph that torch
    cannot run.
    """
    classes: tuple = ()
    if spec.source == "demo":
        from explainers.models.zoo import demos

        network, classes = demos.load(spec.name)
    elif spec.source == "torchvision":
        from explainers.models.zoo.pretrained import pretrained

        network, classes, spec = pretrained(spec.name)
    elif spec.source == "python":
        from explainers.models.formats.python_models import build_own

        network = build_own(weights, spec.name, spec.weights)
    else:
        from explainers.models.uploaded import uploaded

        network, spec = uploaded(spec, weights, elsewhere)
    return Prepared(network, spec).eval(), classes, spec
