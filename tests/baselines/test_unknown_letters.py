"""An unknown letter (N) keeps its column in baselines, and no method counts it as evidence."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from explainers import BASELINES, explain
from explainers.kinds import KINDS, sequence
from explainers.kinds.alphabet import one_hot
from explainers.models.zoo import demos

F64 = torch.float64
TEXT = "ACGTNGCAAGNNTTACAGCAT"
PLACES = [4, 10, 11]
ENCODINGS = pytest.mark.parametrize("column", [0.25, 0.0], ids=["quarters", "zeros"])
MADE = [
    ("frequencies", {"rule": "fixed"}),
    ("frequencies", {"rule": "uniform"}),
    ("frequencies", {"rule": "data"}),
    ("shuffled", {"count": 5}),
]
BASELINE = pytest.mark.parametrize("key, options", MADE)


def dna(text: str, column: float) -> torch.Tensor:
    """One sequence (1, 4, L) with that number in all four rows for N."""
    letters = np.array(["ACGTN".index(letter) for letter in text])
    x = torch.from_numpy(one_hot(letters)).to(F64)[None]
    x[:, :, letters == 4] = column
    return x


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(4, 6, 5, padding=2),
        nn.Softplus(),
        nn.AdaptiveAvgPool1d(3),
        nn.Flatten(),
        nn.Linear(18, 2),
    ).double()


@ENCODINGS
@BASELINE
def test_baselines_keep_the_column_of_an_unknown_letter(column, key, options):
    x = dna(TEXT, column)
    made = BASELINES[key].make(x, **options)
    assert (made[..., PLACES] == column).all()
    known = [place for place in range(len(TEXT)) if place not in PLACES]
    torch.testing.assert_close(made.sum(-2)[..., known], torch.ones_like(made.sum(-2)[..., known]))


@ENCODINGS
def test_letter_counts_ignore_unknown_letters(column):
    x, other = dna("AACNNNNN", column), dna("GGGGTNNN", column)
    own = BASELINES["frequencies"].make(x, rule="data")
    assert own[0, :, 0].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])
    both = BASELINES["frequencies"].make(x, torch.cat([x, other]), rule="data")
    assert both[0, :, 0].tolist() == pytest.approx([2 / 8, 1 / 8, 4 / 8, 1 / 8])
    nothing = dna("NNN", column)
    assert torch.equal(BASELINES["frequencies"].make(nothing, rule="data"), nothing)


@ENCODINGS
def test_shuffles_hold_the_letters_of_the_sequence(column):
    x = dna(TEXT, column)
    made = BASELINES["shuffled"].make(x, count=5)
    torch.testing.assert_close(made.sum(3), x.sum(2).unsqueeze(1).expand(1, 5, 4))


@ENCODINGS
@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients"])
@pytest.mark.parametrize("key, options", [*MADE, ("zeros", {})])
def test_scores_are_complete_and_zero_where_input_equals_baseline(column, method, key, options):
    net, x = network(), dna(TEXT, column)
    made = BASELINES[key].make(x, **options)
    answer = explain(net, x, method, made, 1)
    references = made if made.ndim == 4 else made.unsqueeze(1)
    before = net(references[0])[:, 1].mean().item()
    whole = net(x)[0, 1].item() - before
    assert answer.scores.sum().item() == pytest.approx(whole, rel=1e-4, abs=1e-9)
    same = (references == x.unsqueeze(1)).all(1)
    assert (answer.scores[same] == 0).all()
    assert key == "zeros" or (answer.scores[..., PLACES] == 0).all()


@ENCODINGS
def test_mutagenesis_tries_all_four_letters_at_an_unknown_one_and_scores_none(column):
    net, x = network(), dna(TEXT, column)
    answer = explain(net, x, "mutagenesis", target=1)
    assert (answer.scores[..., PLACES] == 0).all()
    for place in PLACES:
        for letter in range(4):
            mutant = x.clone()
            mutant[0, :, place] = 0
            mutant[0, letter, place] = 1
            expected = (net(mutant) - net(x))[0, 1].item()
            change = answer.extra["mutations"][0, letter, place].item()
            assert change == pytest.approx(expected, abs=1e-12) and change != 0


@ENCODINGS
def test_a_network_that_only_reads_known_letters_is_explained_as_without_the_unknown_one(column):
    """Linear in the columns: the scores of the known letters do not depend on N's encoding."""
    weights = torch.randn(4, len(TEXT), generator=torch.Generator().manual_seed(1), dtype=F64)
    weights[:, PLACES] = 0
    x = dna(TEXT, column)

    def model(inputs: torch.Tensor) -> torch.Tensor:
        return (inputs * weights).sum((1, 2), keepdim=True)[:, 0]

    for method in ("deeplift", "integrated_gradients"):
        scores = explain(model, x, method, "frequencies").scores
        background = torch.tensor([0.3, 0.2, 0.2, 0.3], dtype=F64)[:, None]
        torch.testing.assert_close(scores[0], weights * (x[0] - background))


@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients", "mutagenesis", "ablation"])
def test_the_demo_explains_an_upload_with_an_unknown_letter(method):
    """As the Explain page does: the file as it is read, the kind's own baseline."""
    demo = demos.demos()["dna"]
    assert isinstance(demo.data, Path)
    name, letters = demo.data.read_text(encoding="ascii").split(">")[1].split("\n", 1)
    letters = letters.replace("\n", "")
    place = 100
    text = f">{name}\n{letters[:place]}N{letters[place + 1 :]}\n"
    parsed = sequence.read(text.encode(), ".fa")
    kind = KINDS["sequence"]
    x = torch.from_numpy(kind.inputs(parsed, demo.spec, [0]))
    assert x[0, :, place].tolist() == [0.25] * 4
    data = torch.from_numpy(kind.some(parsed, demo.spec))
    network, _ = demos.load("dna")
    answer = explain(network, x, method, kind.default_baseline, 0, data=data)
    assert answer.scores.isfinite().all() and answer.scores.any()
    rounding = 1e-6 if method == "ablation" else 0  # it takes the difference of two outputs
    assert (answer.scores[0, :, place].abs() <= rounding).all()
    if answer.gap is not None:
        assert abs(answer.gap.item()) < 0.02
