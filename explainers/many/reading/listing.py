"""What was found when a source was listed: it is told to others, and it must stay so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from explainers.errors import Problem
from explainers.many.reading.regions.indexing import Place
from explainers.many.remote.asking import StoreAway
from explainers.models.spec import ModelSpec


@dataclass(frozen=True)
class Listing:
    """With it, the inputs of a source are read without listing it again, on any machine.

    Attributes
    ----------
    spec : ModelSpec
        Completed, where `complete`.
    complete : bool
    files, digests : tuple of str
        Names of its files, and SHA-256 of their bytes.
    counts : tuple of int
        Inputs of each file.
    pieces : mapping of int to int
        Number of a file that is read in pieces → inputs of each but the last.
    chromosomes : mapping of str to Place
        Of a genome: where they lie in its file.
    """

    spec: ModelSpec
    complete: bool
    files: tuple[str, ...]
    digests: tuple[str, ...]
    counts: tuple[int, ...]
    pieces: Mapping[int, int] = field(default_factory=dict)
    chromosomes: Mapping[str, Place] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 over the names and digests of all files."""
        whole = hashlib.sha256()
        for name, digest in zip(self.files, self.digests, strict=True):
            whole.update(f"{digest} {name}\n".encode(errors="surrogateescape"))
        return whole.hexdigest()


class SourceChanged(Problem):
    """A file is no longer what it was when its source was listed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not what it was when the run's files were listed: it changed, or cannot be "
            "read here. Put it back to go on; another source needs another `to`."
        )


def sha256(data: bytes) -> str:
    """Of a file's bytes.

    Examples
    --------
    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def listed_bytes(name: str, digest: str, read: Callable[[str], bytes]) -> bytes:
    """The bytes of a file that was listed.

    Parameters
    ----------
    name, digest : str
        As it was listed; one that could not be read has the digest of no bytes.
    read : callable
        Name → bytes.

    Raises
    ------
    SourceChanged
        Where they are not those of then.
    StoreAway
        Where an object store cannot say.
    Problem
        Where the file can be read no more than it could then.

    Examples
    --------
    >>> listed_bytes("a.csv", sha256(b"a"), lambda name: b"a")
    b'a'
    """
    problem, data = None, b""
    try:
        data = read(name)
    except StoreAway:
        raise
    except Problem as error:
        problem = error
    if sha256(data) != digest:
        raise SourceChanged(name) from problem
    if problem is not None:
        raise problem
    return data
