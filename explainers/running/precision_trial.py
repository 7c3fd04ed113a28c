"""Whether another precision or layout of a model is quicker on this machine, and says the same."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.errors import Problem

Answers = tuple[Tensor, Tensor]
"""Scores (n,) and attributions (n, …) of the points of a trial."""

TF32 = "tf32"
"""Not torch's name of a dtype: products of float32 that a GPU rounds to ten bits."""
RANKS, SCORE_OFF = 0.999, 0.01
QUICKER, ROUNDS, POINTS = 1.2, 3, 4
clock = time.perf_counter


@dataclass(frozen=True)
class Way:
    """How a model computes: in its own precision or another, in torch's usual layout or not.

    Examples
    --------
    >>> Way("bfloat16", channels_last=True).words
    'bfloat16, channels last'
    """

    precision: str = "auto"
    channels_last: bool = False

    @property
    def words(self) -> str:
        """For people."""
        precision = "its own precision" if self.precision == "auto" else self.precision
        return precision + ", channels last" * self.channels_last

    def of(self, dtype: torch.dtype) -> str:
        """What an answer says of numbers of this dtype."""
        return TF32 if self.precision == TF32 else str(dtype).removeprefix("torch.")


OWN = Way()


@dataclass(frozen=True)
class Tried:
    """One way beside the model's own.

    Attributes
    ----------
    way : Way
    quicker : float
        The own way's time over this one's.
    ranks : float
        Spearman's correlation of all attributions with the own way's.
    off : float
        The largest difference of a score, as a share of the scores' range.
    """

    way: Way
    quicker: float
    ranks: float
    off: float

    @property
    def agrees(self) -> bool:
        """Whether it says the same."""
        return self.ranks >= RANKS and self.off <= SCORE_OFF

    @property
    def words(self) -> str:
        """What was found, in a sentence.

        Examples
        --------
        >>> print(Tried(Way("bfloat16"), 1.6, 0.9412, 0.002).words)
        bfloat16 was 1.6 times as fast, but its ranks agree to 0.9412 only: it was not used.
        """
        said = f"{self.way.words} was {self.quicker:.1f} times as fast"
        if not self.agrees:
            return f"{said}, but its ranks agree to {self.ranks:.4f} only: it was not used."
        if self.quicker < QUICKER:
            return f"{said}, which is not worth a copy of the model: it was not used."
        return f"{said} and agrees (ranks to {self.ranks:.4f}): it was used."


def try_ways(ways: Mapping[Way, Callable[[], Answers]]) -> list[Tried]:
    """Each way but the own one, beside that; ways that fail are left out.

    Parameters
    ----------
    ways : mapping
        Way → () → answers on the same points; `OWN` is one of them. All are asked in turn, several
        times; medians count.

    Examples
    --------
    >>> scores, maps = torch.tensor([0.0, 1.0]), torch.rand(2, 8)
    >>> (tried,) = try_ways({way: lambda: (scores, maps) for way in (OWN, Way("bfloat16"))})
    >>> tried.agrees
    True
    """
    answers: dict[Way, Answers] = {}
    for way, ask in ways.items():  # the first time of each also warms it
        try:
            answers[way] = ask()
        except Problem:
            if way == OWN:
                raise
    taken: dict[Way, list[float]] = {way: [] for way in answers}
    for _ in range(ROUNDS):
        for way in answers:
            started = clock()
            scores, _ = ways[way]()
            scores.sum().item()  # waits for a device
            taken[way].append(clock() - started)
    scores, maps = answers[OWN]
    reach = float(scores.double().max() - scores.double().min())
    own = statistics.median(taken[OWN])
    return [
        Tried(
            way,
            own / max(statistics.median(taken[way]), 1e-9),
            rank_correlation(found[1], maps),
            float((found[0].double() - scores.double()).abs().max()) / max(reach, 1e-12),
        )
        for way, found in answers.items()
        if way != OWN
    ]


def best(tried: list[Tried]) -> Tried | None:
    """The quickest that agrees, where it is worth its copy of the model."""
    worth = [one for one in tried if one.agrees and one.quicker >= QUICKER]
    return max(worth, key=lambda one: one.quicker, default=None)


