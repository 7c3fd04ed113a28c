"""The README's table of formats, from what all readers declare; run as a module, it writes it."""

from __future__ import annotations

from explainers.kinds.files.formats import markdown
from explainers.locations import PROJECT
from explainers.service.parsing import parsers

BEGIN = "<!-- formats: written by python -m explainers.service.parsing.format_table -->"
END = "<!-- end of formats -->"


def rendered(text: str) -> str:
    """A page's text with the table of all formats between its two marks.

    Raises
    ------
    ValueError
        Where the marks are missing.

    Examples
    --------
    >>> BEGIN in rendered(f"before {BEGIN} old {END} after")
    True
    """
    if not parsers.PARSERS or text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"There must be one {BEGIN} and one {END}.")
    before, after = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{markdown()}\n\n{END}{after.split(END)[1]}"


if __name__ == "__main__":
    readme = PROJECT / "README.md"
    readme.write_text(rendered(readme.read_text(encoding="utf-8")), encoding="utf-8")
