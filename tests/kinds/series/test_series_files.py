"""Time series from wide and long tables and from arrays, and a sentence for each mistake."""

import io

import numpy as np
import pandas as pd
import pytest

from explainers import Problem
from explainers.kinds import series


def read(text: str, suffix: str = ".csv", **options):
    return series.read(text.encode(), suffix, **options)


def npz(**arrays) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def test_a_wide_table_is_one_series_with_its_time():
    facts, arrays = read("date,rain,wind\n2024-01-01,0,3\n2024-01-02,1,2\n")
    assert facts["variables"] == ["rain", "wind"] and facts["names"] == ["series 1"]
    assert facts["steps"] == ["2024-01-01", "2024-01-02"]
    assert arrays["values"].tolist() == [[[0, 3], [1, 2]]]


@pytest.mark.parametrize(
    "first, timed",
    [
        ("t,1,2,3", True),
        ("year,2001,2002,2004", True),
        ("x,3,1,2", False),
        ("day,01.02.2024,02.02.2024,03.02.2024", True),
        ("x,1,1,2", False),
    ],
)
def test_a_first_column_is_the_time_by_name_by_dates_or_since_it_rises(first, timed):
    name, *cells = first.split(",")
    facts, arrays = read(f"{name},v\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells)))
    assert facts["variables"] == (["v"] if timed else [name, "v"])
    assert facts["steps"] == (cells if timed else ["1", "2", "3"])
    assert arrays["values"].shape == (1, 3, 1 if timed else 2)


def _frame() -> tuple[np.ndarray, pd.DataFrame]:
    values = np.random.default_rng(0).normal(size=(3, 12, 2)).round(3)
    index = pd.MultiIndex.from_product([["a", "b", "c"], range(12)], names=["id", "time"])
    return values, pd.DataFrame(values.reshape(-1, 2), index, ["x", "y"]).reset_index()


@pytest.mark.parametrize("shuffled", [False, True])
def test_both_long_forms_give_the_array_they_were_made_of(shuffled):
    values, frame = _frame()
    tidy = frame.melt(["id", "time"])
    if shuffled:
        order = np.random.default_rng(1)
        frame, tidy = (f.sample(frac=1, random_state=order.integers(99)) for f in (frame, tidy))
    for table in (frame, tidy):
        facts, arrays = read(table.to_csv(index=False))
        rows = [facts["names"].index(name) for name in "abc"]
        columns = [facts["variables"].index(name) for name in "xy"]
        np.testing.assert_array_equal(arrays["values"][rows][..., columns], values)
        assert facts["steps"] == [str(i) for i in range(12)], "2 before 10"


def test_series_of_unequal_lengths_come_with_their_lengths():
    values, frame = _frame()
    for table in (frame[:-1], frame[:-1].melt(["id", "time"])):
        facts, arrays = read(table.to_csv(index=False))
        assert facts["names"] == ["a", "b", "c"] and arrays["lengths"].tolist() == [12, 12, 11]
        np.testing.assert_array_equal(arrays["values"][2, :11], values[2, :11])
        assert facts["steps"] == [str(i) for i in range(12)]


def test_a_lacking_variable_and_a_doubled_step_are_named():
    tidy = _frame()[1].melt(["id", "time"])
    with pytest.raises(Problem, match='Series "c" has 12 values of "x" but 11 of "y"'):
        read(tidy[:-1].to_csv(index=False))
    doubled = tidy.copy()
    doubled.loc[5, "time"] = 4
    with pytest.raises(Problem, match='Series "a" has the time "4" twice'):
        read(doubled.to_csv(index=False))
    apart = tidy.copy()
    apart.loc[11, "time"] = 99
    with pytest.raises(Problem, match='has "y" at the time "11" where it has "x" at "99"'):
        read(apart.to_csv(index=False))


def test_series_at_different_times_keep_their_order():
    facts, arrays = read("name,time,v\na,1,10\na,2,11\nb,8,13\nb,7,12\n")
    assert facts["steps"] == ["1", "2"] and "different times" in facts["notes"][0]
    assert arrays["values"][..., 0].tolist() == [[10, 11], [12, 13]]


@pytest.mark.parametrize("bad, message", [("abc", "no number"), ("inf", "infinite")])
def test_a_step_without_a_finite_number_is_named_with_its_line(bad, message):
    wide = "t,x,y\n1,2,3\n2,4,5\n" + f"3,6,{bad}\n"
    long = "id,time,x,y\na,1,2,3\na,2,4,5\n" + f"b,1,6,{bad}\nb,2,0,0\n"
    for text in (wide, long):
        with pytest.raises(Problem, match=f'Column "y", line 4: .*{message}'):
            read(text)


def test_arrays_lie_time_first_or_variables_first():
    values = np.arange(24.0).reshape(2, 3, 4)
    words = {"variables": np.array(list("abcd")), "steps": np.array(["u", "v", "w"])}
    facts, arrays = series.read(npz(values=values, other=np.zeros(2), **words), ".npz")
    assert np.array_equal(arrays["values"], values) and facts["variables"] == list("abcd")
    assert facts["steps"] == ["u", "v", "w"] and facts["names"] == ["series 1", "series 2"]
    _, arrays = series.read(npz(x=values.astype("f4")), ".npz", layout="variables first")
    assert np.array_equal(arrays["values"], values.transpose(0, 2, 1))
    out = io.BytesIO()
    np.save(out, np.asfortranarray(values[0].astype(">i2")))
    facts, arrays = series.read(out.getvalue(), ".npy")
    assert np.array_equal(arrays["values"], values[:1]) and facts["steps"] == ["1", "2", "3"]


def test_an_array_of_the_wrong_shape_is_told_both_shapes():
    for shape in ((5,), (2, 3, 4, 5), (0, 3, 4), ()):
        out = io.BytesIO()
        np.save(out, np.zeros(shape))
        with pytest.raises(Problem) as caught:
            series.read(out.getvalue(), ".npy")
        assert f"shape {shape}; expected is (N, T, V) or (T, V)" in str(caught.value)
    wrong = npz(x=np.zeros((2, 3, 4)), variables=np.array(list("abc")))
    with pytest.raises(Problem, match=r"\(3,\); expected is \(4,\).*they are variables first"):
        series.read(wrong, ".npz")


@pytest.mark.parametrize("bad", [-np.inf, np.inf])
def test_a_bad_value_in_an_array_is_named_with_its_place(bad):
    values = np.zeros((2, 3, 4))
    values[1, 2, 0] = bad
    with pytest.raises(Problem, match=f'"series 2", step "3", variable "a": this is {bad}'):
        series.read(npz(x=values, variables=np.array(list("abcd"))), ".npz")


def test_what_is_no_series_gets_a_sentence():
    for text, message in (
        ("variable,value\nx,1\ny,2\n", "none for the time"),
        ("a,b\n", "no rows"),
        ("id,time\na,1\na,2\n", "holds no values"),
    ):
        with pytest.raises(Problem, match=message):
            read(text)
    with pytest.raises(Problem, match="2 arrays of numbers: a, b"):
        series.read(npz(a=np.zeros((2, 2)), b=np.zeros((2, 2))), ".npz")
    with pytest.raises(Problem, match="100,001 steps"):
        series.read(npz(a=np.zeros((100_001, 1), "u1")), ".npz")
    with pytest.raises(Problem, match="layout"):
        read("a\n1\n", layout="sideways")
