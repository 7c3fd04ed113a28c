"""How files of tables begin: names, years as names, counts, comments, titles, units."""

import numpy as np
import pytest

from explainers.kinds import table


def read(text: str, suffix: str = ".csv"):
    facts, arrays = table.read(text.encode(), suffix)
    return facts["columns"], arrays["values"], facts["notes"]


ROWS = "".join(f"{i},{2 * i + 1},{i % 3}\n" for i in range(3, 23))
EXPECTED = [[i, 2 * i + 1, i % 3] for i in range(3, 23)]


def test_years_are_names():
    text = '"Country Name","Country Code","1960","1961"\n'
    text += "".join(f'"Land {i}","L{i:02}",{3 * i},{4 * i}\n' for i in range(20))
    names, values, _ = read(text)
    assert names == ["Country Name", "Country Code", "1960", "1961"] and len(values) == 20
    assert values[:, 2:].tolist() == [[3 * i, 4 * i] for i in range(20)]
    names, values, _ = read(text.replace('"', ""))
    assert names[2:] == ["1960", "1961"] and len(values) == 20
    assert read("1990,1995,2000\n7,8,2\n9,7,1\n")[0] == ["1990", "1995", "2000"]


def test_places_are_names_as_pandas_writes_them():
    names, values, _ = read("0,1,2\n" + ROWS)
    assert names == ["0", "1", "2"] and values.tolist() == EXPECTED


def test_numbers_in_quotation_marks_over_numbers_without_are_names():
    names, values, _ = read('"7","9","4"\n' + ROWS)
    assert names == ["7", "9", "4"] and values.tolist() == EXPECTED


@pytest.mark.parametrize("first", ["7,9,4\n", "1960,4,1\n", "0,1,1\n"])
def test_a_first_row_of_values_is_a_row(first):
    names, values, notes = read(first + ROWS)
    assert names == ["column 1", "column 2", "column 3"] and len(values) == 21
    assert "first line holds values" in notes[0]


def test_rows_that_count_on_are_no_names():
    rows = "".join(f"{y},{y + 1},{y + 2}\n" for y in range(1960, 1980))
    assert len(read(rows)[1]) == 20
    assert len(read("1990,1991\n1980,1985\n1970,1971\n")[1]) == 3


def test_a_row_of_counts_is_left_out():
    rows = "".join(f"{5 + i / 8},{3 + i / 4},{i % 3}\n" for i in range(20))
    names, values, notes = read("20,2,setosa,versicolor,virginica\n" + rows)
    assert names == ["column 1", "column 2", "column 3"] and len(values) == 20
    assert values[0].tolist() == [5, 3, 0] and "counts rows and columns" in notes[0]
    assert len(read("20,2,malignant,benign\n" + rows)[1]) == 20
    assert len(read("20,2\n" + rows)[1]) == 20


def test_comments_are_left_out_and_lines_still_counted():
    text = "# made by hand\n# it's \"so\n\na,b,c\n" + ROWS
    names, values, notes = read(text)
    assert names == ["a", "b", "c"] and values.tolist() == EXPECTED
    assert "2 lines of comments" in notes[0]
    names, values, _ = read(ROWS.replace("9,19,0\n", "# here it rained\n9,19,0\n"))
    assert len(values) == 20
    _, _, notes = read("# x\na,b\n" + "1,2\n" * 9 + "1,bad\n")
    assert 'line 12 holds "bad"' in " ".join(notes)


def test_a_comment_may_hold_the_names():
    names, values, notes = read("# a,b,c\n" + ROWS)  # as numpy.savetxt writes them
    assert names == ["a", "b", "c"] and values.tolist() == EXPECTED
    assert "comment above" in " ".join(notes)


def test_a_first_column_may_begin_with_a_hash():
    text = "colour,x\n" + "".join(f"#f{i % 3},{i}\n" for i in range(12))
    facts, arrays = table.read(text.encode(), ".csv")
    assert facts["types"] == ["category", "number"] and len(arrays["values"]) == 12


def test_titles_above_the_names_are_left_out():
    text = '"Data Source","World"\n\n"Last Updated","2024"\n\n"a","b","c"\n' + ROWS
    names, values, notes = read(text)
    assert names == ["a", "b", "c"] and values.tolist() == EXPECTED
    assert '2 lines of text stand before the table ("Data Source, World")' in notes[0]


def test_a_row_of_units_is_no_case():
    names, values, notes = read("a,b,c\ncm,kg,\n" + ROWS)
    assert names == ["a", "b", "c"] and values.tolist() == EXPECTED
    assert 'units ("cm", "kg")' in notes[0]
    assert len(read("n,a,b\nname,(m/s),[1]\n" + "".join(f"p{i},{i},3\n" for i in range(9)))[1]) == 9


def test_a_first_case_with_a_gap_is_a_case():
    text = "city,a\nBonn,unknown\n" + "".join(
        f"{'Bonn' if i % 2 else 'Köln'},{i}\n" for i in range(9)
    )
    assert len(read(text)[1]) == 10


def test_blank_lines_and_lines_of_spaces_are_no_rows():
    assert read("\n\na,b,c\n\n" + ROWS.replace("\n", "\n  \n"))[1].tolist() == EXPECTED


@pytest.mark.parametrize("gap", [" ", "   "])
def test_fields_separated_by_spaces(gap):
    text = f" a{gap}b{gap}c\n" + ROWS.replace(",", gap).replace("\n", " \n")
    names, values, _ = read(text, ".txt")
    assert names == ["a", "b", "c"] and values.tolist() == EXPECTED


def test_names_of_rows_as_r_writes_them():
    text = '"mpg" "cyl"\n' + "".join(f'"car {i}" {i}.5 {i % 3}\n' for i in range(20))
    names, values, _ = read(text, ".txt")
    assert names == ["column 1", "mpg", "cyl"]
    assert values[:, 1:].tolist() == [[i + 0.5, i % 3] for i in range(20)]


@pytest.mark.parametrize("name", ["", '""', "Unnamed: 0", "rownames"])
@pytest.mark.parametrize("start", [0, 1])
def test_a_first_column_that_counts_the_rows_is_no_feature(name, start):
    text = f"{name},a,b\n" + "".join(f"{i},{i * i},{i % 3}\n" for i in range(start, 20))
    facts, arrays = table.read(text.encode(), ".csv")
    assert facts["types"] == ["index", "number", "number"]
    assert np.isnan(arrays["values"][:, 0]).all() and "counts the rows" in " ".join(facts["notes"])


def test_a_first_column_that_does_not_count_is_a_feature():
    text = ",a\n" + "".join(f"{i * i},{i}\n" for i in range(20))
    assert table.read(text.encode(), ".csv")[0]["types"] == ["number", "number"]


def test_names_that_come_twice_are_said():
    names, values, notes = read("a,a,b\n" + "".join(f"{i},{i + 1},{i * i}\n" for i in range(20)))
    assert names == ["a", "a (2)", "b"] and 'got a number: "a"' in notes[0]
    assert values[2].tolist() == [2, 3, 4]
