"""From a table to what a network gets: the columns chosen, gaps, scale, and what to beware of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.errors import Problem
from explainers.kinds.encoding import source, values_of
from explainers.kinds.files.labels import listed
from explainers.kinds.registry import KINDS, Arrays, InputSpec, Items, Kind, ParsedFile

FILLS = ("refuse", "mean", "median")


def feature_values(parsed: ParsedFile, columns: Sequence[str], fill: str = "refuse") -> np.ndarray:
    """The chosen columns of a table, in their order.

    Parameters
    ----------
    parsed : ParsedFile
        A table, see `explainers.kinds.table.read`.
    columns : sequence of str, length F
        As for `input_values`.
    fill : str
        What becomes of missing values: "refuse" raises a Problem; "mean" and "median" put the
        column's own in their place (in a category both stand for the commonest level).

    Returns
    -------
    ndarray, float64, shape (rows, F)

    Raises
    ------
    Problem
        For columns that do not exist or hold text, and for missing values that may not or cannot
        be filled; it names the columns and counts the rows.

    Examples
    --------
    >>> from explainers.kinds import table
    >>> parsed = table.read(b"age,height\\n30,1.8\\n40,\\n", ".csv")
    >>> feature_values(parsed, ["height", "age"], fill="mean").tolist()
    [[1.8, 30.0], [1.8, 40.0]]
    """
    if fill not in FILLS:
        raise Problem(f"Missing values can be treated by {', '.join(FILLS)}. Choose one of these.")
    facts = parsed[0]
    if not columns:
        raise Problem("No feature is chosen. Choose the columns that the network gets.")
    values = input_values(parsed, columns)
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    if fill == "refuse":
        having = [f"{name} ({n:,})" for name, n in zip(columns, gaps.sum(0), strict=True) if n]
        raise Problem(
            f"{gaps.any(axis=1).sum():,} of {len(values):,} rows "
            f"{'has' if gaps.any(axis=1).sum() == 1 else 'have'} missing values in the chosen "
            f"features: {listed(having)}. Leave these rows out, fill the gaps, or choose other "
            "columns."
        )
    for index, name in enumerate(columns):
        present = values[~gaps[:, index], index]
        if not len(present):
            raise Problem(
                f"Column {listed([columns[index]])} holds no value at all, so it cannot "
                "be filled. Leave it out."
            )
        if source(facts, name)[0] in facts["levels"]:
            instead = np.bincount(present.astype(int)).argmax()
        else:
            instead = present.mean() if fill == "mean" else np.median(present)
        values[gaps[:, index], index] = instead
    return values


def input_values(parsed: ParsedFile, names: Sequence[str]) -> np.ndarray:
    """The inputs of those names, gaps and all: float64 (rows, F), NaN where a value is missing.

    A name is a column's, or "column = value" for an input that is 1 where the column has that
    value.

    Examples
    --------
    >>> from explainers.kinds import table
    >>> parsed = table.read(b"n,c\\n1,no\\n2,yes\\n3,no\\n4,no\\n5,yes\\n", ".csv")
    >>> input_values(parsed, ["c = no", "n"])[:2].tolist()
    [[1.0, 1.0], [0.0, 2.0]]
    """
    empty = np.empty((len(parsed[1]["values"]), 0))
    return np.column_stack([empty, *(values_of(parsed, name) for name in names)])


def complete_rows(parsed: ParsedFile, columns: Sequence[str]) -> np.ndarray:
    """Which rows have a value in all of these columns: bool (rows,).

    Examples
    --------
    >>> from explainers.kinds import table
    >>> parsed = table.read(b"age,height\\n30,1.8\\n40,\\n", ".csv")
    >>> complete_rows(parsed, ["age", "height"]).tolist()
    [True, False]
    """
    missing: np.ndarray = np.isnan(input_values(parsed, columns))
    return np.logical_not(missing.any(axis=1))


def target_column(parsed: ParsedFile, name: str) -> np.ndarray:
    """The column to be predicted.

    Returns
    -------
    ndarray, float64, shape (rows,)
        NaN where the value is missing.

    Raises
    ------
    Problem
        Where there is no such column, naming those that exist, or it holds no numbers or
        categories.
    """
    return values_of(parsed, name, "target").copy()


def mean_and_std(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What standardises each feature: its mean and its standard deviation, or 1 where that is 0.

    Parameters
    ----------
    values : ndarray, shape (rows, F)

    Returns
    -------
    mean, std : ndarray, shape (F,)

    Examples
    --------
    >>> mean, std = mean_and_std(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> mean.tolist(), std.tolist()
    ([2.0, 7.0], [1.0, 1.0])
    """
    spread = values.std(axis=0)
    return values.mean(axis=0), np.where(_constant(values), 1.0, spread)


