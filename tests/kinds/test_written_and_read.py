"""Series and sequences as common programs write them come back with the same values."""

import gzip
import io

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays_of

from explainers.kinds import KINDS, sequence, series
from explainers.kinds.alphabet import LETTERS, text_of
from explainers.models.spec import ModelSpec

FEW = settings(max_examples=25, deadline=None)
NUMBERS = some.floats(-1e6, 1e6).map(lambda value: round(value, 4) + 0.0)
SHAPES = some.tuples(some.integers(2, 5), some.integers(3, 8), some.integers(2, 4))
VALUES = SHAPES.flatmap(lambda shape: arrays_of.arrays(np.float64, shape, elements=NUMBERS))
DIALECTS = {
    "pandas": {},
    "tabs": {"sep": "\t"},
    "European": {"sep": ";", "decimal": ","},
    "Excel": {"sep": ";", "encoding": "utf-8-sig", "lineterminator": "\r\n"},
}
SUFFIX = {"tabs": ".tsv"}


def written(frame: pd.DataFrame, dialect: str, **more) -> tuple[bytes, str]:
    out = io.BytesIO()
    frame.to_csv(out, index=False, **DIALECTS[dialect], **more)
    return out.getvalue(), SUFFIX.get(dialect, ".csv")


@FEW
@given(VALUES, some.sampled_from(sorted(DIALECTS)), some.booleans())
def test_a_wide_table_comes_back(values, dialect, packed):
    names = [f"v{at}" for at in range(values.shape[2])]
    frame = pd.DataFrame(values[0], columns=names)
    frame.insert(0, "time", np.arange(len(frame)))
    data, suffix = written(frame, dialect)
    if packed:
        data, suffix = gzip.compress(data), suffix + ".gz"
    facts, arrays = series.read(data, suffix, takes=values.shape[1:])
    np.testing.assert_array_equal(arrays["values"], values[:1])
    assert facts["variables"] == names and facts["time"] == ["time"]


@FEW
@given(VALUES, some.sampled_from(sorted(DIALECTS)), some.booleans())
def test_a_long_table_comes_back_in_either_form(values, dialect, tidy):
    count, steps, width = values.shape
    names = [f"v{at}" for at in range(width)]
    frame = pd.DataFrame(values.reshape(-1, width), columns=names)
    frame.insert(0, "time", np.tile(np.arange(steps), count))
    frame.insert(0, "id", np.repeat([f"s{at}" for at in range(count)], steps))
    frame = frame.melt(["id", "time"]) if tidy else frame
    facts, arrays = series.read(*written(frame, dialect), takes=(steps, width))
    np.testing.assert_array_equal(arrays["values"], values)
    assert facts["names"] == [f"s{at}" for at in range(count)] and facts["variables"] == names


@FEW
@given(VALUES, some.sampled_from(sorted(DIALECTS)), some.data())
def test_rows_with_labels_come_back(values, dialect, data):
    rows = values[..., 0]
    labels = data.draw(some.lists(some.integers(-1, 3), min_size=len(rows), max_size=len(rows)))
    frame = pd.DataFrame(np.column_stack([labels, rows])).astype({0: int})
    text, suffix = written(frame, dialect, header=False)
    facts, arrays = series.read(text, suffix, takes=(rows.shape[1], 1))
    np.testing.assert_array_equal(arrays["values"][..., 0], rows)
    assert facts["labels"] == [str(label) for label in labels]


@FEW
@given(VALUES, some.booleans())
def test_arrays_come_back_whichever_way_they_lie(values, turned):
    out = io.BytesIO()
    np.save(out, values.swapaxes(1, 2) if turned else values)
    facts, arrays = series.read(out.getvalue(), ".npy", takes=values.shape[1:])
    square = values.shape[1] == values.shape[2]
    assert facts["sure"] is not square
    if not square:
        np.testing.assert_array_equal(arrays["values"], values)


RECORDS = some.lists(some.text(LETTERS + LETTERS.lower(), min_size=1, max_size=90), min_size=1)


@FEW
@given(RECORDS, some.integers(10, 80), some.sampled_from(["\n", "\r\n"]), some.booleans())
def test_fasta_comes_back_however_it_is_wrapped(records, width, end, packed):
    lines = []
    for at, letters in enumerate(records):
        lines += [
            f">r{at} of many",
            *(letters[i : i + width] for i in range(0, len(letters), width)),
        ]
    data = end.join([*lines, ""]).encode()
    facts, _ = parsed = sequence.read(
        gzip.compress(data) if packed else data, ".fa.gz" if packed else ".fa"
    )
    assert facts["names"] == [f"r{at}" for at in range(len(records))]
    found = [text_of(sequence.sequence_codes(parsed, at)) for at in range(len(records))]
    assert found == [letters.upper() for letters in records]


@FEW
@given(some.lists(some.text("ACGTN", min_size=1, max_size=60), min_size=1), some.data())
def test_fastq_comes_back_whatever_its_qualities_look_like(records, data):
    signs = "".join(map(chr, range(33, 127)))
    text = ""
    for at, letters in enumerate(records):
        quality = data.draw(some.text(signs, min_size=len(letters), max_size=len(letters)))
        text += f"@r{at}\n{letters}\n+\n{quality}\n"
    parsed = sequence.read(text.encode(), ".fq")
    found = [text_of(sequence.sequence_codes(parsed, at)) for at in range(len(records))]
    assert found == records


@FEW
@given(some.text(LETTERS, min_size=5, max_size=60), some.integers(1, 60))
def test_windows_cover_every_letter_and_are_as_long_as_the_network_takes(letters, window):
    spec = ModelSpec("upload", "", kind="sequence", shape=(4, window), mean=(0.0,), std=(1.0,))
    parsed = sequence.read(f">a\n{letters}\n".encode(), ".fa")
    items = KINDS["sequence"].items(parsed, spec)
    assert (len(items) > 0) == (window <= len(letters))
    covered = np.zeros(len(letters), bool)
    for item in items:
        _, start = sequence.place_of(parsed, item)
        assert text_of(sequence.sequence_codes(parsed, item, window)) == letters[start:][:window]
        covered[start : start + window] = True
    assert covered.all() or not len(items)
