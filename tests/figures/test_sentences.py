"""Sentences on tables, series and sequences: the shares are right, and nothing is claimed."""

import itertools

import numpy as np

from explainers.figures.text import labels, sentences

NAMES = ["age", "bmi", "s5", "sex"]


def test_the_fewest_features_that_hold_half_of_the_support_are_named():
    scores = np.array([4.0, 3.5, 2.5, -9])
    says = sentences.table_sentence(NAMES, [59, 32.1, 4.9, "male"], scores, "*high*", True)
    assert says == "*age* = 59 and *bmi* = 32.1 carry 75 % of the support for *high*."
    one = sentences.table_sentence(NAMES, [1, 2, 3, 4], np.array([9.0, 1, 0, 0]), "y", False)
    assert one == "*age* = 1 carries 90 % of the attention to y."


def test_one_that_opposes_more_than_all_support_is_named_with_it():
    scores = np.array([4.0, 3.5, 2.5, -10.5])
    says = sentences.table_sentence(NAMES, [59, 32.1, 4.9, "male"], scores, "*high*", True)
    assert says.endswith("of the support for *high*; *sex* = male opposes more than all of it.")
    spread = np.array([*np.ones(50), -51.0])
    says = sentences.table_sentence([f"x{i}" for i in range(51)], range(51), spread, "y", True)
    assert "spread over many" in says and "*x50* = 50 opposes more than all of it" in says
    assert "oppose" not in sentences.table_sentence(NAMES, [1, 2, 3, 4], scores, "y", False)


def test_support_that_is_spread_out_is_called_so():
    says = sentences.table_sentence([f"x{i}" for i in range(50)], range(50), np.ones(50), "y", True)
    assert "is spread over many features" in says and "carry 6 % of it" in says


def test_no_support_is_said():
    says = sentences.table_sentence(NAMES, [1, 2, 3, None], np.array([0, -1, 0, -2.0]), "y", True)
    assert says.startswith("There is no support for y") and "*sex* = missing opposes" in says
    assert "opposes" not in sentences.table_sentence(["a"], [1], np.zeros(1), "y", True)
    assert "no support" in sentences.series_sentence(
        -np.ones((3, 1)), ["a"], list("abc"), "y", True
    )
    assert "no support" in sentences.sequence_sentence(-np.ones(5), "y", [("m", 0, 2)])


def test_a_series_says_which_variable_and_when():
    scores = np.zeros((10, 2))
    scores[4:6, 1], scores[:, 0] = 4.0, 0.1
    steps = [str(2000 + i) for i in range(10)]
    says = sentences.series_sentence(scores, ["wind", "rain"], steps, "y", True)
    assert says == (
        "*rain* carries 89 % of the support for y; half of it lies between *2004* and *2005*, 2 "
        "of 10 time steps."
    )
    scores[4, 1] = 40
    assert "at *2004*, one of 10" in sentences.series_sentence(scores, ["a", "b"], steps, "y", True)
    whole = np.tile([3.0, -1.0], (10, 1))
    assert sentences.series_sentence(whole, ["wind", "rain"], steps, "y", True) == (
        "*wind* carries 100 % of the support for y; every time step of a variable counts alike."
    )


def test_a_sequence_says_where_counted_from_one():
    support = np.full(100, -1.0)
    support[20:24] = 1.0
    assert sentences.sequence_sentence(support, "y") == (
        "Half of the support for y lies on 2 letters around position 21, of 100 letters."
    )
    support[50] = 100
    assert "on the letter at position 51," in sentences.sequence_sentence(support, "y")


def test_known_motifs_are_given_their_share_of_the_support():
    support = np.zeros(100)
    support[10:20], support[60:70], support[90] = 1.0, 2.0, 10.0
    spans = [("GATA", 10, 20), ("TAL", 60, 70), ("GATA", 85, 95)]
    assert sentences.sequence_sentence(support, "y", spans) == (
        "50 % of the support for y lies on *GATA*, which covers 20 of 100 letters; 50 % lies on "
        "*TAL*, which covers 10 of 100 letters."
    )


def test_the_shortest_half_is_what_trying_all_runs_finds():
    rng = np.random.default_rng(0)
    for _ in range(50):
        support = rng.integers(0, 5, size=9).astype(float)
        support[rng.integers(9)] += 1
        start, stop = sentences.shortest_half(support)
        runs = [
            (i, j)
            for i, j in itertools.combinations(range(10), 2)
            if 2 * support[i:j].sum() >= support.sum()
        ]
        assert (start, stop) in runs
        assert stop - start == min(j - i for i, j in runs)


def test_names_from_files_have_no_markup():
    names = ["![x](http://a.b/c)", "_a_ $x$ :red[b]", "c"]
    says = sentences.table_sentence(names, ["*1*", "<b>", 1], np.array([1.0, 0.9, 0.8]), "y", True)
    assert r"\!\[x\]\(http\://a.b/c\)" in says and r"\_a\_ \$x\$ \:red\[b\]" in says
    assert r"\*1\*" in says


def test_shares_are_never_rounded_to_nothing_or_all():
    assert [sentences.whole_percent(s) for s in (0, 0.004, 0.5, 0.996, 1)] == [
        "0 %",
        "< 1 %",
        "50 %",
        "> 99 %",
        "100 %",
    ]


def test_what_is_spoken_holds_the_total():
    scores = np.array([4.0, -3, 2, 1, 0.5, 0.25, -0.5])
    spoken = sentences.table_alt_text([f"x{i}" for i in range(7)], range(7), scores)
    assert spoken.startswith("Contributions, strongest first: x0 = 0: +4; x1 = 1: −3; ")
    assert spoken.endswith("2 others together: −0.25.")
    series = sentences.series_alt_text(np.array([[3.0, -1]]), ["a", "b"], ["t"], True)
    assert "a 75 %, b 25 %; half lies from t to t" in series
    assert "are zero" in sentences.series_alt_text(np.zeros((2, 1)), ["a"], list("ab"), False)


def test_numbers_are_short_and_have_a_true_minus():
    assert [labels.number(v) for v in (0, 12345.6, -0.05, 0.00001234, 2.5e8)] == [
        "0",
        "12346",
        "−0.05",
        "1.23e−5",
        "2.50e8",
    ]
    assert labels.number(3.14159, 4, sign=True) == "+3.142"
    assert labels.value_text(float("nan")) == labels.value_text(None) == "missing"
    assert labels.value_text(np.float32(2020)) == "2020" and labels.value_text("male") == "male"
    assert labels.number(0.9996) == "1"


def test_a_unit_stays_on_one_line_of_a_label_and_a_long_word_is_parted():
    assert labels.wrapped("body mass index (kg/m²)", "3.2") == "body mass index<br>(kg/m²) = 3.2"
    assert labels.wrapped("total cholesterol (mg/dL)") == "total cholesterol<br>(mg/dL)"
    lines = labels.wrapped("a_very_long_snake_case_name_of_it").split("<br>")
    assert len(lines) == 2 and lines[0].endswith("_") and max(map(len, lines)) <= 22
