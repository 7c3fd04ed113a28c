"""Random orders of a DNA sequence that keep how often each letter follows each other letter.

Altschul & Erickson 1985, "Significance of nucleotide sequence alignments: a method for random
sequence permutation that preserves dinucleotide and codon usage",
doi:10.1093/oxfordjournals.molbev.a040370.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from explainers.kinds.alphabet import UNKNOWN


def dinucleotide_shuffle(codes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw an order of the letters that keeps every pair of neighbours as often as it was.

    All such orders are equally likely: pairs are edges from letter to letter, and an order is a
    path along all of them. First and last letter stay; every N, and every letter that stands for
    several, stays where it is, and the pieces between are shuffled apart.

    Parameters
    ----------
    codes : ndarray of whole numbers 0 to 14, shape (L,)
        See `explainers.kinds.alphabet`.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray, of the same type and shape (L,)

    References
    ----------
    Altschul & Erickson 1985, doi:10.1093/oxfordjournals.molbev.a040370.

    Examples
    --------
    >>> from explainers.kinds.alphabet import codes_of_text, text_of
    >>> text_of(dinucleotide_shuffle(codes_of_text("ACAGA"), np.random.default_rng(1)))
    'AGACA'
    """
    shuffled = codes.copy()
    unknown = np.flatnonzero(codes >= UNKNOWN)
    for start, stop in itertools.pairwise([-1, *unknown.tolist(), len(codes)]):
        if stop - start > 4:  # up to three letters have only one order
            shuffled[start + 1 : stop] = _path(codes[start + 1 : stop], generator)
    return shuffled


def _path(codes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A path along all edges, uniform among all: the last exit from every letter is drawn first.

    A path visits all edges if and only if the last exits lead from every letter to the end, that
    is, they are a tree; any order of the other exits will do (theorem of van Aardenne-Ehrenfest,
    de Bruijn, Smith and Tutte). A tree of last exits a → b is drawn with a weight of the product
    of its numbers of edges a → b.
    """
    end = int(codes[-1])
    exits = {letter: codes[1:][codes[:-1] == letter] for letter in np.unique(codes).tolist()}
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
    queues: dict[int, Iterator[int]] = {}
    for letter, edges in exits.items():
        following = edges.tolist()
        if letter in tree:
            following.remove(tree[letter])
        order = generator.permutation(np.array(following, dtype=codes.dtype)).tolist()
        queues[letter] = iter([*order, tree[letter]] if letter in tree else order)
    path = [int(codes[0])]
    for _ in range(len(codes) - 1):
        path.append(next(queues[path[-1]]))
    return np.array(path, dtype=codes.dtype)


def _leads_to(end: int, tree: dict[int, int]) -> bool:
    """Whether the last exits lead from every letter to the end."""
    for letter in tree:
        for _ in tree:
            letter = tree.get(letter, end)
        if letter != end:
            return False
    return True
