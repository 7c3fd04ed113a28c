"""What the attempts at a shard leave on the disk: where the last one was, which inputs it names."""

from __future__ import annotations

import contextlib
from pathlib import Path

from explainers.errors import ModelProblem
from explainers.many.keeping.folders import names_in, remove_folder
from explainers.many.keeping.journal import (
    ON_INPUTS,
    TRIES,
    Place,
    PlaceFile,
    PlacePut,
    SetAside,
)
from explainers.many.remote.location import is_remote

FOLDER = "cluster"
"""In the run's folder, while a call works on it."""


class Attempts:
    """The attempts at one shard. Each reads where the one before it ended, and counts it.

    Parameters
    ----------
    folder : Path
        Of the run.
    number : int
        Of the shard.

    Examples
    --------
    >>> import tempfile
    >>> from explainers.many.keeping.journal import EXPLAINING
    >>> folder = Path(tempfile.mkdtemp())
    >>> for _ in range(2):  # both end while they explain input 5
    ...     aside = Attempts(folder, 0).begin()
    ...     Attempts(folder, 0).at(Place(EXPLAINING, 5, 6))
    >>> Attempts(folder, 0).begin().endings
    {5: 'Explaining it ended its worker twice.'}
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._run, self._number = folder, number
        self._folder = folder / FOLDER / f"{number:05d}"
        self._place = (PlacePut if is_remote(folder) else PlaceFile)(self._folder / "place")
        self._early = self._folder / "early"

    def begin(self) -> SetAside:
        """Count how the last attempt ended, where one did; the inputs that are suspected.

        Raises
        ------
        ModelProblem
            Where attempts end again and again before they have come to an input.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        found = SetAside.of(self._run).joined(SetAside.of(self._folder))
        last, early = self._place.read(), 0
        if last is not None and last.step in ON_INPUTS:
            found.suspect(last, "worker")
            found.keep(self._folder)
        elif last is not None:
            early = self.early + 1
        if early >= TRIES:
            raise ModelProblem(
                f"Workers ended {early} times before they came to an input of shard "
                f"{self._number}. See whether the network can be loaded, and whether memory "
                "suffices."
            )
        if early != self.early:
            self._early.write_bytes(str(early).encode())
        self._place.write(Place())
        return found

    def at(self, place: Place) -> None:
        """Where the attempt is."""
        self._place.write(place)

    def end(self) -> None:
        """The attempt ended as it should, whatever came of it."""
        (self._folder / "place").unlink(missing_ok=True)

    @property
    def early(self) -> int:
        """How many attempts in a row ended before they came to an input."""
        with contextlib.suppress(OSError, ValueError):
            return int(self._early.read_text(encoding="utf-8"))
        return 0

    @property
    def trace(self) -> tuple[object, ...]:
        """What differs after every attempt that got anywhere."""
        found = SetAside.of(self._folder)
        return self._place.read(), self.early, sum(found.tries.values())


def clear(folder: Path) -> None:
    """Delete what attempts left in a run's folder; what they know of its inputs is kept.

    Parameters
    ----------
    folder : Path
        Of the run.
    """
    known = SetAside.of(folder)
    for name in names_in(folder / FOLDER):
        if name.isdecimal():
            known = known.joined(SetAside.of(folder / FOLDER / name))
    if known != SetAside.of(folder):
        known.keep(folder)
    remove_folder(folder / FOLDER)
