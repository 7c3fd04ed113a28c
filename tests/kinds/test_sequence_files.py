"""DNA from FASTA, lines and one-hot arrays, and a sentence that names the place of each mistake."""

import gzip
import io

import numpy as np
import pytest

from explainers import Problem
from explainers.kinds import KINDS, sequence
from explainers.kinds.alphabet import one_hot, text_of
from explainers.kinds.sequence import sequence_codes
from explainers.models.spec import ModelSpec

DNA = ModelSpec("upload", "", kind="sequence", shape=(4, 0), mean=(0.0,), std=(1.0,))
DNA10 = ModelSpec("upload", "", kind="sequence", shape=(4, 10), mean=(0.0,), std=(1.0,))


def read(text: str, suffix: str = ".fa"):
    return sequence.read(text.encode(), suffix)


def npy(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def test_records_come_with_their_names_and_all_their_lines():
    facts, arrays = parsed = read(">chr1 first one\nACGT\nacgn\r\n\n>two\nTT\n")
    assert facts["names"] == ["chr1", "two"] and facts["notes"] == []
    assert [text_of(sequence_codes(parsed, i)) for i in range(2)] == ["ACGTACGN", "TT"]
    assert arrays["starts"].tolist() == [0, 8, 10]


def test_each_line_of_plain_text_is_a_sequence():
    parsed = read("ACGT\nGGGG\n", ".txt")
    assert text_of(sequence_codes(parsed, 1)) == "GGGG" and "Each line" in parsed[0]["notes"][0]


def test_rna_is_read_with_a_note():
    parsed = read(">r\nACGU\nuuu\n")
    assert (
        text_of(sequence_codes(parsed, 0)) == "ACGTTTT"
        and "U was read as T" in parsed[0]["notes"][0]
    )


def test_one_hot_rows_are_the_letters_and_n_is_a_quarter_of_each():
    hot = one_hot(np.array([0, 1, 2, 3, 4], np.uint8))
    assert hot.dtype == np.float32 and np.array_equal(hot[:, :4], np.eye(4))
    assert np.array_equal(hot[:, 4], [0.25] * 4)


@pytest.mark.parametrize("bad", ["Z", "-", "1", " ", "*"])
def test_another_letter_is_named_with_record_line_and_position(bad):
    with pytest.raises(Problem, match='record "b", line 3, position 3 .letter 7 of the record'):
        read(f">b\nACGT\nAC{bad}T\n")
    with pytest.raises(Problem) as caught:
        read(f">a\nAC{bad}TACGTACGTACGT\n")
    assert bad == " " or f'"{bad}" is no DNA' in str(caught.value)


@pytest.mark.parametrize("bad", ["Z", "-", "1", " ", "*"])
def test_a_bad_record_is_left_out_by_name_and_the_others_are_read(bad):
    facts, arrays = parsed = read(f">a\nACGT\n>b\nACGT\nAC{bad}T\n>empty\n>c\nTN\n")
    assert facts["names"] == ["a", "c"] and arrays["starts"].tolist() == [0, 4, 6]
    assert [text_of(sequence_codes(parsed, i)) for i in range(2)] == ["ACGT", "TN"]
    empty, wrong = facts["notes"]
    assert '"empty"' in empty and '"b"' in wrong and "line 5, position 3" in wrong


def test_a_letter_that_stands_for_several_is_their_equal_share():
    facts, arrays = parsed = read(">a\nACGTRYKMBACGT\n")
    given = KINDS["sequence"].inputs(parsed, DNA, [0])[0]
    wanted = {"R": "AG", "Y": "CT", "K": "GT", "M": "AC", "B": "CGT"}
    for column, letter in zip(given.T, "ACGTRYKMBACGT", strict=True):
        letters = wanted.get(letter, letter)
        share = np.array([one in letters for one in "ACGT"]) / len(letters)
        np.testing.assert_array_equal(column, share.astype(np.float32))
    assert "5 of 13 letters stand for several: R (A or G), Y (C or T)" in facts["notes"][0]
    again = sequence.read(npy(given), ".npy")
    assert np.array_equal(again[1]["letters"], arrays["letters"])


def test_fastq_is_read_without_its_qualities():
    text = "@r1 x\nACGT\n+r1\n@@II\n\n@r2\nAC\nGN\n+\nI+\n@I\n@r3\n\n+\n\n@r4\nAAA\n+\nI"
    facts, _ = parsed = read(text, ".fq")
    assert facts["names"] == ["r1", "r2"]
    assert [text_of(sequence_codes(parsed, i)) for i in range(2)] == ["ACGT", "ACGN"]
    assert "qualities in this FASTQ" in facts["notes"][0]
    assert '"r3"' in facts["notes"][1] and '"r4" has another number' in facts["notes"][2]
    with pytest.raises(Problem, match='"a" is cut off before its qualities'):
        read("@a\nACGT\n", ".fastq")


@pytest.mark.parametrize("blocks", [[b">a\nACGT\n>b\nTT\n"], [b">a\nAC", b"GT\n>b\n", b"", b"TT"]])
def test_packed_records_are_read_also_in_blocks(blocks):
    parsed = sequence.read(b"".join(map(gzip.compress, blocks)), ".fa.gz")
    assert [text_of(sequence_codes(parsed, i)) for i in range(2)] == ["ACGT", "TT"]


@pytest.mark.parametrize(
    "data, message",
    [
        (b">a\nACGT\n", "not packed by gzip"),
        (gzip.compress(b">a\nACGT\n")[:-6], "cut off"),
        (gzip.compress(b">a\nACGT\n")[:12] + b"\xff" * 20, "damaged|cut off"),
        (gzip.compress(gzip.compress(b">a\nACGT\n")), "packed twice"),
        (gzip.compress(bytes(50_000_000)), "more than 40 MB"),
    ],
)
def test_what_is_wrong_with_a_packed_file_is_said(data, message):
    with pytest.raises(Problem, match=message):
        sequence.read(data, ".fa.gz")


def test_longer_records_come_in_windows_and_shorter_ones_not():
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 4, length).astype(np.uint8) for length in (23, 9, 10)]
    parsed = read("".join(f">r{i}\n{text_of(part)}\n" for i, part in enumerate(codes)))
    items = KINDS["sequence"].items(parsed, DNA10)
    places = [(0, 0), (0, 5), (0, 10), (0, 13), (2, 0)]
    assert [sequence.place_of(parsed, item) for item in items] == places
    seen = KINDS["sequence"].inputs(parsed, DNA10, items)
    for window, (record, start) in zip(seen, places, strict=True):
        np.testing.assert_array_equal(window, one_hot(codes[record][start : start + 10]))
    with pytest.raises(Problem, match='takes 10 letters; from letter 1 on, "r1" has 9'):
        KINDS["sequence"].inputs(parsed, DNA10, [1])
    with pytest.raises(Problem, match='from letter 15 on, "r0" has 9'):
        KINDS["sequence"].inputs(parsed, DNA10, [3 * 14])


