"""How large a file of a source may be."""

MOST_BYTES = 400_000_000
"""Of one file, unpacked."""


def too_large(name: str) -> str:
    """What is said of a file that is larger.

    Examples
    --------
    >>> too_large("a.csv")
    'a.csv is larger than 400 MB. Split it, or make it smaller.'
    """
    return f"{name} is larger than {MOST_BYTES / 1e6:.0f} MB. Split it, or make it smaller."
