"""DeepLIFT: what each value contributes to the difference from a reference, exact on any model.

Shrikumar, Greenside & Kundaje 2017 (arXiv:1704.02685). With Δx the difference of an activation from
its value at the reference, multipliers m_{Δx→Δy} chain like derivatives (section 3.2), and the
contributions C = m·Δx add up to the difference of the score (summation-to-delta, section 3.1).

`recorder` runs the unmodified model on pairs of input and reference, operation by operation;
`rules` say for each what its multipliers are; `tape` chains them back. Where the contributions do
not add up, a `second_look` names the operation at fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from explainers.methods.registry import MethodResult, method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.attribution import TargetLike
    from explainers.batch_plan import Columns
    from explainers.context import Context

__all__ = ["Options", "attribute", "hypothetical", "multipliers"]


@dataclass(frozen=True)
class Options:
    """Options of `deeplift`."""

    rule: str = option("rescale", choices=("rescale", "reveal_cancel", "genomics"))
    centre: bool = option(False)
    apart: bool = option(False)
    fallback: str = option("refuse", choices=("refuse", "integral"))


@method(
    key="deeplift",
    order=20,
    source="Shrikumar, Greenside & Kundaje 2017, arXiv:1704.02685",
    answers="contribution",
    estimate=lambda options, layout: 3,
    options=Options,
    complete=True,
    split_by="rule",
    centred=lambda options: options.centre,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """Share the difference of the score from the baseline among the values that differ.

    Returns
    -------
    MethodResult
        `scores`, shape (N, …) as the inputs, add up to the difference of the score. `positive` and
        `negative` add up to the scores: the contributions above and below zero; with `apart`, for
        RevealCancel and genomics, the contributions to the positive and to the negative part of
        the score's difference, so that one value may have both. For one-hot DNA (N, 4, L)
        `extra["hypothetical"]` is what every letter would contribute; see `hypothetical`.
    """
    from explainers.kinds.alphabet import is_dna

    dna = is_dna(context.inputs)
    scores, positive, negative, m, notes = _explained(context, options, dna)
    extra = {} if m is None else {"hypothetical": _over_letters(m, context.baseline)}
    return MethodResult(scores, positive, negative, notes=notes, extra=extra)


def multipliers(
    model: Callable[..., Any],
    inputs: Tensor,
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    rule: str = "rescale",
    score: str = "output",
) -> Tensor:
    """Find DeepLIFT's multipliers m, such that the contributions are m·(inputs − baseline).

    Where an input equals its reference the multiplier is the limit, a derivative.

    Parameters
    ----------
    model : nn.Module or callable
        From (N, …) to (N, outputs); left exactly as it was.
    inputs : Tensor, shape (N, …)
    baseline : str or Tensor, shape (…), (N, …) or (N, R, …)
        As for `explain`; with R references the mean of their multipliers.
    target : int, list, pair, callable or None
        The explained output, as for `explain`.
    rule : {"rescale", "reveal_cancel", "genomics"}
    score : {"output", "logit", "probability"}

    Returns
    -------
    Tensor, shape (N, …)

    Raises
    ------
    ModelProblem
        Where the model does what no rule can follow.

    References
    ----------
    Shrikumar, Greenside & Kundaje 2017, arXiv:1704.02685, section 3.2.

    Examples
    --------
    >>> import torch
    >>> def model(x):
    ...     return torch.relu(x[:, :1] - 1) * 2
    >>> multipliers(model, torch.tensor([[3.0, 5.0]]))  # 2 · relu's rise of 2 over a step of 3
    tensor([[1.3333, 0.0000]])
    """
    return _over_references(model, inputs, baseline, target, rule, score, lambda m, _: m)


def hypothetical(
    model: Callable[..., Any],
    inputs: Tensor,
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    rule: str = "rescale",
    score: str = "output",
    channel_dim: int = 1,
) -> Tensor:
    """Find what each letter of a one-hot input would contribute at each place.

    For letter a the contribution Σ_c m_c (e_a − x′)_c = m_a − Σ_c m_c x′_c, the sum over the
    channel; at the letters that are there it is their contribution. Mean over R references.

    Parameters
    ----------
    model, inputs, baseline, target, rule, score
        As for `multipliers`; inputs one-hot along `channel_dim`, for example (N, 4, L).
    channel_dim : int
        The dimension of the letters.

    Returns
    -------
    Tensor, shape (N, …) like the inputs

    References
    ----------
    "Hypothetical contributions": Shrikumar et al. 2018 (TF-MoDISco), arXiv:1811.00416.

    Examples
    --------
    A model that counts the first letter, against equal frequencies of four letters:

    >>> import torch
    >>> def count(x):
    ...     return x[:, :1].sum(2)
    >>> letters = torch.tensor([[[1.0], [0], [0], [0]]])
    >>> hypothetical(count, letters, torch.full((4, 1), 0.25)).flatten()
    tensor([ 0.7500, -0.2500, -0.2500, -0.2500])
    """

    over_letters = partial(_over_letters, channel_dim=channel_dim)
    return _over_references(model, inputs, baseline, target, rule, score, over_letters)


def _over_letters(m: Tensor, reference: Tensor, channel_dim: int = 1) -> Tensor:
    return m - (m * reference).sum(channel_dim, keepdim=True)


def _over_references(
    model: Callable[..., Any],
    inputs: Tensor,
    baseline: str | Tensor,
    target: TargetLike,
    rule: str,
    score: str,
    per_reference: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The mean over references of per_reference(multipliers, reference), (N, …) each."""
    from explainers.context import Context
    from explainers.kinds.layout import InputLayout
    from explainers.options import make_options
    from explainers.session import open_session

    options = make_options(Options, {"rule": rule}, "DeepLIFT")
    layout = InputLayout.of(tuple(inputs.shape[1:]))
    with open_session(model, inputs, baseline, target, score=score) as session:
        total = session.inputs * 0
        for reference in session.references.unbind(1):
            context = Context(session.passes, session.target, session.inputs, reference, layout)
            m = _explained(context, options, True)[3]
            assert m is not None
            total = total + per_reference(m, reference) / session.references.shape[1]
    return total.to(inputs.device)


def _explained(
    context: Context, options: Options, with_multipliers: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor | None, tuple[str, ...]]:
    """(scores, positive, negative, multipliers or None, notes), batch by batch."""
    from explainers.methods.deeplift.contributions import contributions

    notes: dict[str, None] = {}
    passes, target = context.passes, context.target

    def work(points: Tensor, reference: Tensor, rows: Tensor) -> Columns:
        def score(points: Tensor) -> Tensor:
            return target.select(_columns(passes.answer(points)), rows)

        answer = contributions(
            passes.model, score, points, reference, options.rule, options.fallback, options.apart
        )
        notes.update(dict.fromkeys(answer.notes))
        m = answer.multipliers if with_multipliers else None
        return answer.scores, answer.positive, answer.negative, m

    scores, positive, negative, m = context.pairs(work)
    assert scores is not None and positive is not None and negative is not None
    return scores, positive, negative, m, tuple(notes)


def _columns(output: Tensor) -> Tensor:
    """(n,) made (n, 1), as `Passes` does."""
    return output.unsqueeze(1) if getattr(output, "ndim", 0) == 1 else output
