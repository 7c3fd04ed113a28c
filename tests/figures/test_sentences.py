"""Sentences on tables, series and sequences: the shares are right, and nothing is claimed."""

import itertools

import numpy as np

from explainers.figures.text import alt_texts, labels, sentences
from explainers.figures.text.sides import OPPOSITION, SENSITIVITY, whole_percent

NAMES = ["age", "bmi", "s5", "sex"]


def test_the_largest_effect_comes_first_and_the_other_direction_is_named():
    scores = np.array([4.0, 3.5, 2.5, -9])
    says = sentences.table_sentence(NAMES, [59, 32.1, 4.9, "male"], scores, "*high*")
    assert says == (
        "*sex* = male (−9) opposes *high*; *age* = 59 (+4) supports *high*: together 68 % of all "
        "effects."
    )
    scores[3] = -11
    says = sentences.table_sentence(NAMES, [59, 32.1, 4.9, "male"], scores, "*high*")
    assert says == (
        "*sex* = male (−11) opposes *high*: 52 % of all effects. The strongest support: *age* = 59 "
        "(+4)."
    )
    two = sentences.table_sentence(["x1", "x2"], [1, 0.3], np.array([0.006, -0.289]), "y")
    assert two.startswith("*x2* = 0.3 (−0.289) opposes y: 98 % of all effects.")
    assert two.endswith("The strongest support: *x1* = 1 (+0.006).")


def test_a_direction_that_nothing_has_is_said_and_methods_without_one_claim_none():
    says = sentences.table_sentence(NAMES, [1, 2, 3, None], np.array([0, -1, 0, -2.0]), "y")
    assert says == "*sex* = missing (−2) opposes y: 67 % of all effects. Nothing supports y."
    strengths = np.array([9.0, 1, 0, 0])
    says = sentences.table_sentence(NAMES, [1, 2, 3, 4], strengths, "y", SENSITIVITY)
    assert says == "*age* = 1 has 90 % of the sensitivity of y."
    against = sentences.table_sentence(NAMES, [1, 2, 3, 4], strengths, "y", OPPOSITION)
    assert against == "*age* = 1 has 90 % of the opposition to y."


def test_effects_that_are_spread_out_are_called_so():
    names = [f"x{i}" for i in range(50)]
    says = sentences.table_sentence(names, range(50), np.ones(50), "y")
    assert says.startswith("Many features move y a little. The strongest: *x0* = 0 (+1), ")
    assert says.endswith("support y: together 6 % of all effects. Nothing opposes y.")
    both = sentences.table_sentence(names, range(50), np.tile([1.0, -1], 25), "y")
    assert both.endswith(
        "*x0* = 0 (+1) and *x2* = 2 (+1) support y; *x1* = 1 (−1) opposes y: together 6 % of all "
        "effects."
    )
    strengths = sentences.table_sentence(names, range(50), np.ones(50), "y", SENSITIVITY)
    assert "spread over many features" in strengths and "have 6 % of it" in strengths


def test_no_effect_is_said():
    for says in (
        sentences.table_sentence(["a"], [1], np.zeros(1), "y"),
        sentences.series_sentence(np.zeros((3, 1)), ["a"], list("abc"), "y"),
        sentences.sequence_sentence(np.zeros(5), "y", [("m", 0, 2)]),
    ):
        assert says.startswith("Nothing in this ") and "supports or opposes y" in says
    assert "no sensitivity of y in this series" in sentences.series_sentence(
        np.zeros((3, 1)), ["a"], list("abc"), "y", SENSITIVITY
    )


