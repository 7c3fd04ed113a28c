"""What a run is at: read by whoever watches it, and after it has died."""

from __future__ import annotations

import contextlib
import json
import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path

from explainers.many.keeping.whole_files import write_whole

_NUMBERS = struct.Struct("<6q")
TRIES = 2
"""An input that ended its process so often is worked on no more."""
LISTING, READING, EXPLAINING, WRITING, PREDICTING = range(5)
ON_INPUTS = {READING: "Reading", EXPLAINING: "Explaining", PREDICTING: "Predicting"}
"""The steps that an input may end, in words."""


@dataclass(frozen=True)
class Place:
    """Where a run is.

    Attributes
    ----------
    step : int
        LISTING, READING, EXPLAINING, PREDICTING or WRITING.
    start, stop : int
        The inputs that it is at: start, …, stop − 1.
    done, failed, total : int
        Inputs that have been dealt with, those of them that failed, and all.
    """

    step: int = LISTING
    start: int = 0
    stop: int = 0
    done: int = 0
    failed: int = 0
    total: int = 0


def _packed(place: Place) -> bytes:
    numbers = place.step, place.start, place.stop, place.done, place.failed, place.total
    return _NUMBERS.pack(*numbers)


class Journal:
    """A file that holds a run's place. It outlives the process that writes, however that ends.

    Parameters
    ----------
    path : Path

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "journal"
    >>> Journal(path).write(Place(EXPLAINING, 4, 8))
    >>> Journal(path).read()
    Place(step=2, start=4, stop=8, done=0, failed=0, total=0)
    """

    def __init__(self, path: Path) -> None:
        if not path.exists() or path.stat().st_size != _NUMBERS.size:
            path.write_bytes(bytes(_NUMBERS.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _NUMBERS.size)

    def write(self, place: Place) -> None:
        """Keep it: the system has it from here on, also where this process is killed."""
        self._memory[:] = _packed(place)

    def read(self) -> Place:
        """The last one that was kept."""
        return Place(*_NUMBERS.unpack(self._memory[:]))


class PlaceFile:
    """The same by plain writing, so that other machines see it on a folder that they share.

    Parameters
    ----------
    path : Path

    Examples
    --------
    >>> import tempfile
    >>> place = PlaceFile(Path(tempfile.mkdtemp()) / "place")
    >>> place.read()
    >>> place.write(Place(EXPLAINING, 4, 8))
    >>> place.read().stop
    8
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, place: Place) -> None:
        """Keep it, by one call of the system; closing the file sends it to where it is shared."""
        with self._path.open("r+b" if self._path.exists() else "wb", buffering=0) as file:
            file.write(_packed(place))

    def read(self) -> Place | None:
        """The last one that was kept, or None."""
        with contextlib.suppress(OSError, struct.error):
            return Place(*_NUMBERS.unpack(self._path.read_bytes()))
        return None


class PlacePut(PlaceFile):
    """The same in an object store, where every place is a request: only where it must be.

    What is kept always covers the inputs that are worked on. So of some inputs that are worked on
    together it is written once, for all of them; and of an input that is alone at each step.

    Examples
    --------
    >>> from explainers.many.remote.paths import RemotePath
    >>> place = PlacePut(RemotePath("memory://doctest/place"))
    >>> for one in (Place(READING, 4, 8), Place(READING, 5, 6), Place(EXPLAINING, 4, 8)):
    ...     place.write(one)
    >>> place.read()
    Place(step=1, start=4, stop=8, done=0, failed=0, total=0)
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._kept = Place()

    def write(self, place: Place) -> None:
        """Keep it, unless what is kept covers it."""
        kept = self._kept
        several = kept.stop - kept.start > 1
        on_inputs = place.step in ON_INPUTS and kept.step in ON_INPUTS
        within = kept.start <= place.start and place.stop <= kept.stop
        if not (on_inputs and within and (several or place == kept)):
            self._path.write_bytes(_packed(place))
            self._kept = place


@dataclass
class SetAside:
    """Inputs that ended the process that worked on them.

    Attributes
    ----------
    tries : dict of int to int
        Index → how often its process ended. Those with one try are worked on alone.
    endings : dict of int to str
        Index → how, of those that are worked on no more.
    """

    tries: dict[int, int] = field(default_factory=dict)
    endings: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> SetAside:
        """What a run's folder knows."""
        try:
            told = json.loads((folder / "set_aside.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        return cls(
            {int(key): int(value) for key, value in told["tries"].items()},
            {int(key): str(value) for key, value in told["endings"].items()},
        )

    def suspect(self, place: Place, process: str, ending: str = "") -> None:
        """Count a try of the inputs at a place; one that was alone there twice is set aside.

        Parameters
        ----------
        place : Place
            Where the process was that ended.
        process : str
            What it is called: "process", "worker".
        ending : str
            How it ended, where that is known.

        Examples
        --------
        >>> aside = SetAside()
        >>> aside.suspect(Place(EXPLAINING, 4, 6), "worker")
        >>> aside.suspect(Place(EXPLAINING, 5, 6), "worker")
        >>> aside.tries, aside.endings
        ({4: 1, 5: 2}, {5: 'Explaining it ended its worker twice.'})
        """
        for index in range(place.start, place.stop):
            self.tries[index] = self.tries.get(index, 0) + 1
        if place.stop - place.start == 1 and self.tries[place.start] >= TRIES:
            how = f" ({ending})" if ending else ""
            self.endings[place.start] = (
                f"{ON_INPUTS[place.step]} it ended its {process} twice{how}."
            )

    def joined(self, other: SetAside) -> SetAside:
        """What both know."""
        tries = {
            index: max(self.tries.get(index, 0), other.tries.get(index, 0))
            for index in self.tries | other.tries
        }
        return SetAside(tries, self.endings | other.endings)

    def keep(self, folder: Path) -> None:
        """Write it into the run's folder."""
        told = {"tries": self.tries, "endings": self.endings}
        write_whole(folder / "set_aside.json", (json.dumps(told, indent=1) + "\n").encode())
