"""Which strides, paddings and poolings bring an input to what the first linear layer takes.

Sides are those of square pictures, or the lengths of series and sequences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STRIDES = ("1", "2", "kernel")
PADDINGS = ("same", "none")
POOLINGS = (
    "none",
    "max 2",
    "max 3",
    "max 4",
    "max 3 step 2",
    "average 2",
    "average 3",
    "average 4",
)
GLOBAL, FLAT, FITTED = "average over all positions", "every position", "averages of regions"
SIDES = (
    32,
    28,
    224,
    64,
    96,
    128,
    256,
    48,
    56,
    84,
    100,
    112,
    150,
    160,
    192,
    200,
    299,
    300,
    320,
    384,
    448,
    512,
)
LENGTHS = (
    100,
    128,
    200,
    256,
    500,
    512,
    1000,
    1024,
    24,
    30,
    48,
    50,
    60,
    64,
    96,
    120,
    150,
    168,
    187,
    250,
    300,
    336,
    365,
    400,
    600,
    720,
    1500,
    2000,
    2048,
    3000,
    4000,
    4096,
    5000,
)


@dataclass(frozen=True)
class Plan:
    """Stride, padding and pooling after each convolution, as answers to the questions."""

    stride: tuple[str, ...]
    padding: tuple[str, ...]
    pooling: tuple[str, ...]

    def side(self, kernels: Sequence[int], side: int) -> int:
        """What is left of a side after all convolutions; 0 where one finds too little."""
        for kernel, stride, padding, pooling in zip(
            kernels, self.stride, self.padding, self.pooling, strict=True
        ):
            around = padded(padding, kernel)
            if side + 2 * around < kernel:
                return 0
            side = (side + 2 * around - kernel) // strided(stride, kernel) + 1
            if pooling != "none":
                _, size, step = pooled(pooling)
                side = max((side - size) // step + 1, 0)
        return side


def padded(padding: str, kernel: int) -> int:
    """Zeros that are put at each end of a side.

    Examples
    --------
    >>> padded("same", 5), padded("none", 5), padded("3", 5)
    (2, 0, 3)
    """
    named = {"same": (kernel - 1) // 2, "none": 0}
    return named[padding] if padding in named else int(padding)


def strided(stride: str, kernel: int) -> int:
    """The step of a convolution; "kernel": its windows lie side by side."""
    return kernel if stride == "kernel" else int(stride)


def pooled(pooling: str) -> tuple[str, int, int]:
    """Whether it is "max" or "average", over how many, and with which step.

    Examples
    --------
    >>> pooled("max 3 step 2"), pooled("average 4")
    (('max', 3, 2), ('average', 4, 4))
    """
    kind, size, *step = pooling.split()
    return kind, int(size), int(step[1] if step else size)


def plans(count: int) -> list[Plan]:
    """Usual plans for so many convolutions, the most usual first."""
    poolings = [
        ("max 2",) * count,
        ("none",) * count,
        _every_second(count),
        _at_the_end(count),
        ("average 2",) * count,
        (*("max 2",) * (count - 1), "none"),
    ]
    strides = [("1",) * count, ("2",) * count, ("kernel",) * count, ("2", *("1",) * (count - 1))]
    return list(
        dict.fromkeys(
            Plan(stride, (padding,) * count, pooling)
            for stride in strides
            for pooling in poolings
            for padding in PADDINGS
        )
    )


def fitting(kernels: Sequence[int], left: int, usual: Sequence[int]) -> list[tuple[Plan, int]]:
    """Plans and sides that leave `left`, the most likely first.

    Of usual sides those come first that keep most of what the convolutions see; for a plan that no
    usual side fits, its smallest side is taken.

    Parameters
    ----------
    kernels : sequence of int
        Of each convolution.
    left : int
        The side that the first linear layer takes.
    usual : sequence of int
        Sides to try, the most usual first.

    Examples
    --------
    >>> plan, side = fitting([3, 3], 8, SIDES)[0]
    >>> plan.pooling, plan.side([3, 3], side)
    (('max 2', 'max 2'), 8)
    """
    fits: list[tuple[int, Plan, int]] = []
    for rank, plan in enumerate(plans(len(kernels))):
        sides = [side for side in usual if plan.side(kernels, side) == left]
        if sides:
            fits += [(rank + 3 * usual.index(side), plan, side) for side in sides]
        elif smallest := _smallest(plan, kernels, left):
            fits.append((1000 + rank, plan, smallest))
    fits.sort(key=lambda fit: fit[0])
    return [(plan, side) for _, plan, side in fits]


def square(count: int) -> int:
    """The side of a square of so many positions; 0 where they make none.

    Examples
    --------
    >>> square(49), square(50)
    (7, 0)
    """
    side = math.isqrt(count)
    return side if side * side == count else 0


def _smallest(plan: Plan, kernels: Sequence[int], left: int) -> int:
    """The smallest side of which `left` is left; 0 where there is none up to 100,000.

    What is left never shrinks when the side grows, so halving finds it.
    """
    low, high = 1, 100_000
    while low < high:
        middle = (low + high) // 2
        if plan.side(kernels, middle) >= left:
            high = middle
        else:
            low = middle + 1
    return low if plan.side(kernels, low) == left else 0


def _every_second(count: int) -> tuple[str, ...]:
    return tuple("max 2" if index % 2 else "none" for index in range(count))


def _at_the_end(count: int) -> tuple[str, ...]:
    return (*("none",) * (count - 1), "max 2")
