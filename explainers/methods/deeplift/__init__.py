"""DeepLIFT: what each value contributes to the difference from a reference, exact on any model.

Shrikumar, Greenside & Kundaje 2017 (arXiv:1704.02685).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from explainers.methods.registry import MethodResult, method, option

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Options", "attribute", "hypothetical", "multipliers"]


@dataclass(frozen=True)
class Options:
    """Options of `deeplift`."""

    rule: str = option(
        "rescale",
        "Rule",
        "How a non-linearity shares its change: as a whole (Rescale); positive and negative parts "
        "apart (RevealCancel); or the first behind convolutions, the second behind dense layers "
        "(Genomics).",
        choices={
            "rescale": "Rescale",
            "reveal_cancel": "RevealCancel",
            "genomics": "Genomics",
        },
    )
    centre: bool = option(
        False, "Against the mean class", "Explain the score less the mean over all classes."
    )
    apart: bool = option(
        False,
        "Parts of the change",
        "For RevealCancel and Genomics: “support alone” and “opposition alone” are what each value "
        "adds to the positive and to the negative part of the change, so that one value may have "
        "both. Off: the scores above and below zero.",
    )
    fallback: str = option(
        "refuse",
        "Unknown operations",
        "What to do with an operation that has no rule: refuse, or a local integral.",
        choices={"refuse": "Refuse", "integral": "Local integral"},
    )


@method(
    key="deeplift",
    name="DeepLIFT",
    order=20,
    says="Shares the change of the output from baseline to input among the values that changed.",
    cost="two forward passes and one backward pass",
    misleads="The answer is relative to the baseline: what equals the baseline gets nothing.",
    source="Shrikumar, Greenside & Kundaje 2017, arXiv:1704.02685",
    estimate=lambda options, shape: 3,
    options=Options,
    complete=True,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """Contributions that add up to the difference of the score; scores like the inputs.

    `positive` and `negative` add up to the scores: the contributions above and below zero; with
    `apart`, for RevealCancel and genomics, the contributions to the positive and to the negative
    part of the score's difference, so that one value may have both. For one-hot DNA (N, 4, L)
    `extra["hypothetical"]` is what every letter would contribute; see `hypothetical`.
    """
    import torch

    from explainers.kinds.alphabet import is_one_hot

    rows = torch.arange(len(inputs), device=inputs.device)
    scores, positive, negative, m, notes = _explained(run, inputs, baseline, rows, options)
    extra = {"hypothetical": _over_letters(m, baseline)} if is_one_hot(inputs) else {}
    return MethodResult(scores, positive, negative, notes=notes, extra=extra)


def multipliers(
    model: Callable,
    inputs: Tensor,
    baseline: str | Tensor = "zeros",
    target=None,
    rule: str = "rescale",
    score: str = "output",
) -> Tensor:
    """m (N, …) like the inputs, such that the contributions are m·(inputs − baseline).

    Arguments as for `explain`; with R references the mean of theirs. Where an input equals its
    reference the multiplier is the limit, a derivative.
    """
    return _over_references(model, inputs, baseline, target, rule, score, lambda m, _: m)


def hypothetical(
    model: Callable,
    inputs: Tensor,
    baseline: str | Tensor = "zeros",
    target=None,
    rule: str = "rescale",
    score: str = "output",
    channel_dim: int = 1,
) -> Tensor:
    """What each letter of a one-hot input would contribute at each place: (N, …) like the inputs.

    For letter a the contribution Σ_c m_c (e_a − x′)_c = m_a − Σ_c m_c x′_c, the sum over the
    channel; at the letters that are there it is their contribution. Mean over R references.
    """

    over_letters = partial(_over_letters, channel_dim=channel_dim)
    return _over_references(model, inputs, baseline, target, rule, score, over_letters)


def _over_letters(m, reference, channel_dim: int = 1):
    return m - (m * reference).sum(channel_dim, keepdim=True)


def _over_references(model, inputs, baseline, target, rule, score, found):
    import torch

    from explainers import eval_mode
    from explainers.attribution import Target
    from explainers.options import make_options
    from explainers.passes import Passes
    from explainers.references import check_inputs, references_of

    options = make_options(Options, {"rule": rule}, "DeepLIFT")
    check_inputs(inputs)
    at, dtype = eval_mode.device_and_dtype(model)
    points = inputs.detach().to(at or inputs.device, dtype or inputs.dtype)
    references = references_of(baseline, inputs).to(points)
    rows = torch.arange(len(points), device=points.device)
    run = Passes(model, score=score)
    total = 0
    with eval_mode.evaluating(model):
        run.target = Target.of(target, run.outputs(points))
        for share in range(references.shape[1]):
            reference = references[:, share]
            m = _explained(run, points, reference, rows, options)[3]
            total = total + found(m, reference) / references.shape[1]
    return total.to(inputs.device)


def _explained(run, inputs, baseline, rows, options: Options) -> tuple:
    """(scores, positive, negative, multipliers, notes), batch by batch."""
    from explainers.methods.deeplift.contributions import contributions

    notes: dict[str, None] = {}

    def work(points, reference, rows):
        def score(points):
            return run.target.select(_columns(run.answer(points)), rows)

        found = contributions(
            run.model, score, points, reference, options.rule, options.fallback, options.apart
        )
        notes.update(dict.fromkeys(found.notes))
        return found.scores, found.positive, found.negative, found.multipliers

    return (*run.pairs(work, inputs, baseline, rows), tuple(notes))


def _columns(output):
    """(n,) made (n, 1), as `Passes` does."""
    return output.unsqueeze(1) if getattr(output, "ndim", 0) == 1 else output
