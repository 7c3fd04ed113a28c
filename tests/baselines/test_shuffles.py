"""Dinucleotide shuffles and letter frequencies: what is kept, and that every order is as likely."""

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import chisquare

from explainers import BASELINES, Problem
from explainers.baselines.dinucleotide_shuffle import dinucleotide_shuffle
from explainers.kinds.alphabet import codes_of_columns, codes_of_text, is_dna, one_hot


def codes(text: str) -> np.ndarray:
    return codes_of_text(text)


def tensor(*texts: str) -> torch.Tensor:
    """Texts as columns, with zeros for N."""
    letters = np.stack([codes(text) for text in texts])
    return torch.from_numpy(one_hot(letters) * (letters != 4)[:, None])


@settings(max_examples=300, deadline=None)
@given(some.text("ACGTN", min_size=0, max_size=60), some.integers(0, 2**31))
def test_pairs_both_ends_and_unknown_letters_are_kept(text, seed):
    letters = codes(text)
    shuffled = dinucleotide_shuffle(letters, np.random.default_rng(seed))
    assert shuffled.dtype == letters.dtype
    assert Counter(pairwise(shuffled.tolist())) == Counter(pairwise(letters.tolist()))
    assert ((shuffled == 4) == (letters == 4)).all()
    ends = [i for i in range(len(text)) if i in (0, len(text) - 1) or "N" in text[i - 1 : i + 2]]
    assert (shuffled[ends] == letters[ends]).all()


@settings(max_examples=100, deadline=None)
@given(some.text("ACGT", min_size=5, max_size=25), some.text("ACGT", min_size=5, max_size=25))
def test_pieces_between_unknown_letters_keep_their_own_pairs(one, two):
    shuffled = dinucleotide_shuffle(codes(one + "N" + two), np.random.default_rng(0)).tolist()
    at = len(one)
    assert Counter(pairwise(shuffled[:at])) == Counter(pairwise(codes(one).tolist()))
    assert Counter(pairwise(shuffled[at + 1 :])) == Counter(pairwise(codes(two).tolist()))


@pytest.mark.parametrize("text", ["ACAGATCAT", "CACAGACGA", "CGACAACAT", "AGAGAAATG", "CCCACCCGC"])
def test_every_order_with_the_same_pairs_is_as_likely(text):
    """All orders by enumeration of the letters' permutations; χ² over many draws."""
    pairs = Counter(pairwise(text))
    orders = sorted(
        "".join(order)
        for order in {(text[0], *middle, text[-1]) for middle in permutations(text[1:-1])}
        if Counter(pairwise(order)) == pairs
    )
    generator, draws = np.random.default_rng(1), 400 * len(orders)
    letters = codes(text)
    counts = Counter(
        "".join("ACGTN"[letter] for letter in dinucleotide_shuffle(letters, generator))
        for _ in range(draws)
    )
    assert set(counts) == set(orders) and len(orders) > 2
    assert chisquare([counts[order] for order in orders]).pvalue > 1e-3


def test_a_long_sequence_with_a_single_way_out_is_shuffled_too():
    """A thousand A with one exit: drawing last exits blindly would nearly always fail."""
    text = "C" * 2 + "G" * 400 + "A" * 1000 + "T" * 500 + "CTCGT"
    shuffled = dinucleotide_shuffle(codes(text), np.random.default_rng(0)).tolist()
    assert Counter(pairwise(shuffled)) == Counter(pairwise(codes(text).tolist()))


def test_a_long_random_sequence_is_well_mixed():
    letters = np.random.default_rng(0).integers(0, 4, 2000).astype(np.uint8)
    shuffled = dinucleotide_shuffle(letters, np.random.default_rng(1))
    assert 0.2 < (shuffled == letters).mean() < 0.3, "a quarter agrees by chance"


def test_every_order_of_another_tool_is_one_of_ours():
    ersatz = pytest.importorskip("tangermeme.ersatz")
    text = "ACGATCAGTA"
    theirs = ersatz.dinucleotide_shuffle(tensor(text), n=200, random_state=0)[0]
    theirs = {tuple(row) for row in codes_of_columns(theirs.float()).tolist()}
    generator = np.random.default_rng(0)
    ours = {tuple(dinucleotide_shuffle(codes(text), generator).tolist()) for _ in range(3000)}
    assert theirs <= ours


def test_the_shuffled_baseline_is_dna_and_follows_its_seed():
    x = tensor("ACGTNACGTTGCAACGGT", "TTGCAGCATTAGCCATGA")
    made = BASELINES["shuffled"].make(x, count=6, seed=3)
    assert made.shape == (2, 6, 4, 18) and made.dtype == x.dtype
    assert is_dna(made.flatten(0, 1))
    torch.testing.assert_close(made.sum(3), x.sum(2).unsqueeze(1).expand(2, 6, 4))
    assert torch.equal(made, BASELINES["shuffled"].make(x, count=6, seed=3))
    assert not torch.equal(made, BASELINES["shuffled"].make(x, count=6, seed=4))
    assert len({reference.numpy().tobytes() for reference in made[1]}) > 1


def test_letters_and_columns_are_each_other():
    letters = np.random.default_rng(0).integers(0, 5, (3, 40)).astype(np.uint8)
    x = torch.from_numpy(one_hot(letters))
    assert x.shape == (3, 4, 40) and is_dna(x)
    assert (codes_of_columns(x) == letters).all()
    for wrong in (x * 2, x + x.roll(1, 1), x[:, :3], x[0], x - 1):
        assert not is_dna(wrong)


def test_frequencies_are_fixed_uniform_or_counted():
    x = tensor("AACGN", "TTTTT")
    make = BASELINES["frequencies"].make
    fixed = make(x)
    assert fixed[0, :, 0].tolist() == pytest.approx([0.3, 0.2, 0.2, 0.3])
    assert fixed[0, :, 4].tolist() == [0] * 4, "an unknown letter stays unknown"
    assert make(x, rule="uniform")[1].unique().tolist() == [0.25]
    own = make(x, rule="data")
    assert own[0, :, 2].tolist() == [0.5, 0.25, 0.25, 0]
    assert own[1, :, 2].tolist() == [0, 0, 0, 1]
    data = make(x, x, rule="data")
    assert data[1, :, 0].tolist() == pytest.approx([2 / 9, 1 / 9, 1 / 9, 5 / 9])
    assert make(tensor("NNN"), rule="data").abs().max() == 0


@pytest.mark.parametrize("key", ["frequencies", "shuffled"])
def test_what_is_no_dna_is_refused(key):
    for wrong in (torch.rand(2, 4, 9), torch.zeros(2, 9, 4), torch.zeros(2, 5)):
        with pytest.raises(Problem, match="needs one-hot DNA"):
            BASELINES[key].make(wrong)
