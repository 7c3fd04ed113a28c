"""One DNA alphabet: text, codes and columns are each other, and N is N in either encoding."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from explainers.kinds.alphabet import (
    INVALID,
    LETTERS,
    STANDS_FOR,
    UNKNOWN,
    ambiguous_columns,
    checked_codes,
    codes_of_columns,
    codes_of_text,
    is_dna,
    one_hot,
    text_of,
    unknown_columns,
)

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


@given(some.text(LETTERS, min_size=1, max_size=40))
def test_text_codes_and_columns_are_each_other(text):
    codes = codes_of_text(text)
    assert text_of(codes) == text == text_of(checked_codes(text.lower()))
    columns = one_hot(codes)[None]
    assert (codes_of_columns(columns)[0] == codes).all()
    assert (columns.sum(1) == 1).all(), "N is an expectation over letters"
    assert (codes_of_columns(columns * (codes != UNKNOWN))[0] == codes).all(), "zeros are N too"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("column", [[0.25] * 4, [0.0] * 4])
def test_both_columns_of_an_unknown_letter_are_dna(dtype, column):
    x = torch.eye(4)[:, [2, 0, 3]][None].to(dtype)
    x[0, :, 1] = torch.tensor(column, dtype=dtype)
    assert is_dna(x)
    assert codes_of_columns(x).tolist() == [[2, UNKNOWN, 3]]
    assert unknown_columns(x).tolist() == [[[False, True, False]]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_stands_for_several_letters_is_their_share_in_every_precision(dtype):
    codes = np.arange(len(LETTERS), dtype=np.uint8)
    x = torch.from_numpy(one_hot(codes)).to(torch.float64)[None].to(dtype)
    assert is_dna(x) and np.array_equal(codes_of_columns(x)[0], codes)
    assert unknown_columns(x)[0, 0].tolist() == [at == UNKNOWN for at in range(len(LETTERS))]
    assert ambiguous_columns(x)[0, 0].tolist() == [at >= UNKNOWN for at in range(len(LETTERS))]
    for column, letters in zip(x[0].double().T, STANDS_FOR, strict=True):
        assert [bool(share) for share in column] == [one in letters for one in "ACGT"]
        assert column.sum().item() == pytest.approx(1, abs=3e-3)


@pytest.mark.parametrize(
    "column",
    [
        [0.5, 0.5, 0.5, 0],
        [0.6, 0.4, 0, 0],
        [0.3, 0.3, 0.4, 0],
        [1, 1, 0, 0],
        [0.3, 0.2, 0.2, 0.3],
        [0.25, 0.25, 0.25, 0.2],
        [0.25, 0, 0, 0],
        [2, 0, 0, 0],
        [float("nan"), 1, 0, 0],
        [1, 0, 0, -1],
    ],
)
def test_other_columns_are_not(column):
    x = torch.eye(4)[None].clone()
    x[0, :, 3] = torch.tensor(column)
    assert not is_dna(x)
    assert codes_of_columns(x).tolist() == [[0, 1, 2, INVALID]]


def test_rna_is_read_as_dna_and_what_is_no_letter_is_invalid():
    assert text_of(codes_of_text("acguU")) == "ACGTT"
    assert codes_of_text("A-é\u202eN").tolist() == [0, INVALID, INVALID, INVALID, 4]
    assert codes_of_text(b"A\xffN").tolist() == [0, INVALID, 4]
