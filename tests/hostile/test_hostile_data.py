"""Tables, series and DNA through the real wall: good ones come out, hostile ones get a sentence."""

import io

import numpy as np
import pandas as pd
import pytest

from explainers.service import codec
from explainers.service.parsing.parsers import PARSERS
from explainers.service.sandbox.sandbox import sandbox_layers
from tests.hostile import data_files
from tests.hostile.files import Runs
from tests.hostile.outcomes import children, outcome

pytestmark = pytest.mark.skipif(
    not sandbox_layers().complete, reason="this system has no complete wall"
)
KINDS = ("table", "series", "sequence")


def test_hostile_data_gets_a_sentence_and_touches_nothing(parser_pool, tmp_path):
    mark, results = tmp_path / "touched", {}
    for name, (kind, options, data) in data_files.everything(Runs(str(mark))):
        results[name] = outcome(parser_pool, name, kind, options, data, most=200e6)
        assert "ended without" not in results[name], f"{name} killed its process"
        assert not mark.exists(), name
    assert len(results) > 100 and children(parser_pool) == []
    results = {name: ending for name, ending in results.items() if ending == "result"}
    never = ("Runs", "bomb", "asks", "GB", "null bytes", "cut", "million columns", "program")
    assert not [name for name in results if any(word in name for word in never)], results


@pytest.mark.parametrize("kind", KINDS)
def test_good_files_of_every_form_come_through_as_they_are_read_outside(parser_pool, kind):
    parser = PARSERS[kind]
    for data, options in parser.warm_up_files():
        facts, arrays = parser_pool.parse(kind, data, **options)
        theirs, numbers = parser.parse(data, **options)
        assert facts == theirs and list(arrays) == list(numbers), options
        for name, values in numbers.items():
            np.testing.assert_array_equal(arrays[name], values)


def test_a_million_rows_are_answered_by_a_sample_and_a_sentence(parser_pool):
    block = "".join(f"{i % 1000},{i % 7 / 8},{'ab'[i % 2]}\n" for i in range(10_000))
    text = "n,f,c\n" + block * 100
    facts, arrays = parser_pool.parse("table", text.encode(), suffix=".csv")
    assert facts["rows"] == 1_000_000 and facts["sampled"] is True
    assert arrays["values"].shape == (100_000, 3)
    assert "100,000 of its 1,000,000 rows, drawn evenly at random" in facts["notes"][0]
    # The standard error of the mean of 100,000 draws from 0 … 999 is 0.9.
    assert abs(arrays["values"][:, 0].mean() - 499.5) < 4


def test_a_large_parquet_file_is_sampled_too(parser_pool):
    out = io.BytesIO()
    pd.DataFrame({"a": np.arange(400_000), "b": ["x", "y"] * 200_000}).to_parquet(out)
    facts, arrays = parser_pool.parse("table", out.getvalue(), suffix=".parquet", most_rows=1000)
    values = arrays["values"]
    assert facts["rows"] == 400_000 and values.shape == (1000, 2)
    assert np.array_equal(values[:, 0] % 2, values[:, 1])


def _lies(kind: str):
    """Answers that `parse` would never give, each from a true one by one change."""
    data, options = next(iter(PARSERS[kind].warm_up_files()))
    facts, arrays = PARSERS[kind].parse(data, **options)
    yield facts, {}
    yield facts, {**arrays, "more": np.zeros(3)}
    yield {**facts, "more": 1}, arrays
    for name, fact in facts.items():
        yield {k: v for k, v in facts.items() if k != name}, arrays
        for wrong in (None, 5, "text", [1], {}, [[]], [fact], ["x" * 2000], ["x"] * 200):
            if wrong != fact:
                yield {**facts, name: wrong}, arrays
    for name, values in arrays.items():
        for wrong in (values[:-1], values[:0], values[None], values.astype(np.float16)):
            yield facts, {**arrays, name: wrong}


@pytest.mark.parametrize("kind", KINDS)
def test_a_lie_about_data_is_found_out(kind):
    for facts, arrays in _lies(kind):
        with pytest.raises((ValueError, AttributeError)):
            PARSERS[kind].check(facts, arrays)


@pytest.mark.parametrize(
    "kind, name, place, value",
    [
        ("table", "values", (0, 1), np.inf),
        ("table", "values", (0, 0), 1.0),
        ("series", "values", (0, 1, 1), np.nan),
        ("series", "values", (0, 0, 0), -np.inf),
        ("sequence", "letters", 2, 15),
        ("sequence", "starts", 1, -3),
        ("sequence", "starts", 1, 99),
        ("sequence", "starts", 0, 1),
        ("sequence", "starts", -1, 4),
    ],
)
def test_a_wrong_number_in_data_is_found_out(kind, name, place, value):
    data, options = next(iter(PARSERS[kind].warm_up_files()))
    facts, arrays = PARSERS[kind].parse(data, **options)
    PARSERS[kind].check(facts, arrays)
    arrays[name][place] = value
    with pytest.raises(ValueError):
        PARSERS[kind].check(facts, arrays)


def test_a_level_that_is_not_there_is_found_out():
    text = b"a,b\n" + b"x,1\ny,2\n" * 4
    facts, arrays = PARSERS["table"].parse(text, suffix=".csv")
    PARSERS["table"].check(facts, arrays)
    for wrong in (2.0, -1.0, 0.5):
        arrays["values"][3, 0] = wrong
        with pytest.raises(ValueError, match="levels"):
            PARSERS["table"].check(facts, arrays)


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_answer_fits_what_may_be_sent(kind):
    from explainers.kinds import sequence, table
    from explainers.kinds.files import labels, long_table

    largest = {
        "table": 8 * table.MOST_KEPT,
        "series": 8 * long_table.MOST_VALUES,
        "sequence": sequence.MOST_LETTERS + 8 * (sequence.MOST_SEQUENCES + 1),
    }
    assert largest[kind] < PARSERS[kind].most_bytes
    assert labels.MOST_FACTS < codec.MOST_FACTS - 100_000
