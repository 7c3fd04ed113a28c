"""An even sample of a table's rows, however they come and however many were expected."""

import numpy as np

from explainers.kinds import table
from explainers.kinds.files.columns import Sample


def read(text: str, **options):
    return table.read(text.encode(), ".csv", **options)


def test_a_larger_table_is_sampled_evenly_and_says_so():
    text = "i,b\n" + "".join(f"{i},{i % 7}\n" for i in range(50_000))
    facts, arrays = read(text, most_rows=2000)
    kept = arrays["values"][:, 0]
    assert facts["rows"] == 50_000 and facts["sampled"] is True and len(kept) == 2000
    assert "2,000 of its 50,000 rows" in facts["notes"][0]
    assert (np.diff(kept) > 0).all(), "rows keep their order, none comes twice"
    assert np.array_equal(kept % 7, arrays["values"][:, 1]), "rows stay whole"
    # A uniform draw's mean has the standard error 50,000 / √12 / √2000 = 323; four of them.
    assert abs(kept.mean() - 25_000) < 4 * 323
    counts = np.histogram(kept, 10, (0, 50_000))[0]
    assert ((counts - 200) ** 2 / 200).sum() < 27.9, "χ² with 9 degrees of freedom, p = 0.001"
    assert np.array_equal(kept, read(text, most_rows=2000)[1]["values"][:, 0]), "seeded"


def test_a_sample_does_not_depend_on_how_rows_come():
    whole, parts = Sample(50), Sample(50)
    for sample, size in ((whole, 1000), (parts, 30)):
        for start in range(0, 1000, size):
            rows = np.arange(start, min(start + size, 1000))
            sample.add(rows[sample.draw(len(rows))])
    assert np.array_equal(whole.rows()[0], parts.rows()[0]) and len(whole.rows()[0]) == 50


def test_a_sample_is_the_same_whatever_number_of_rows_was_expected():
    for expected, short in ((1000, False), (300, False), (40, False), (10**6, True)):
        known, guessed = Sample(50), Sample(50, expected=expected)
        for sample in (known, guessed):
            for start in range(0, 1000, 40):
                rows = np.arange(start, start + 40)
                sample.add(rows[sample.draw(40)])
        assert guessed.short is short and not known.short
        if not short:
            assert np.array_equal(known.rows()[0], guessed.rows()[0])
    few = Sample(50, expected=20)
    few.add(np.arange(20)[few.draw(20)])
    assert not few.short and len(few.rows()[0]) == 20


def test_a_table_whose_first_lines_are_short_loses_no_row(monkeypatch):
    """By its beginning it has 20 times as many rows as it has."""
    text = "a,b\n" + "1,2\n" * 2000 + "0.123456789012345678,0.123456789012345678\n" * 40_000
    calm = read(text, most_rows=500)
    monkeypatch.setattr(table, "_BEGINNING", 8000)
    hasty = read(text, most_rows=500)
    assert hasty[0] == calm[0] and len(hasty[1]["values"]) == 500
    assert np.array_equal(hasty[1]["values"], calm[1]["values"])
