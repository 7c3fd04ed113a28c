"""Series are read with numbers as people write them, as tables are."""

import pytest

from explainers import Problem
from explainers.kinds import series

VALUES = [[1234.5, 0.25], [987654.25, 0.5], [12.0, -0.75]]
EUROPEAN = [["1.234,5", "25 %"], ["987.654,25", "50 %"], ["12", "-75 %"]]
AMERICAN = [["$1,234.50", "25%"], ["$987,654.25", "50%"], ["$12.00", "-75%"]]
WAYS = {"european": (EUROPEAN, ";"), "american": (AMERICAN, "\t")}


def wide(cells: list[list[str]], delimiter: str) -> bytes:
    rows = [["time", "income", "share"], *([str(t), *row] for t, row in enumerate(cells))]
    return "\n".join(map(delimiter.join, rows)).encode()


def long(cells: list[list[str]], delimiter: str) -> bytes:
    head = ["id", "time", "income", "share"]
    body = [[name, str(t), *row] for name in "ab" for t, row in enumerate(cells)]
    return "\n".join(map(delimiter.join, [head, *body])).encode()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("table, count", [(wide, 1), (long, 2)])
def test_thousands_decimals_money_and_shares_are_read_and_said(way, table, count):
    facts, arrays = series.read(table(*WAYS[way]), ".txt")
    assert arrays["values"].tolist() == [VALUES] * count
    assert facts["variables"] == ["income", "share"]
    said = " ".join(facts["notes"])
    assert 'column "income"' in said and 'column "share"' in said and "fraction of 1" in said


def test_a_row_a_series_with_decimal_commas():
    rows = ["1;0,5;1.000,25;2", "2;1,5;0,125;3", "1;2,5;0,5;4", "2;0,25;0,75;5"]
    _, arrays = series.read("\n".join(rows).encode(), ".csv", takes=(3, 1))
    assert arrays["values"][:, :, 0].tolist() == [
        [0.5, 1000.25, 2],
        [1.5, 0.125, 3],
        [2.5, 0.5, 4],
        [0.25, 0.75, 5],
    ]


def test_two_ways_of_writing_in_one_column_are_refused():
    head = "time;x;y\n"
    rows = "".join(f"{t};1.234;2\n" for t in range(4)) + "4;1,5;2\n5;1.234,5;3\n6;0.5;2\n"
    with pytest.raises(Problem):
        series.read((head + rows).encode(), ".csv")
