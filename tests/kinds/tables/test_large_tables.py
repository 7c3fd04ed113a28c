"""Large tables are read in bulk: the same values, words and refusals as cell by cell."""

import io

import numpy as np
import pandas as pd
import pytest

from explainers import Problem
from explainers.kinds import table
from explainers.kinds.files import delimited
from explainers.kinds.files.tables import bulk

DRAW = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "x": DRAW.normal(size=400) * 10.0 ** DRAW.integers(-30, 30, 400),
        "s": DRAW.choice(["u", "v w", "é"], 400),
        "n": DRAW.integers(-9, 9, 400),
    }
)
TEXT = FRAME.to_csv(index=False)


def both(monkeypatch, text: str, encoding: str = "utf-8"):
    """The table read in bulk and cell by cell: facts, values and refusals alike."""
    found = []
    for fewest in (0, 1 << 40):
        monkeypatch.setattr(delimited, "FEWEST_BYTES", fewest)
        try:
            facts, arrays = table.read(text.encode(encoding), ".csv")
            found.append((facts, arrays["values"]))
        except Problem as problem:
            found.append((str(problem), np.empty(0)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
    return found[0]


def gap(text: str, at: int, cell: str) -> str:
    lines = text.split("\n")
    lines[at] = cell + lines[at][lines[at].index(",") :]
    return "\n".join(lines)


CASES = {
    "plain": TEXT,
    "numbers alone": FRAME[["x", "n"]].to_csv(index=False),
    "windows": TEXT.replace("\n", "\r\n"),
    "tabs": FRAME.to_csv(index=False, sep="\t"),
    "semicolons": FRAME.to_csv(index=False, sep=";"),
    "decimal commas": FRAME.to_csv(index=False, sep=";", decimal=","),
    "gaps": gap(gap(gap(TEXT, 9, ""), 200, "NA"), 333, " n/a "),
    "spaces": TEXT.replace(",", " , "),
    "a word": gap(TEXT, 300, "bad"),
    "infinite": gap(TEXT, 300, "inf"),
    "too large": gap(TEXT, 300, "1e39"),
    "underscores": gap(TEXT, 300, "1_000"),
    "a plus": gap(TEXT, 300, "+1.5"),
    "thousands far down": gap(TEXT, 300, "1 234"),
    "a price far down": gap(TEXT, 300, "$5"),
    "quoted": gap(TEXT, 300, '"1.5"'),
    "quoted lines": TEXT.replace("v w", '"v\nw"'),
    "one field too many": gap(TEXT, 300, "1,2"),
    "one too many and one too few": gap(TEXT, 300, "1,2").replace("\n", "\n", 1) + "3,a\n",
    "blank lines": TEXT.replace("\n", "\n\n"),
    "comments": "# made\n" + TEXT.replace("\n", "\n# more\n", 300),
    "titles": "A title\n\n" + TEXT,
    "no names": TEXT.partition("\n")[2],
    "no line end": TEXT.rstrip(),
    "many line ends": TEXT + "\n\n",
    "carriage returns": TEXT.replace("\n", "\r"),
}


@pytest.mark.parametrize("name", CASES)
def test_in_bulk_and_cell_by_cell_are_one(name, monkeypatch):
    monkeypatch.setattr(bulk, "_PIECE", 3000)
    facts, _ = both(monkeypatch, CASES[name])
    if name in ("plain", "windows", "tabs", "no names", "spaces"):
        assert facts["types"] == ["number", "category", "number"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding, monkeypatch):
    both(monkeypatch, TEXT, encoding)


def test_plain_numbers_are_read_in_bulk_and_exactly(monkeypatch):
    monkeypatch.setattr(delimited, "FEWEST_BYTES", 0)
    monkeypatch.setattr(delimited, "_blocks", lambda *arguments: pytest.fail("cell by cell"))
    out = io.StringIO()
    FRAME[["x", "n"]].to_csv(out, index=False)
    _, arrays = table.read(out.getvalue().encode(), ".csv")
    np.testing.assert_array_equal(arrays["values"], FRAME[["x", "n"]].to_numpy(float))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("word", ["é", "\0", "\x85", '"q"'])
def test_what_stands_below_the_lines_that_tell_the_encoding(word, encoding, monkeypatch):
    monkeypatch.setattr(bulk, "_PIECE", 3000)
    monkeypatch.setattr(delimited, "start_of", lambda data: data[: data.index(b"\n", 5000) + 1])
    text = TEXT.replace("é", "u")
    below = "\n".join(f"1.5,{word},{n}" for n in range(9))
    both(monkeypatch, f"{text}{below}\n", encoding)
    numbers = FRAME[["x", "n"]].to_csv(index=False)
    both(monkeypatch, gap(numbers, 390, word), encoding)
