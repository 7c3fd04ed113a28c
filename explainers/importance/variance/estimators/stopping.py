"""Draw more and more until the order of the first k features is certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from torch import Tensor

from explainers.importance.uncertainty.ranks import first_certain

START = 1024
"""Draws before the first look."""

Found = TypeVar("Found")


class Stopped(NamedTuple):
    """How drawing ended.

    Attributes
    ----------
    samples : int
        Draws in all.
    certain : bool or None
        Whether the order of the first k is certain; None where it was not asked.
    note : str
        A sentence, or "".
    """

    samples: int
    certain: bool | None
    note: str


def draw_until_certain(
    more: Callable[[int], Found],
    likely: Callable[[Found], Tensor],
    most: int,
    first: int | None,
    what: str,
    start: int = START,
) -> tuple[Found, Stopped]:
    """Draw `most` times, or stop after 1024, 2048, 4096, … once the order is certain.

    Only the random error of drawing counts: whether other rows would give the same order is
    another question, which the intervals answer.

    Parameters
    ----------
    more : callable
        n → what is found from all draws so far and n more.
    likely : callable
        What was found → what the features' magnitudes might be, (R, F).
    most : int
        Draws in all.
    first : int or None
        k; None: draw `most` times.
    what : str
        The method's name, for the note.
    start : int
        Draws before the first look.

    Examples
    --------
    >>> import torch
    >>> noise = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    >>> found, stopped = draw_until_certain(
    ...     lambda n: n, lambda n: torch.tensor([2.0, 1.0]) + noise / n**0.5, 4096, 1, "Test"
    ... )
    >>> stopped.samples, stopped.certain
    (1024, True)
    """
    if first is None:
        return more(most), Stopped(most, None, "")
    done = min(start, most)
    found = more(done)
    while not (certain := first_certain(likely(found), first)) and done < most:
        again = min(done, most - done)
        found, done = more(again), done + again
    if certain:
        note = (
            f"{what} stopped after {done:,} of {most:,} draws: the order of the first {first} is "
            "certain, as far as drawing goes."
        )
        return found, Stopped(done, True, note if done < most else "")
    return found, Stopped(
        done,
        False,
        f"{what}: after {done:,} draws the order of the first {first} is not certain. More draws "
        "may tell them apart, unless they are equal.",
    )