def test_other_formats_are_told_how_to_become_fasta():
    with pytest.raises(Problem, match="GenBank file.*'genbank', 'own.fa', 'fasta'"):
        read("LOCUS       SCU49845  5028 bp  DNA\n", ".txt")


def test_a_protein_is_recognised():
    protein = ">sp|P69905|HBA\nMVLSPADKTNVKAAWGKVGAHAGEYGAEALERMFLSFPTTKTYFPHFDLSHGSAQVKGHGKKV\n"
    with pytest.raises(Problem, match="looks like protein.*E, F, L, P"):
        read(protein)
    with pytest.raises(Problem, match='letter "L" is no DNA'):
        read(">a\n" + "ACGT" * 20 + "L\n")


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("kind", ["u1", "f4", "f8", "?", "i8"])
def test_one_hot_arrays_lie_either_way(last, kind):
    letters = np.random.default_rng(0).integers(0, 5, (3, 7))
    values = np.vstack([np.eye(4), np.zeros(4)])[letters].astype(kind)
    values = values if last else values.swapaxes(1, 2)
    parsed = sequence.read(npy(values), ".npy")
    assert np.array_equal(parsed[1]["letters"], letters.ravel())
    single = sequence.read(npy(values[1]), ".npy")
    assert np.array_equal(single[1]["letters"], letters[1]) and single[0]["notes"] == []


def test_where_both_ways_are_possible_rows_are_letters():
    values = np.eye(4)[[3, 3, 0, 1]]  # rows: a sequence T T A C if it lay along them
    with pytest.raises(Problem, match="not one-hot"):
        sequence.read(npy(values), ".npy")
    facts, arrays = sequence.read(npy(np.eye(4)[[1, 0, 3, 2]].T), ".npy")
    assert arrays["letters"].tolist() == [1, 0, 3, 2] and "rows are taken" in facts["notes"][0]


@pytest.mark.parametrize(
    "column, shown",
    [
        ([1, 1, 0, 0], "1, 1, 0, 0"),
        ([0.6, 0.4, 0, 0], "0.6, 0.4, 0, 0"),
        ([2, 0, 0, 0], "2, 0, 0, 0"),
        ([1, 0, 0, np.nan], "1, 0, 0, nan"),
        ([1, -1, 0, 0], "1, -1, 0, 0"),
    ],
)
def test_the_first_place_that_is_not_one_hot_is_named(column, shown):
    values = np.tile(np.eye(4), (2, 1, 2))
    values[1, :, 5] = column
    values[1, :, 7] = column
    with pytest.raises(Problem, match=f"Sequence 2, position 6 is not one-hot: .*are {shown}"):
        sequence.read(npy(values), ".npy")


def test_quarters_are_n_as_one_hot_makes_them():
    letters = np.array([0, 4, 3, 2, 4], np.uint8)
    assert np.array_equal(sequence.read(npy(one_hot(letters)), ".npy")[1]["letters"], letters)


def test_an_array_of_the_wrong_shape_is_told_both_shapes():
    for shape in ((7,), (3, 5), (2, 3, 5), (2, 4, 0), (1, 2, 4, 5)):
        with pytest.raises(Problem) as caught:
            sequence.read(npy(np.zeros(shape)), ".npy")
        assert f"shape {shape}; expected is (N, 4, L)" in str(caught.value)


def test_there_are_limits_and_a_note_before_them():
    assert "takes long" in read(">a\n" + "A" * 10_001)[0]["notes"][0]
    with pytest.raises(Problem, match="1,000,001 letters or more"):
        read(">a\n" + "A" * 1_000_001)
    with pytest.raises(Problem, match="20,001 sequences"):
        read(">a\nA\n" * 20_001)
    with pytest.raises(Problem, match="1,200,000 letters"):
        sequence.read(npy(np.zeros((300, 4, 4000), "u1")), ".npy")


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "no sequence"),
        (">a\n>b\n", '"a" has no letters'),
        (">a\n", "no letters"),
        ("\n\n", "no sequence"),
    ],
)
def test_what_holds_no_sequence_gets_a_sentence(text, message):
    with pytest.raises(Problem, match=message):
        read(text)
