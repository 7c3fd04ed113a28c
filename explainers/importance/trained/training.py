"""Training many small networks of one architecture side by side, each on inputs of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.importance.trained.architecture import ACTIVATIONS, Architecture

RATE, DECAY, BATCH, LOOK = 0.02, 1e-4, 256, 20
"""Adam's step at the start, weight decay, rows a step, steps between two looks at the error."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""(outputs (…, n, outputs), truth (…, n, …)) → the mean error (…)."""


@dataclass(frozen=True)
class Split:
    """Rows of one data set, divided anew for each seed; standardised on the rows to learn from.

    Attributes
    ----------
    fit, stop, held_out : tuple of Tensor
        Inputs (S, n, p) and truth (S, n, …): to learn from, to choose by, to report.
    """

    fit: tuple[Tensor, Tensor]
    stop: tuple[Tensor, Tensor]
    held_out: tuple[Tensor, Tensor]


def train(
    architecture: Architecture,
    split: Split,
    masks: Tensor,
    loss: Loss,
    generator: torch.Generator,
    steps: int,
    worked: Callable[[int], None] = lambda evaluations: None,
) -> tuple[Tensor, Tensor]:
    """The errors of networks that see only some of their inputs.

    A network without an input is one whose weights from it are 0 throughout. Adam on batches of
    rows, its step falling to 0 by a cosine; the weights that were best on the rows to choose by are
    kept. For one seed all networks start alike and meet the same batches.

    Parameters
    ----------
    architecture : Architecture
        Of p inputs.
    split : Split
        Of S seeds.
    masks : Tensor of bool, shape (S, C, p)
        Which inputs each of C networks a seed sees.
    loss : callable
    generator : torch.Generator
    steps : int
    worked : callable
        Told of evaluations (rows times networks) as they are done; what it raises ends the call.

    Returns
    -------
    choose, report : Tensor, float64, shape (S, C)
        The errors on the rows to choose by, and on the rows held out.
    """
    seeds, count, _ = masks.shape
    parameters = _initial(architecture, masks, generator)
    optimiser = torch.optim.Adam(parameters, lr=RATE, weight_decay=DECAY)
    inputs, truth = split.fit
    size = min(BATCH, inputs.shape[1])
    best = torch.full((seeds, count), math.inf)
    kept = [parameter.detach().clone() for parameter in parameters]
    shown = masks.unsqueeze(3).to(inputs.dtype)
    for step in range(steps + 1):
        if step % LOOK == 0 or step == steps:
            with torch.no_grad():
                now = loss(_answers(architecture, parameters, split.stop[0], shown), split.stop[1])
                better = now < best
                best = torch.where(better, now, best)
                for keep, parameter in zip(kept, parameters, strict=True):
                    keep[better] = parameter[better]
        if step == steps:
            break
        optimiser.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / steps)) / 2
        rows = torch.randint(inputs.shape[1], (seeds, size), generator=generator)
        chosen = torch.arange(seeds).unsqueeze(1), rows
        with torch.enable_grad():
            optimiser.zero_grad(set_to_none=True)
            answers = _answers(architecture, parameters, inputs[chosen], shown)
            loss(answers, truth[chosen]).sum().backward()
        optimiser.step()
        worked(seeds * count * size)
    with torch.no_grad():
        report = loss(_answers(architecture, kept, split.held_out[0], shown), split.held_out[1])
    return best.double(), report.double()


def _initial(architecture: Architecture, masks: Tensor, generator: torch.Generator) -> list[Tensor]:
    """Weights (S, C, before, width) of every source and biases (S, C, 1, width), layer by layer.

    Normal, by the number of inputs that there are.
    """
    seeds, count, inputs = masks.shape
    widths = (inputs, *(stage.width for stage in architecture.stages))
    seen = masks.sum(2).clamp(min=1).view(seeds, count, 1, 1).float()
    parameters = []
    for stage in architecture.stages:
        hidden = sum(widths[source] for source in stage.sources if source)
        entering = seen * (0 in stage.sources) + hidden
        gain = 2.0 if "elu" in stage.activation else 1.0
        for source in stage.sources:
            normal = torch.randn(seeds, 1, widths[source], stage.width, generator=generator)
            parameters.append(normal * (gain / entering.clamp(min=1)).sqrt())
        parameters.append(torch.zeros(seeds, count, 1, stage.width))
    return [parameter.requires_grad_() for parameter in parameters]


def _answers(
    architecture: Architecture, parameters: list[Tensor], inputs: Tensor, shown: Tensor
) -> Tensor:
    """Outputs (S, C, n, outputs) for inputs (S, n, p), by masks (S, C, p, 1)."""
    values, place = [inputs.unsqueeze(1)], 0
    for stage in architecture.stages:
        total: Tensor | float = 0.0
        for source in stage.sources:
            weights = parameters[place]
            total = total + values[source] @ (weights * shown if source == 0 else weights)
            place += 1
        total = total + parameters[place]
        place += 1
        values.append(ACTIVATIONS[stage.activation](total) if stage.activation else total)
    return values[-1]


def squared_error(answers: Tensor, truth: Tensor) -> Tensor:
    """The mean squared error (S, C) of answers (S, C, n, k) against truth (S, n, k)."""
    return (answers - truth.unsqueeze(1)).square().mean((2, 3))


def cross_entropy(answers: Tensor, truth: Tensor) -> Tensor:
    """The mean cross-entropy (S, C) of scores (S, C, n, k) against classes (S, n).

    One score is that before a sigmoid.
    """
    right = truth.unsqueeze(1).expand(answers.shape[:3])
    if answers.shape[3] == 1:
        signed = torch.where(right == 1, -answers[..., 0], answers[..., 0])
        return torch.nn.functional.softplus(signed).mean(2)
    logs = answers.log_softmax(3).gather(3, right.unsqueeze(3))
    return -logs[..., 0].mean(2)
