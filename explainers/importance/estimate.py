"""What one method gives (`Estimate`), and what `explain_dataset` returns (`Importance`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

SOURCES = ("monte_carlo", "sample", "training")
"""What may make a number differ when it is asked again: draws, other rows, other training."""


@dataclass(frozen=True)
class Estimate:
    """What a method of importance returns.

    Attributes
    ----------
    values : Tensor, float64, shape (F,)
        One a feature, in the method's own unit.
    replicates : mapping of Tensor, float64, shape (R, F)
        Source → what the values might have been, R times; a key of SOURCES, where each of them
        counts as independent of the others. Empty for what is computed from the weights alone.
    details : mapping
        What else it computes, by name: tensors of shape (F,) or others, on the CPU, and plain data.
    notes : tuple of str
        Sentences for people.
    """

    values: Tensor
    replicates: Mapping[str, Tensor] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Importance:
    """How much each feature matters over a data set, by several methods; on the CPU.

    Attributes
    ----------
    values : Tensor, float64, shape (methods, F)
        Each method's own unit, signed where the method is.
    low, high : Tensor, float64, shape (methods, F)
        The 95 % interval, all sources together.
    rank, rank_low, rank_high : Tensor, int64, shape (methods, F)
        1 is the most important by magnitude; equal ones share a rank. The interval counts who is
        certainly before and who certainly behind, each pair judged at 95 %.
    sources : mapping of Tensor, float64, shape (methods, F)
        "monte_carlo", "sample", "training" → the half width of the 95 % interval from that alone.
    details : mapping of mappings
        Method → what else it computes, by name.
    methods, names : tuple of str
        Keys of IMPORTANCE, and the features' names.
    notes : tuple of str
        Warnings and what was left out, each a sentence.
    remarks : mapping of tuples of str
        Method → those of the notes that are about it alone.
    quality : mapping of float
        With labels: how good the network is on the rows, see
        `explainers.importance.reliability.quality`.
    control : mapping of float
        Method → the size of what it gave to an added input that the network ignores; right is 0.
        Methods that do not ask the network have none.
    evaluations : mapping of int
        Method → evaluations of the model, forward and backward.
    seconds : float
        Wall-clock time.
    settings : mapping
        All that is needed to run it again.
    draws : tuple of Tensor, float64, shape (R, F)
        Of each method: the magnitudes that its values might have had; larger is more important.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    >>> table = explain_dataset(lambda x: 3 * x[:, 0] + x[:, 1], x, methods=["permutation"])
    >>> table.rank.tolist(), table.top(1).tolist()
    ([[1, 2]], [[1.0, 0.0]])
    """

    values: Tensor
    low: Tensor
    high: Tensor
    rank: Tensor
    rank_low: Tensor
    rank_high: Tensor
    sources: Mapping[str, Tensor]
    details: Mapping[str, Mapping[str, Any]]
    methods: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    control: Mapping[str, float] = field(default_factory=dict)
    evaluations: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    draws: tuple[Tensor, ...] = ()

    def top(self, k: int) -> Tensor:
        """The probability of each feature to be among the k most important: (methods, F).

        Those that are equal at the border share the places there are.
        """
        import torch

        return torch.stack([among_first(draws, k) for draws in self.draws])


def among_first(draws: Tensor, k: int) -> Tensor:
    """In which share of draws (R, F) each feature is among the k largest: (F,); they sum to k.

    Examples
    --------
    >>> import torch
    >>> among_first(torch.tensor([[3.0, 2.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0]]), 3).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    import torch

    if not 1 <= k <= draws.shape[1]:
        raise Problem(f"top({k}): k lies between 1 and the number of features, {draws.shape[1]}.")
    draws = draws.contiguous()
    ordered = draws.sort(1).values.contiguous()
    smaller = torch.searchsorted(ordered, draws)
    up_to = torch.searchsorted(ordered, draws, right=True)
    larger = draws.shape[1] - up_to
    return ((k - larger) / (up_to - smaller)).clamp(0, 1).double().mean(0)
