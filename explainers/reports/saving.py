"""What `answer.save`, `.plot` and `.report` do: an attribution as files."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.reports import numbers
from explainers.reports.explanation import Explanation, explanation_of

if TYPE_CHECKING:
    from explainers.attribution import Attribution
    from explainers.reports.pictures.sheet import Sheet

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


def plot(answer: Attribution, item: int = 0, **words: Any) -> Sheet:
    """The picture of one of the inputs, drawn as the app draws it.

    Parameters
    ----------
    answer : Attribution
    item : int
        Which of its inputs, from 0.
    **words
        `names`, `steps`, `about`, `title`; see `explainers.reports.explanation.explanation_of`.

    Returns
    -------
    Sheet
        A matplotlib Figure that a notebook shows: `.savefig("….pdf")`, or `.file("svg")`, which
        also keeps the alternative text.

    Raises
    ------
    Problem
        For inputs that have no picture, and for names that do not fit.
    """
    from explainers.reports.pictures.picture import picture

    return picture(explanation_of(answer, item, **words))


def in_notebook(answer: Attribution) -> str:
    """An answer as HTML: the picture of its first input where it has one, and what it says."""
    one = explanation_of(answer)
    shown, count = "", len(answer.scores)
    if one.kind:
        sheet = plot(answer)
        data = base64.b64encode(sheet.file("png")).decode()
        alt = html.escape(sheet.alt, quote=True)
        shown = f'<img alt="{alt}" style="max-width:800px" src="data:image/png;base64,{data}">'
    inputs = f"the first of {count} inputs" if count > 1 else "one input"
    says = f"{one.method_name} for {one.about}, {inputs} of shape {tuple(one.scores.shape)}"
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in one.notes)
    return f"<div><p>{html.escape(says)}</p>{shown}<ul>{notes}</ul></div>"


def report(
    answer: Attribution,
    path: str | Path,
    item: int = 0,
    *,
    by: str = "",
    comment: str = "",
    with_input: bool = False,
    **words: Any,
) -> Path:
    """Write one page about one of the inputs: it opens anywhere and asks for nothing.

    Parameters
    ----------
    answer : Attribution
    path : str or Path
        Ends in .html.
    item : int
        Which of its inputs, from 0.
    by, comment : str
        Who made it, and what they say of it.
    with_input : bool
        Whether the input itself may be read in it; else only its digest.
    **words
        `names`, `steps`, `about`, `title`; see `explainers.reports.explanation.explanation_of`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    Problem
        For another suffix, and for names that do not fit.
    """
    from explainers.reports.page.report_page import Source, report_page

    source = Source(by=by, comment=comment, with_input=with_input)
    return write_page(path, lambda: report_page(explanation_of(answer, item, **words), source))


def write_page(path: str | Path, make: Callable[[], bytes]) -> Path:
    """Make a page and write it to a path that ends in .html.

    Raises
    ------
    Problem
        For another suffix, before it is made; and where the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise Problem(f"A report is a page, report.html; {path.name!r} is none.")
    page = make()
    try:
        path.write_bytes(page)
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}. Choose another.") from error
    return path