def rank_correlation(one: Tensor, two: Tensor) -> float:
    """Spearman's correlation of all values; nan where all of one are alike.

    Examples
    --------
    >>> round(rank_correlation(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 4.0, 9.0])), 6)
    1.0
    """
    ranks = torch.stack([_ranks(values) for values in (one, two)])
    return float(torch.corrcoef(ranks)[0, 1])


def _ranks(values: Tensor) -> Tensor:
    """Mean ranks, so that equal values have equal ones."""
    _, place, counts = (
        values.detach().double().flatten().cpu().unique(return_inverse=True, return_counts=True)
    )
    last = counts.cumsum(0)
    return (last - (counts.double() - 1) / 2)[place]


def ways_on(device: torch.device, dimensions: int) -> list[Way]:
    """What is tried there of a model of inputs with so many dimensions, the batch among them.

    Examples
    --------
    >>> [way.words for way in ways_on(torch.device("cpu"), 2)]
    ['its own precision', 'bfloat16']
    """
    precisions = ("auto", "bfloat16", *[TF32] * has_tf32(device))
    layouts = (False, True) if dimensions == 4 else (False,)
    return [Way(precision, last) for precision in precisions for last in layouts]


def between(
    gradients: Callable[[Tensor, Tensor], Answers], way: Way, x: Tensor, reference: Tensor
) -> Answers:
    """Scores, and slopes times step, at points between an input (1, …) and its reference.

    `gradients` gets the points and for each the row of its input, which is 0.
    """
    step = x - reference
    shares = torch.linspace(0, 1, POINTS, dtype=step.dtype, device=step.device)
    points = reference + shares.view(-1, *[1] * (step.ndim - 1)) * step
    rows = torch.zeros(POINTS, dtype=torch.long, device=step.device)
    with float32_products(step.device, way):
        scores, slopes = gradients(points, rows)
    return scores, slopes * step


@contextmanager
def float32_products(device: torch.device, way: Way = OWN) -> Iterator[None]:
    """Full products while the block runs, or those of TF32; afterwards torch's settings are back.

    By torch's own settings convolutions on a GPU round what they multiply to TF32, of which the
    answer's float32 says nothing. The settings are of the whole process.

    Parameters
    ----------
    device : torch.device
        Where the model is; nothing is set but on "cuda".
    way : Way
        Whose precision may be TF32.

    Raises
    ------
    Problem
        Where TF32 is asked for on a device that has none.

    Examples
    --------
    >>> with float32_products(torch.device("cuda")):
    ...     torch.backends.cudnn.allow_tf32
    False
    """
    tf32 = way.precision == TF32
    if not has_tf32(device):
        if tf32:
            raise Problem(
                f"precision='tf32' is one of NVIDIA's GPUs; the model is on {device}. Choose "
                "another precision, or device='cuda'."
            )
        yield
        return
    backends = torch.backends
    # torch declares no types for some, and keeps what its older names were told apart from these.
    cudnn, mkldnn = (getattr(backends, name) for name in ("cudnn", "mkldnn"))
    places = [backends.cuda.matmul, cudnn.conv, cudnn.rnn, mkldnn.matmul]
    before = [place.fp32_precision for place in places]
    matmul = convolutions = None
    with suppress(RuntimeError):  # whoever has used both kinds of names can no longer read this
        matmul = torch.get_float32_matmul_precision()
    with suppress(RuntimeError):
        convolutions = cudnn.allow_tf32
    allow_tf32(tf32)
    for place in places[:3]:  # a setting for all of torch may say otherwise
        if (place.fp32_precision == TF32) != tf32:
            place.fp32_precision = TF32 if tf32 else "ieee"
    try:
        yield
    finally:
        if matmul is not None:
            torch.set_float32_matmul_precision(matmul)
        if convolutions is not None:
            cudnn.allow_tf32 = convolutions
        for place, precision in zip(places, before, strict=True):
            if place.fp32_precision != precision:
                place.fp32_precision = precision


def allow_tf32(allowed: bool) -> None:
    """For all products in this process; in the way in which everybody may read it afterwards."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


def has_tf32(device: torch.device) -> bool:
    """Whether products on the device may be made with TF32."""
    return device.type == "cuda"
