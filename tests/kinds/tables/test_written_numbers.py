"""Numbers as people write them in tables: read as what they mean, and said."""

import pytest

from explainers import Problem
from explainers.kinds import table


def column(cells, delimiter=",", other=("1", "2")):
    """The values that a column of these cells gives, its type, and what was said."""
    lines = [f'"x"{delimiter}"other"']
    lines += [f'"{cell}"{delimiter}"{other[i % 2]}"' for i, cell in enumerate(cells)]
    facts, arrays = table.read("\n".join(lines).encode(), ".csv")
    return facts["types"][0], arrays["values"][:, 0].tolist(), " ".join(facts["notes"])


@pytest.mark.parametrize(
    "cells, delimiter, values, said",
    [
        (["1,234", "950", "1,234,567"], ",", [1234, 950, 1234567], "separates thousands"),
        (["1,234.50", "7.25"], ",", [1234.5, 7.25], "separates thousands"),
        (["1.234,05", "7,5"], ";", [1234.05, 7.5], "the point separates thousands"),
        (["1.234.567", "2"], ";", [1234567, 2], "the point separates thousands"),
        (["0,5", "1,25"], ",", [0.5, 1.25], "decimal comma"),
        (["1 234", "12", "1 000 000"], ",", [1234, 12, 1e6], "the space separates thousands"),
        (["1\u00a0234,5", "7,25"], ";", [1234.5, 7.25], "the space separates thousands"),
        (["1\u202f234", "2\u202f000"], ",", [1234, 2000], "the space separates thousands"),
        (["1'234.50", "1’000"], ",", [1234.5, 1000], "the apostrophe separates thousands"),
        (["12,34,567", "1,000"], ",", [1234567, 1000], "separates thousands"),
        (["$5.50", "$1,200.00", "-$3.00", "($4.10)"], ",", [5.5, 1200, -3, -4.1], "left off"),
        (["5,50 €", "1.200,00 €"], ";", [5.5, 1200], '"€" is left off'),
        (["USD 5", "USD 7.5"], ",", [5, 7.5], '"USD" is left off'),
        (["5%", "12.5 %", "7%"], ",", [0.05, 0.125, 0.07], "a fraction of 1"),
        (["5 kg", "7.5 kg"], ",", [5, 7.5], '"kg" is left off'),
        (["36 months", "60 months"], ",", [36, 60], '"months" is left off'),
        (["−5.5", "3"], ",", [-5.5, 3], ""),
        (["(1,234)", "1,000"], ",", [-1234, 1000], "separates thousands"),
    ],
)
def test_a_number_is_read_as_it_is_meant_and_said(cells, delimiter, values, said):
    kind, read, notes = column(cells * 3, delimiter)
    assert kind == "number" and read == values * 3 and said in notes


@pytest.mark.parametrize("cells", [["1.5", "2"], ["1e5", "2E-3"], ["+1", "-.5"], ["5.", "NA"]])
def test_plain_numbers_need_no_word(cells):
    assert column(cells * 3)[2] == ""


def test_the_decimal_comma_of_a_file_with_semicolons_needs_no_word():
    assert column(["1,5", "2,25"] * 3, ";")[1:] == ([1.5, 2.25] * 3, "")


@pytest.mark.parametrize(
    "cells",
    [["5 kg", "7 g"], ["$5", "€5"], ["2D", "3D"], ["192.168.1.1", "10.0.0.1"], ["1st", "2nd"]]
    + [["2024-01-02", "2024-02-03"], ["12:30", "1:15"], ["5%", "0.05"], ["A1", "A2"]],
)
def test_what_is_no_number_of_one_unit_stays_text(cells):
    assert column(cells * 4)[0] == "category"


def test_three_digits_behind_a_comma_are_doubtful_and_that_is_said():
    assert column(["1,234", "5,678"] * 3)[1][:2] == [1234, 5678]
    assert "if that is wrong" in column(["1,234", "5,678"] * 3)[2]
    # Fields are separated otherwise, and every number has three decimals.
    assert column(["1,234", "5,678"] * 3, ";")[1][:2] == [1.234, 5.678]
    assert column(["1,234", "950"] * 3, ";")[1][:2] == [1234, 950]
    # Other columns tell.
    assert column(["1,234", "5,678"] * 3, ";", ("0.5", "2.25"))[1][:2] == [1234, 5678]
    assert column(["1.234", "5.678"] * 3, ";", ("0,5", "2,25"))[1][:2] == [1234, 5678]
    assert column(["1.234", "5.678"] * 3, ";", ("0.5", "2.25"))[1][:2] == [1.234, 5.678]


def test_a_guess_that_a_later_row_contradicts_is_taken_back(monkeypatch):
    from explainers.kinds.files import delimited

    monkeypatch.setattr(delimited, "BLOCK_CELLS", 20)
    with pytest.raises(Problem, match='in two ways: "1,234" and, at line 202, "1,5"'):
        column(["1,234"] * 200 + ["1,5"] * 2)


def test_what_is_not_written_alike_is_missing_and_said():
    kind, values, notes = column(["$5.50"] * 9 + ["free"])
    assert kind == "number" and values[:9] == [5.5] * 9 and values[9] != values[9]
    assert '"free", taken as missing' in notes


@pytest.mark.parametrize("name", ["european", "thousands"])
def test_made_files(name):
    if name == "european":
        rows = "".join(f"ä{i};1.234,{i:02};{i}\n" for i in range(20))
        data = ("\ufeffname;preis;anzahl\n" + rows).encode()
        expected = [1234 + i / 100 for i in range(20)]
    else:
        rows = "".join(f'p{i},"{1000 + 1037 * i:,}",{20 + i}\n' for i in range(20))
        data = ("name,income,age\n" + rows).encode()
        expected = [1000 + 1037 * i for i in range(20)]
    facts, arrays = table.read(data, ".csv")
    assert facts["types"] == ["text", "number", "number"]
    assert arrays["values"][:, 1].tolist() == expected
    assert any("separates thousands" in note for note in facts["notes"])
