"""Drawn DNA with planted motifs: sequences, where each motif lies, and the three answers.

Background letters are independent with frequencies A .3, C .2, G .2, T .3. A GATA-like motif
(around AAGATAAGAG: GATA factors prefer AGATAAG) and a TAL-like one (around AACAGATGGT: TAL1
prefers the E-box CAGATG) are drawn from the tables below, which were set by hand to resemble those
families; they are from no database. A quarter of the sequences has both, the first, the second,
neither; one to three copies of a motif. After the idea of Shrikumar et al. 2017 (arXiv:1704.02685).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ALPHABET = "ACGT"
LENGTH = 200
BACKGROUND = (0.3, 0.2, 0.2, 0.3)
OUTPUTS = ("both", "GATA-like", "TAL-like")
MOTIFS = {
    "GATA-like": np.array(
        [
            (0.84, 0.04, 0.08, 0.04),
            (0.88, 0.01, 0.01, 0.10),
            (0.005, 0.005, 0.985, 0.005),
            (0.985, 0.005, 0.005, 0.005),
            (0.005, 0.005, 0.005, 0.985),
            (0.985, 0.005, 0.005, 0.005),
            (0.97, 0.01, 0.01, 0.01),
            (0.01, 0.01, 0.97, 0.01),
            (0.88, 0.01, 0.10, 0.01),
            (0.06, 0.05, 0.83, 0.06),
        ]
    ),
    "TAL-like": np.array(
        [
            (0.84, 0.06, 0.06, 0.04),
            (0.88, 0.04, 0.04, 0.04),
            (0.005, 0.985, 0.005, 0.005),
            (0.985, 0.005, 0.005, 0.005),
            (0.005, 0.005, 0.985, 0.005),
            (0.985, 0.005, 0.005, 0.005),
            (0.005, 0.005, 0.005, 0.985),
            (0.005, 0.005, 0.985, 0.005),
            (0.02, 0.04, 0.92, 0.02),
            (0.05, 0.05, 0.05, 0.85),
        ]
    ),
}
"""For every motif the probabilities of A, C, G, T at its places, (places, 4)."""


@dataclass(frozen=True)
class Planted:
    """Drawn sequences and their answer key.

    letters  (N, 200) whole numbers 0 to 3, for A, C, G, T.
    answers  (N, 3) zeros and ones, in the order of OUTPUTS.
    spans    for every sequence a tuple of (motif, start, end), end not included.
    """

    letters: np.ndarray
    answers: np.ndarray
    spans: tuple[tuple[tuple[str, int, int], ...], ...]

    def one_hot(self) -> np.ndarray:
        """float32 (N, 4, 200)."""
        return np.eye(4, dtype=np.float32)[self.letters].transpose(0, 2, 1).copy()

    def mask(self, motifs=tuple(MOTIFS)) -> np.ndarray:
        """True where one of the motifs was planted, (N, 200)."""
        found = np.zeros(self.letters.shape, dtype=bool)
        for row, spans in enumerate(self.spans):
            for motif, start, end in spans:
                if motif in motifs:
                    found[row, start:end] = True
        return found

    def words(self) -> list[str]:
        """The sequences as text."""
        return ["".join(ALPHABET[k] for k in row) for row in self.letters]


def planted(count: int, seed: int) -> Planted:
    """`count` sequences; the k-th has both motifs, the first, the second or neither, in turn."""
    rng = np.random.default_rng(seed)
    letters = rng.choice(4, (count, LENGTH), p=BACKGROUND)
    answers, every = np.zeros((count, 3), dtype=np.float32), []
    for row in range(count):
        wanted = [("GATA-like", "TAL-like"), ("GATA-like",), ("TAL-like",), ()][row % 4]
        answers[row] = [len(wanted) == 2, *(motif in wanted for motif in MOTIFS)]
        copies = [motif for motif in wanted for _ in range(rng.integers(1, 4))]
        starts = _starts(rng, len(copies))
        spans = []
        for motif, start in zip(rng.permutation(copies), starts, strict=True):
            table = MOTIFS[motif]
            drawn = [rng.choice(4, p=place) for place in table]
            letters[row, start : start + len(table)] = drawn
            spans.append((str(motif), int(start), int(start) + len(table)))
        every.append(tuple(spans))
    return Planted(letters, answers, tuple(every))


def _starts(rng, copies: int) -> np.ndarray:
    """Sorted starts of motifs of ten letters that do not overlap."""
    free = LENGTH - 10 * copies
    return np.sort(rng.integers(0, free + 1, copies)) + 10 * np.arange(copies)
