"""Ablation: replace one group of values after the other and see how the answer changes.

Meyes et al. 2019 (arXiv:1901.08644).
"""

from __future__ import annotations

from dataclasses import dataclass

from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.regions import BY, labelled


@dataclass(frozen=True)
class Options:
    """Options of `ablation`."""

    by: str = option(
        "auto",
        "Groups",
        "What is replaced together. Automatic: every value of a row or a series, every letter of "
        "DNA, squares of a picture.",
        choices=BY,
    )
    width: int | None = option(
        None,
        "Width",
        "Steps in a block, letters in a word, pixels along a square; empty: one step or letter, "
        "an eighth of the picture.",
        low=1,
        high=4096,
        kind=int,
    )
    groups: tuple[tuple[int, ...], ...] | None = option(
        None,
        "Joined",
        "Groups that are replaced together, by their numbers from 0: columns that belong together.",
        low=0,
        kind=int,
        widget=False,
    )


def _labels(options: Options, shape):
    return labelled(shape, _by(options.by, shape), options.width, options.groups)


def _by(by: str, shape) -> str:
    if by != "auto":
        return by
    if len(shape) == 2 and shape[0] == 4:
        return "letter"
    return "square" if len(shape) == 3 else "cell"


@method(
    key="ablation",
    name="Ablation",
    order=32,
    says="Replaces one group of values after the other by the baseline and notes what is lost.",
    cost="one forward pass a group",
    misleads="Evidence that exists twice looks unimportant, since replacing one copy changes "
    "nothing; what is left may look like nothing that the network knows.",
    source="Meyes et al. 2019, arXiv:1901.08644",
    estimate=lambda options, shape: int(_labels(options, shape).max()) + 1,
    options=Options,
    trial=lambda shape: _at_once(shape),
    needs_gradient=False,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """f(x) − f(x with the group replaced), shared equally among the values of the group.

    Shared, so that scores can be added up: over a group they give its effect, over the channels
    of a picture the map. Other tools give every value its group's whole effect.
    """
    import torch

    shape = tuple(inputs.shape[1:])
    labels = torch.from_numpy(_labels(options, shape)).to(inputs.device)
    sizes = labels.flatten().bincount()
    many, count = len(sizes), len(inputs)
    run.expect(count * (many + 1))
    full = run.values(inputs, torch.arange(count, device=inputs.device))
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    effect = torch.zeros(count, many, dtype=dtype, device=inputs.device)
    run.show(lambda: (effect / sizes)[:, labels])
    for part in run.batches(many * count):
        pairs = torch.arange(part.start, part.stop, device=inputs.device)
        group, row = pairs // count, pairs % count
        replaced = labels == group.view(-1, *[1] * len(shape))
        points = torch.where(replaced, baseline[row], inputs[row])
        effect[row, group] = (full[row] - run.values(points, row)).to(dtype)
    return MethodResult((effect / sizes)[:, labels])


def _at_once(shape) -> dict:
    """Options with which all is replaced at once."""
    if len(shape) == 1:
        return {"groups": (tuple(range(shape[0])),)}
    return {"by": "step" if len(shape) == 2 else "square", "width": 4096}
