"""What the checks of a run's maps say, in sentences."""

from __future__ import annotations

from explainers.figures.text.words import percent
from explainers.many.checking.map_checks import MOST_OTHERS, other_methods
from explainers.many.summary.checks import CheckSummary
from explainers.methods import METHODS


def check_sentences(found: CheckSummary, method: str, kind: str) -> list[str]:
    """A sentence or two on each check.

    Parameters
    ----------
    found : CheckSummary
    method : str
        The run's.
    kind : str
        A key of KINDS.

    Examples
    --------
    >>> found = CheckSummary(240, 231, 0, None, None, 0, "")
    >>> print(check_sentences(found, "deeplift", "picture")[0])
    231 of 240 maps beat chance: hiding and revealing their hottest parts first moves the answer \
more than in random orders. A map that knows nothing does so in about half.
    """
    said = []
    if found.proofs:
        said.append(
            f"{found.proven:,} of {found.proofs:,} maps beat chance: hiding and revealing their "
            "hottest parts first moves the answer more than in random orders. A map that knows "
            "nothing does so in about half."
        )
    if found.overlap is not None:
        line = f"With those of {compared_with(method, kind)} the maps share "
        line += f"{percent(found.overlap)} of the hottest tenth (chance: 10 %)"
        if found.rank_correlation is not None:
            line += f", with a rank correlation of {correlation(found.rank_correlation)}"
        said.append(f"{line}; medians of {found.compared:,}.")
    if found.unchecked:
        several = f"{found.unchecked:,} maps" if found.unchecked > 1 else "1 map"
        said.append(f"{several} could not be checked: {found.why}")
    return said


def compared_with(method: str, kind: str) -> str:
    """The methods that a method's maps are compared with, by name.

    Examples
    --------
    >>> compared_with("integrated_gradients", "picture")
    'DeepLIFT and Gradient × input'
    """
    names = [METHODS[key].name for key in other_methods(method, kind)[:MOST_OTHERS]]
    return " and ".join(names)


def correlation(value: float) -> str:
    """A rank correlation in words.

    Examples
    --------
    >>> correlation(-0.123)
    '−0.12'
    """
    return f"{value:.2f}".replace("-", "−")