def test_a_series_says_which_variable_and_when():
    scores = np.zeros((10, 2))
    scores[4:6, 1], scores[:, 0] = 4.0, 0.1
    steps = [str(2000 + i) for i in range(10)]
    says = sentences.series_sentence(scores, ["wind", "rain"], steps, "y")
    assert says == (
        "*rain* has 89 % of the support for y; half of it lies between *2004* and *2005*, 2 "
        "of 10 time steps. Nothing opposes y."
    )
    scores[4, 1] = 40
    assert "at *2004*, one of 10" in sentences.series_sentence(scores, ["a", "b"], steps, "y")
    whole = np.tile([3.0, -1.0], (10, 1))
    assert sentences.series_sentence(whole, ["wind", "rain"], steps, "y") == (
        "*wind* has 100 % of the support for y; every time step of a variable counts alike. The "
        "opposition is 33 % as strong: *rain* has 100 % of it."
    )
    opposed = sentences.series_sentence(-scores, ["wind", "rain"], steps, "y")
    assert opposed.startswith("*rain* has 98 % of the opposition to y; half of it lies at *2004*")
    assert opposed.endswith("Nothing supports y.")


def test_a_sequence_says_where_counted_from_one():
    support = np.zeros(100)
    support[20:24] = 1.0
    assert sentences.sequence_sentence(support, "y", what=SENSITIVITY) == (
        "Half of the sensitivity of y lies on 2 letters around position 21, of 100 letters."
    )
    support[50], support[70] = 100, -52
    assert sentences.sequence_sentence(support, "y") == (
        "Half of the support for y lies on the letter at position 51, of 100 letters. The "
        "opposition is 50 % as strong: half of it lies on the letter at position 71."
    )


def test_known_motifs_are_given_their_share_of_both_sides():
    support = np.zeros(100)
    support[10:20], support[60:70], support[90] = 1.0, 2.0, 10.0
    spans = [("GATA", 10, 20), ("TAL", 60, 70), ("GATA", 85, 95)]
    said = (
        "50 % of the support for y lies on *GATA*, which covers 20 of 100 letters; 50 % lies on "
        "*TAL*, which covers 10 of 100 letters."
    )
    assert sentences.sequence_sentence(support, "y", spans) == f"{said} Nothing opposes y."
    most_first = sentences.sequence_sentence(support, "y", [spans[0], spans[1]])
    assert most_first.startswith("50 % of the support for y lies on *TAL*, which")
    assert "; 25 % lies on *GATA*, which covers 10" in most_first
    support[86], support[0] = -3, -1
    assert sentences.sequence_sentence(support, "y", spans) == (
        f"{said} The opposition is 10 % as strong: 75 % of it lies on *GATA* and 0 % on *TAL*."
    )
    support[86], support[0] = 0, -0.1
    assert sentences.sequence_sentence(support, "y", spans) == (
        f"{said} There is hardly any opposition: it is less than 1 % as strong."
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
    says = sentences.table_sentence(names, ["*1*", "<b>", 1], np.array([1.0, 0.9, 0.8]), "y")
    assert "\\!\\[x\\]\\(http\u2060\\://a.b/c\\)" in says and r"\_a\_ \$x\$ \:red\[b\]" in says
    assert r"\*1\*" in says


def test_shares_are_never_rounded_to_nothing_or_all():
    assert [whole_percent(s) for s in (0, 0.004, 0.5, 0.996, 1)] == [
        "0 %",
        "< 1 %",
        "50 %",
        "> 99 %",
        "100 %",
    ]


def test_what_is_spoken_holds_the_total():
    scores = np.array([4.0, -3, 2, 1, 0.5, 0.25, -0.5])
    spoken = alt_texts.table_alt_text([f"x{i}" for i in range(7)], range(7), scores)
    assert spoken.startswith("Contributions, strongest first: x0 = 0: +4; x1 = 1: −3; ")
    assert spoken.endswith("2 others together: −0.25.")
    series = alt_texts.series_alt_text(np.array([[3.0, -1]]), ["a", "b"], ["t"], True)
    assert "a 75 %, b 25 %; half lies from t to t" in series
    assert "are zero" in alt_texts.series_alt_text(np.zeros((2, 1)), ["a"], list("ab"), False)


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
