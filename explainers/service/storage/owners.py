"""What is known of an upload beside its bytes: who brought it, and as what."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class Brought(msgspec.Struct, frozen=True):
    """How one visitor brought an upload: what it was called, when, and what it is used for."""

    name: str = ""
    when: float = 0.0
    use: tuple[str, str] | None = None


class Entry(msgspec.Struct):
    """What is known of an upload beside its bytes; `answers` were written by earlier versions."""

    owners: list[str] = []
    shared: bool = False
    answers: list[str] = []
    brought: dict[str, Brought] = {}


@dataclass(frozen=True)
class Upload:
    """An upload, as its owner sees it.

    Attributes
    ----------
    digest : str
    name : str
        What the file was called.
    size : int
        Bytes.
    when : float
        When it was brought last, in seconds since 1970.
    shared : bool
        Whether whoever has a link with it can open it.
    use : (str, str) or None
        The name of a choice, and the value that it has where this upload is used.
    made : int
        How many answers were made of it.
    """

    digest: str
    name: str
    size: int
    when: float
    shared: bool
    use: tuple[str, str] | None
    made: int
