"""One plain sentence on which inputs matter, in what order, and how far that is sure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from explainers.figures.text.sentences import italic_name

REST = "come before the rest"
FEW, MOST_CLAUSES = 3, 3
"""Names in a clause, and clauses from the front; more are not read."""


def ranking_sentence(
    names: Sequence[str], low: np.ndarray, high: np.ndarray, idle: Collection[int] = ()
) -> str:
    """What intervals of ranks say for sure: who comes first, who last, who cannot be told apart.

    Parameters
    ----------
    names : sequence of str, length F
    low, high : ndarray of int, shape (F,)
        The ranks that each can have, 1 the most important.
    idle : collection of int
        Those to which every method gives exactly nothing.

    Returns
    -------
    str
        In Markdown; names are escaped.

    Examples
    --------
    >>> names = ["noise", "rain", "height", "warmth", "slope"]
    >>> print(ranking_sentence(names, np.array([5, 3, 1, 1, 3]), np.array([5, 4, 2, 2, 4])))
    *height* and *warmth* cannot be told apart and come before the rest; *noise* is last; nothing \
else is sure.
    >>> ranking_sentence(["a", "b"], np.array([1, 2]), np.array([1, 2]), idle=[1])
    '*a* comes first; *b* plays no part.'
    >>> ranking_sentence(["a", "b"], np.array([1, 1]), np.array([2, 2]))
    '*a* and *b* cannot be told apart.'
    """
    many = len(names)
    if many == 1:
        return f"There is one input, {italic_name(names[0])}, so there is no order."
    if len(set(idle)) == many:
        return "No input plays any part: the answer is the same whatever they are."
    blocks = _blocks(low, high)
    if len(blocks) == 1:
        return _without_order(names, low, high)
    clauses: list[str] = []
    left = list(blocks)
    while len(left) > 1 and len(clauses) < MOST_CLAUSES and (len(left[0]) == 1 or not clauses):
        clauses.append(_front(names, low, high, left.pop(0), first=not clauses))
    if len(left) == 2 and len(left[0]) == 1:
        clauses.append(_front(names, low, high, left.pop(0), first=False))
    text = ", ".join(clauses)
    if len(clauses) > 1:
        text = text.replace(REST, "come first", 1)
    if len(left) == 1 and len(left[0]) > FEW and not set(left[0]) <= set(idle):
        return f"{text}; nothing else is sure."
    text += f"; {_last(names, low, high, left.pop(), idle)}"
    if any(len(block) > 1 for block in left):
        text += "; nothing else is sure"
    elif left:
        text += "; the order of the others is sure too"
    return f"{text}."


def _blocks(low: np.ndarray, high: np.ndarray) -> list[list[int]]:
    """The features in groups of which each surely comes before the next; within one by `low`."""
    order = np.lexsort((high, low))
    cuts = [
        k for k in range(1, len(low)) if high[order[:k]].max() <= k and low[order[k:]].min() > k
    ]
    return [list(map(int, part)) for part in np.split(order, cuts)]


def _front(
    names: Sequence[str], low: np.ndarray, high: np.ndarray, block: list[int], first: bool
) -> str:
    listed = _listed(names, block)
    if len(block) > 1:
        return f"{listed} {_apart(low, high, block)} and {REST}"
    return f"{listed} comes first" if first else f"then {listed}"


def _last(
    names: Sequence[str],
    low: np.ndarray,
    high: np.ndarray,
    block: list[int],
    idle: Collection[int],
) -> str:
    listed = _listed(names, block)
    if set(block) <= set(idle):
        return f"{listed} play{'s' * (len(block) == 1)} no part"
    if len(block) == 1:
        return f"{listed} is last"
    return f"{listed} are last and {_apart(low, high, block)}"


def _apart(low: np.ndarray, high: np.ndarray, block: list[int]) -> str:
    """How far those of a block cannot be told apart."""
    alike = len(set(low[block])) == len(set(high[block])) == 1
    return "cannot be told apart" if alike else "cannot all be told apart"


def _without_order(names: Sequence[str], low: np.ndarray, high: np.ndarray) -> str:
    """Where no group surely comes before all others: who is surely high up, and who is not."""
    many = len(names)
    best, worst = int(high.min()), int(low.max())
    parts = []
    if best < many:
        found = np.flatnonzero(high == best).tolist()
        are = "is" if len(found) == 1 else "are"
        parts.append(f"{_listed(names, found)} {are} surely among the first {best}")
    if worst > 1:
        found = np.flatnonzero(low == worst).tolist()
        are = "is" if len(found) == 1 else "are"
        first = f"among the first {worst - 1}" if worst > 2 else "the first"
        parts.append(f"{_listed(names, found)} {are} surely not {first}")
    if parts:
        return f"{'; '.join(parts)}; nothing else is sure."
    if many <= FEW:
        return f"{_listed(names, range(many))} cannot be told apart."
    return f"The {many} inputs cannot be told apart: no order of them is sure."


def _listed(names: Sequence[str], chosen: Sequence[int]) -> str:
    """Some names in words, or how many there are beside the first few.

    Examples
    --------
    >>> _listed(["a", "b", "c", "d", "e"], [0, 1]), _listed(["a", "b", "c", "d", "e"], range(5))
    ('*a* and *b*', '5 inputs, *a*, *b*, *c* and 2 more,')
    """
    shown = [italic_name(names[place]) for place in chosen]
    if len(shown) > FEW + 1:
        first = ", ".join(shown[:FEW])
        return f"{len(shown)} inputs, {first} and {len(shown) - FEW} more,"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
