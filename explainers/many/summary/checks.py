"""What the checks of a run's maps say together: how many are proven, how far methods agree."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from explainers.many.keeping.shards import Row

COLUMNS = ("proven", "overlap", "rank_correlation", "unchecked")
"""Of the rows, those that are read here."""


@dataclass(frozen=True)
class CheckSummary:
    """The checks of a run.

    Attributes
    ----------
    proofs, proven : int
        Maps that have a proof, and those of them that beat chance.
    compared : int
        Maps that were compared with those of other methods.
    overlap, rank_correlation : float or None
        Their medians; see `explainers.many.keeping.shards.schema`.
    unchecked : int
        Maps of which a check could not be made.
    why : str
        The first one's sentence.
    """

    proofs: int
    proven: int
    compared: int
    overlap: float | None
    rank_correlation: float | None
    unchecked: int
    why: str


def summarise_checks(rows: Iterable[Row]) -> CheckSummary | None:
    """What the checks say; None of a run without any.

    Parameters
    ----------
    rows : iterable of dict
        With COLUMNS, where they have them; see `explainers.many.keeping.shards.schema`. Read once;
        16 bytes of each are held.

    Examples
    --------
    >>> rows = [{"proven": True, "rank_correlation": 0.5, "overlap": 0.25}, {"proven": False}]
    >>> found = summarise_checks(rows)
    >>> found.proofs, found.proven, found.compared, found.rank_correlation
    (2, 1, 1, 0.5)
    >>> summarise_checks([{"proven": None}]) is None
    True
    """
    proofs = proven = unchecked = 0
    why, overlaps, ranks = "", array("d"), array("d")
    for row in rows:
        proofs += row.get("proven") is not None
        proven += bool(row.get("proven"))
        if row.get("unchecked"):
            unchecked += 1
            why = why or str(row["unchecked"])
        for values, name in ((overlaps, "overlap"), (ranks, "rank_correlation")):
            if row.get(name) is not None:
                values.append(row[name])
    if not (proofs or overlaps or unchecked):
        return None
    return CheckSummary(
        proofs, proven, len(overlaps), _median(overlaps), _median(ranks), unchecked, why
    )


def _median(values: array[float]) -> float | None:
    return float(np.median(values)) if values else None
