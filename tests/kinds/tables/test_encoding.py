"""Categories as numbers: as pandas and scikit-learn encode them, and one feature in the picture."""

import numpy as np
import pandas as pd
import pytest

from explainers import Problem
from explainers.kinds import encoding, features, table

DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "island": DRAW.choice(["Biscoe", "Dream", "Torgersen"], 60),
        "mass": DRAW.integers(2700, 6300, 60),
        "sex": DRAW.choice(["female", "male"], 60),
    }
)
PARSED = table.read(FRAME.to_csv(index=False).encode(), ".csv")


@pytest.mark.parametrize("how, drop", [("each", False), ("but first", True)])
def test_one_hot_columns_are_those_of_pandas(how, drop):
    names = encoding.encoded(PARSED[0], ["mass", "island", "sex"], how)
    dummies = pd.get_dummies(FRAME, drop_first=drop)  # numbers first
    assert [name.replace(" = ", "_") for name in names] == list(dummies)
    np.testing.assert_array_equal(features.input_values(PARSED, names), dummies.to_numpy(float))
    matched = encoding.by_name(PARSED[0], list(dummies), ["island", "mass", "sex"])
    assert matched == (names, [])


def test_ordinal_and_one_hot_codes_are_those_of_scikit_learn():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    texts = FRAME[["island", "sex"]]
    ordinal = preprocessing.OrdinalEncoder().fit_transform(texts)
    np.testing.assert_array_equal(features.input_values(PARSED, ["island", "sex"]), ordinal)
    one_hot = preprocessing.OneHotEncoder(sparse_output=False).fit(texts)
    names = [f"cat__{name}" for name in one_hot.get_feature_names_out()]
    found = encoding.by_name(PARSED[0], names, ["island", "mass", "sex"]).inputs
    np.testing.assert_array_equal(features.input_values(PARSED, found), one_hot.transform(texts))


def test_a_missing_value_is_missing_in_every_column_that_comes_from_it():
    frame = FRAME.copy()
    frame.loc[4, "island"] = None
    parsed = table.read(frame.to_csv(index=False).encode(), ".csv")
    names = encoding.encoded(parsed[0], ["island", "mass"], "each")
    gaps = np.isnan(features.input_values(parsed, names))
    assert gaps[4].tolist() == [True, True, True, False] and gaps.sum() == 3
    assert not features.complete_rows(parsed, names)[4]


def test_what_is_shown_of_a_group_is_the_value_in_the_file():
    for how in ("places", "each", "but first"):
        names = encoding.encoded(PARSED[0], list(FRAME), how)
        groups = encoding.groups(PARSED[0], names)
        values = features.input_values(PARSED, names)
        assert [encoding.source(PARSED[0], names[g[0]])[0] for g in groups] == list(FRAME)
        for row in range(len(FRAME)):
            for column, group in zip(FRAME, groups, strict=True):
                said = encoding.shown(PARSED[0], [names[at] for at in group], values[row, group])
                true = FRAME[column][row]
                no = how == "but first" and column == "island" and true == "Biscoe"
                assert said == ("Biscoe" if no else true)


def test_names_with_signs_of_their_own():
    text = "a = b,c\n" + "".join(f"{'x = y' if i % 2 else 'z'},{i}\n" for i in range(9))
    parsed = table.read(text.encode(), ".csv")
    names = encoding.encoded(parsed[0], ["a = b"], "each")
    assert [encoding.source(parsed[0], name) for name in names] == [
        ("a = b", "x = y"),
        ("a = b", "z"),
    ]
    assert features.input_values(parsed, names)[:2].tolist() == [[0, 1], [1, 0]]


def test_a_value_that_no_row_has_is_no_input():
    with pytest.raises(Problem, match='no column "island = Mars"'):
        features.input_values(PARSED, ["island = Mars"])
