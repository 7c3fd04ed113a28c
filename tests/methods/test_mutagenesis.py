"""In-silico mutagenesis: closed forms, enumeration, tangermeme; and letters in DeepLIFT."""

import itertools

import numpy as np
import pytest
import torch
from nets import linear
from torch import nn

from explainers import METHODS, Cancelled, Problem, explain
from explainers.kinds.alphabet import one_hot
from explainers.kinds.layout import InputLayout
from explainers.methods.deeplift import hypothetical

F64 = torch.float64


def reader(outputs: int = 2):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(4, 6, 5, padding=2),
        nn.ReLU(),
        nn.AdaptiveMaxPool1d(3),
        nn.Flatten(),
        nn.Linear(18, outputs),
    ).double()


def dna(*texts: str) -> torch.Tensor:
    letters = np.array([["ACGTN".index(letter) for letter in text] for text in texts])
    return torch.from_numpy(one_hot(letters)).double()


TEXTS = ("ACGTTGCAAGGT", "TTGACCATGNAC")


def test_a_linear_function_changes_by_the_difference_of_its_weights():
    w = torch.randn(4, 12, generator=torch.Generator().manual_seed(0), dtype=F64)
    x = dna(TEXTS[0])
    answer = explain(linear(w), x, "mutagenesis")
    there = (w * x[0]).sum(0)
    torch.testing.assert_close(answer.extra["mutations"][0], w - there)
    others = (w.sum(0) - there) / 3
    torch.testing.assert_close(answer.scores[0].sum(0), there - others)
    assert (answer.scores[x == 0] == 0).all()


def test_every_mutation_is_what_the_model_says_of_the_mutant():
    net, x = reader(), dna(*TEXTS)
    found = explain(net, x, "mutagenesis", target=1).extra["mutations"]
    for row, letter, place in itertools.product(range(2), range(4), range(12)):
        mutant = x[row : row + 1].clone()
        mutant[0, :, place] = 0
        mutant[0, letter, place] = 1
        expected = (net(mutant) - net(x[row : row + 1]))[0, 1].item()
        assert found[row, letter, place].item() == pytest.approx(expected, abs=1e-12)


def test_an_unknown_letter_has_no_score_but_four_mutations():
    answer = explain(reader(), dna(*TEXTS), "mutagenesis", target=0)
    assert (answer.scores[1, :, 9] == 0).all()
    assert (answer.extra["mutations"][1, :, 9] != 0).all()


def test_it_costs_three_passes_a_letter_and_says_so():
    x = dna(TEXTS[0])
    answer = explain(reader(), x, "mutagenesis", target=0)
    entry = METHODS["mutagenesis"]
    assert answer.passes == entry.estimate(entry.options(), InputLayout.of((4, 12))) + 2 == 38
    assert entry.kinds == ("sequence",)


def test_only_the_asked_positions_are_tried():
    net, x = reader(), dna(TEXTS[0])
    whole, part = (
        explain(net, x, "mutagenesis", target=0, **options)
        for options in ({}, {"start": 3, "stop": 7})
    )
    torch.testing.assert_close(part.scores[..., 3:7], whole.scores[..., 3:7])
    assert (part.scores[..., :3] == 0).all() and (part.extra["mutations"][..., 7:] == 0).all()
    assert part.passes == 3 * 4 + 2
    with pytest.raises(Problem, match="no position between 12"):
        explain(net, x, "mutagenesis", start=12)


def test_tangermeme_finds_the_same_map_up_to_its_scale():
    """It takes the mean over all four letters, so its score is three quarters of ours."""
    saturation = pytest.importorskip("tangermeme.saturation_mutagenesis")
    net, x = reader(), dna(TEXTS[0], "CCGATTGACATG")
    theirs = saturation.saturation_mutagenesis(net, x, target=1, device="cpu", fast=False)
    ours = explain(net, x, "mutagenesis", target=1)
    torch.testing.assert_close(ours.scores * 0.75, theirs.to(F64), rtol=1e-5, atol=1e-7)


def test_a_sequence_does_not_depend_on_its_batch_mates_or_the_batch_size():
    net, x = reader(), dna(*TEXTS)
    together = explain(net, x, "mutagenesis", target=0)
    alone = explain(net, x[1:], "mutagenesis", target=0, batch_size=5)
    torch.testing.assert_close(together.scores[1:], alone.scores)
    torch.testing.assert_close(together.extra["mutations"][1:], alone.extra["mutations"])


def test_it_can_be_watched_and_cancelled():
    maps = []

    def look(progress):
        partial = progress.partial()
        if partial is not None:
            maps.append(partial)
        if progress.done > 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain(reader(), dna(TEXTS[0]), "mutagenesis", target=0, progress=look, batch_size=2)
    assert maps[-1].abs().max() > 0


@pytest.mark.parametrize("wrong", [torch.rand(1, 4, 9), torch.zeros(1, 9, 4), torch.zeros(1, 5)])
def test_what_is_no_dna_is_refused(wrong):
    with pytest.raises(Problem, match="needs one-hot DNA"):
        explain(lambda x: x.flatten(1), wrong, "mutagenesis")


@pytest.mark.parametrize("baseline", ["frequencies", "shuffled"])
def test_deeplift_says_of_dna_what_every_letter_would_contribute(baseline):
    net, x = reader(), dna(*TEXTS)
    answer = explain(net, x, "deeplift", baseline, 1)
    expected = hypothetical(net, x, baseline, 1)
    torch.testing.assert_close(answer.extra["hypothetical"], expected)
    assert "hypothetical" not in explain(net, x / 2, "deeplift", "zeros", 1).extra


@pytest.mark.parametrize("method", ["ablation", "integrated_gradients", "deeplift"])
def test_letters_that_shuffles_share_with_the_sequence_contribute_less(method):
    """Against shuffles, which keep both ends, the ends get nothing; against zeros they do."""
    net, x = reader(), dna(TEXTS[0])
    scores = explain(net, x, method, "shuffled", 0).scores[0].sum(0)
    assert scores[0] == scores[-1] == 0 and scores.abs().max() > 0
