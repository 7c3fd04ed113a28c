"""What `answer.save`, `.plot` and `.report` do: an attribution as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.reports import numbers
from explainers.reports.explanation import Explanation, explanation_of

if TYPE_CHECKING:
    from explainers.attribution import Attribution

WRITERS: dict[str, Callable[[Sequence[Explanation]], bytes]] = {
    ".npz": numbers.as_npz,
    ".csv": numbers.as_csv,
    ".parquet": numbers.as_parquet,
}
"""How numbers of several inputs are written, by the suffix of the file."""


def save(answer: Attribution, path: str | Path, **words: Any) -> Path:
    """Write the numbers of all inputs as one file; the suffix says which.

    Parameters
    ----------
    answer : Attribution
    path : str or Path
        Ends in .npz, .csv or .parquet.
    **words
        `names`, `steps`, `about`; see `explainers.reports.explanation.explanation_of`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    Problem
        For another suffix, and for names that do not fit.

    Examples
    --------
    >>> import tempfile, torch
    >>> from explainers import explain
    >>> answer = explain(lambda x: x.prod(1), torch.tensor([[2.0, 3.0]]), "gradient_x_input")
    >>> file = answer.save(f"{tempfile.mkdtemp()}/answer.csv", names=["width", "height"])
    >>> print(file.read_text())
    feature,input,baseline,score
    width,2.0,0.0,6.0
    height,3.0,0.0,6.0
    <BLANKLINE>
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise Problem(
            f"An answer's numbers are saved as {', '.join(WRITERS)}; {path.name!r} is none of "
            "these. For a picture: answer.plot().savefig(…); for a page to send: answer.report(…)."
        )
    everything = [explanation_of(answer, item, **words) for item in range(len(answer.scores))]
    path.write_bytes(writer(everything))
    return path