def data_warnings(
    values: np.ndarray,
    names: Sequence[str],
    groups: Sequence[Sequence[int]] = (),
    scale: np.ndarray | None = None,
) -> list[str]:
    """Sentences on features whose importances are easily misread.

    They are on features that are constant, of very different spread, or correlated.

    Parameters
    ----------
    values : ndarray, shape (rows, F)
    names : sequence of str, length F
    groups : sequence of sequences of int
        Columns that count as one feature; pairs within them are not said.
    scale : ndarray, shape (F,), optional
        What each column is divided by before the network, where it is.

    Examples
    --------
    >>> data_warnings(np.array([[1.0, 7.0], [3.0, 7.0]]), ["age", "year"])
    ['The same value in every row: "year". Nothing can be learned from that.']
    """
    sentences, spread, constant = [], values.std(axis=0), _constant(values)
    if constant.any():
        same_values = [name for name, same in zip(names, constant, strict=True) if same]
        sentences.append(
            f"The same value in every row: {listed(same_values)}. Nothing can be learned from that."
        )
    moving = np.flatnonzero(~constant)
    if len(moving) > 1:
        low, high = (moving[pick(spread[moving])] for pick in (np.argmin, np.argmax))
        if spread[high] > 10 * spread[low]:
            given = spread if scale is None or scale.shape != spread.shape else spread / scale
            even = given[moving].max() <= 10 * given[moving].min()
            sentences.append(
                f'The spread of "{names[high]}" is {spread[high] / spread[low]:,.0f} times that of '
                f'"{names[low]}". '
                + (
                    "The network gets them standardised; weights and slopes are for one unit of "
                    "each, so compare those that are scaled."
                    if even
                    else "A network that was not given standardised features may overlook the "
                    "small ones, and weights alone do not tell what matters."
                )
            )
    group_of = {column: number for number, group in enumerate(groups) for column in group}
    pairs = [
        (r, a, b)
        for r, a, b in _pairs(values, 0.7)
        if a not in group_of or group_of[a] != group_of.get(b)
    ]
    if pairs:
        shown = [f"{names[a]} and {names[b]} ({r:+.2f})" for r, a, b in pairs[:3]]
        sentences.append(
            f'Correlated features share their importance: {listed(shown, 3)[:-1]}"'
            f"{f', and {len(pairs) - 3} more pairs' if len(pairs) > 3 else ''}. Hide such features "
            "together."
        )
    return sentences


def correlated_groups(
    values: np.ndarray, names: Sequence[str], threshold: float = 0.7
) -> list[list[str]]:
    """Groups of features that chains of correlated pairs connect, two or more in each.

    Parameters
    ----------
    values : ndarray, shape (rows, F)
    names : sequence of str, length F
    threshold : float
        The |r| of Pearson above which two features are correlated.

    Examples
    --------
    >>> values = np.array([[1.0, 2.1, 5.0], [2.0, 3.9, 1.0], [3.0, 6.0, 4.0]])
    >>> correlated_groups(values, ["height", "shoe size", "age"])
    [['height', 'shoe size']]
    """
    root = list(range(len(names)))

    def top(index: int) -> int:
        while root[index] != index:
            root[index] = index = root[root[index]]
        return index

    for _, a, b in _pairs(values, threshold):
        a, b = sorted((top(a), top(b)))
        root[b] = a
    groups: dict[int, list[str]] = {}
    for index, name in enumerate(names):
        groups.setdefault(top(index), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _pairs(values: np.ndarray, threshold: float) -> list[tuple[float, int, int]]:
    """Pearson's r of the pairs with |r| above the threshold, the strongest first."""
    moving = np.flatnonzero(~_constant(values))
    if len(values) < 3 or len(moving) < 2:
        return []
    r = np.corrcoef(values[:, moving], rowvar=False)
    rows, columns = np.nonzero(np.triu(np.abs(r) > threshold, 1))
    pairs = [
        (float(r[a, b]), int(moving[a]), int(moving[b])) for a, b in zip(rows, columns, strict=True)
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[0]))


def _constant(values: np.ndarray) -> np.ndarray:
    """Which features have the same value in every row: bool (F,)."""
    return np.ptp(values, axis=0) == 0


def _inputs(parsed: ParsedFile, spec: InputSpec, items: Items) -> np.ndarray:
    rows: Arrays = {"values": parsed[1]["values"][np.asarray(items)]}
    values = input_values((parsed[0], rows), spec.columns)
    if np.isnan(values).any():
        gaps = [n for n, gap in zip(spec.columns, np.isnan(values).any(0), strict=True) if gap]
        raise Problem(f"This row has no value for {listed(gaps)}. Choose another row.")
    return values.astype(np.float32)


KINDS["table"] = Kind(
    "table",
    "row",
    "feature",
    "features",
    dimensions=1,
    scaled_axis=0,
    channels=False,
    default_baseline="data_mean",
    inputs=_inputs,
    items=lambda parsed, spec: np.flatnonzero(complete_rows(parsed, spec.columns)),
)
