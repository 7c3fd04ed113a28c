"""DNA as letters and as one-hot tensors, and shuffles that keep its pairs of letters.

Letters are numbers: 0 to 3 for A, C, G, T, and 4 for N, an unknown letter, which is a column of
zeros in a one-hot tensor (N, 4, L).
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

UNKNOWN = 4


def is_one_hot(inputs: Tensor) -> bool:
    """Whether inputs (N, …) are (N, 4, L), each column with a single 1, or with none."""
    if inputs.ndim != 3 or inputs.shape[1] != 4:
        return False
    return bool(((inputs == 0) | (inputs == 1)).all() and (inputs.sum(1) <= 1).all())


def letters_of(inputs: Tensor) -> np.ndarray:
    """The letters (N, L) uint8 of one-hot inputs (N, 4, L)."""
    known = inputs.sum(1) > 0
    return inputs.argmax(1).where(known, known.new_tensor(UNKNOWN, dtype=int)).byte().cpu().numpy()


def one_hot(letters: np.ndarray) -> np.ndarray:
    """Letters (…, L) as one-hot float32 (…, 4, L)."""
    return (letters[..., None, :] == np.arange(4)[:, None]).astype(np.float32)


def dinucleotide_shuffle(letters: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Letters (L,) in a random order that keeps every pair of neighbours as often as it was.

    All such orders are equally likely. First and last letter stay; every N stays where it is, and
    the pieces between are shuffled apart. Altschul & Erickson 1985, doi:10.1093/oxfordjournals.
    molbev.a040370: pairs are edges from letter to letter, and an order is a path along all of them.
    """
    shuffled = letters.copy()
    places = np.flatnonzero(letters == UNKNOWN)
    for start, stop in itertools.pairwise([-1, *places.tolist(), len(letters)]):
        if stop - start > 4:  # up to three letters have only one order
            shuffled[start + 1 : stop] = _path(letters[start + 1 : stop], generator)
    return shuffled


def _path(letters: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A path along all edges, uniform among all: the last exit from every letter is drawn first.

    A path visits all edges if and only if the last exits lead from every letter to the end, that
    is, they are a tree; any order of the other exits will do (theorem of van Aardenne-Ehrenfest,
    de Bruijn, Smith and Tutte). A tree of last exits a → b is drawn with a weight of the product
    of its numbers of edges a → b.
    """
    end = int(letters[-1])
    exits = {letter: letters[1:][letters[:-1] == letter] for letter in np.unique(letters).tolist()}
    inner = [letter for letter in exits if letter != end]
    choices = [np.unique(exits[letter]).tolist() for letter in inner]
    trees = [
        tree
        for last in itertools.product(*choices)
        if _leads_to(end, tree := dict(zip(inner, last, strict=True)))
    ]
    weights = np.array(
        [math.prod(int((exits[a] == b).sum()) for a, b in tree.items()) for tree in trees], float
    )
    tree = trees[generator.choice(len(trees), p=weights / weights.sum())]
    queues = {}
    for letter, following in exits.items():
        following = following.tolist()
        if letter in tree:
            following.remove(tree[letter])
        order = generator.permutation(np.array(following, dtype=letters.dtype)).tolist()
        queues[letter] = iter([*order, tree[letter]] if letter in tree else order)
    path = [int(letters[0])]
    for _ in range(len(letters) - 1):
        path.append(next(queues[path[-1]]))
    return np.array(path, dtype=letters.dtype)


def _leads_to(end: int, tree: dict[int, int]) -> bool:
    for letter in tree:
        for _ in tree:
            letter = tree.get(letter, end)
        if letter != end:
            return False
    return True
