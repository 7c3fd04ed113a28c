"""How many points one pass of a model takes: learned from time and memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# A batch between these is worth its overhead, and a cancel is still noticed soon.
SECONDS_TOO_SHORT, SECONDS_TOO_LONG = 0.2, 0.5
FIRST_BATCH, LARGEST_BATCH = 8, 512


@dataclass
class BatchPlan:
    """How many points one pass takes; learned from the passes so far, halved when memory is out.

    Attributes
    ----------
    size : int
        Points of the next pass.
    ceiling : int
        The most that `size` may become.
    fixed : bool
        Whether to learn nothing from time.

    Examples
    --------
    >>> plan = BatchPlan(size=8)
    >>> plan.learn(8, seconds=0.01)
    >>> plan.size
    16
    """

    size: int = FIRST_BATCH
    ceiling: int = LARGEST_BATCH
    fixed: bool = False

    def learn(self, points: int, seconds: float) -> None:
        """Double or halve after a full pass of `points` that was too short or too long."""
        if self.fixed or points < self.size:
            return
        if seconds < SECONDS_TOO_SHORT:
            self.size = min(2 * self.size, self.ceiling)
        elif seconds > SECONDS_TOO_LONG:
            self.size = max(self.size // 2, 1)

    def halve(self, points: int) -> None:
        """After `points` did not fit into memory."""
        self.size = self.ceiling = max(1, points // 2)


def is_out_of_memory(error: Exception) -> bool:
    """Whether the error says that memory did not suffice."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError)
        and any(words in text for words in ("out of memory", "can't allocate memory"))
    )
