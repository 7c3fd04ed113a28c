"""What the workers are told: a job in a file of the run's folder, and a few words over the wire."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from explainers.errors import Problem, typed_line
from explainers.locations import code_version
from explainers.many.cluster.attempts import FOLDER, clear
from explainers.many.job import Job
from explainers.many.keeping import manifest
from explainers.many.keeping.whole_files import write_whole
from explainers.many.reading.listing import Listing
from explainers.many.remote.location import location
from explainers.many.work import Begun


@dataclass(frozen=True)
class Assignment:
    """What a worker opens once, and keeps.

    Attributes
    ----------
    job : Job
        Its paths are whole.
    network : str
        The digest that its network must have.
    classes : tuple of str
        Names of its outputs.
    listing : Listing
        Of the source.
    """

    job: Job
    network: str
    classes: tuple[str, ...]
    listing: Listing


@dataclass(frozen=True)
class Ticket:
    """What goes over the wire beside a shard's number: words.

    Attributes
    ----------
    folder : str
        Of the run.
    token : str
        Of this call. Its file goes when the call ends; shards that still run then stop.
    digest : str
        SHA-256 of the file with the assignment, which is unpickled only where it has this one.
    needs : dict of str to str
        What a worker must have: library → version.
    """

    folder: str
    token: str
    digest: str
    needs: dict[str, str]

    @property
    def told(self) -> tuple[str, str, str, dict[str, str]]:
        """As it goes over the wire."""
        return self.folder, self.token, self.digest, self.needs

    @property
    def path(self) -> Path:
        """The file with the assignment."""
        return location(self.folder) / FOLDER / f"{self.token}.job"

    @property
    def wanted(self) -> bool:
        """Whether the call that asked still goes on."""
        return self.path.exists()

    def read(self) -> Assignment:
        """The assignment. Problem where it is not what was written."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise Problem(
                f"it does not find the run in {self.folder} ({error.strerror}). Share the folder, "
                "and that of the inputs, with all workers, at the same path."
            ) from error
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise Problem(f"in {self.folder} it finds another job than it was given.")
        try:
            found = pickle.loads(data)
        except Exception as error:
            raise Problem(
                f"it cannot open the network: {typed_line(error)}. What defines it must be "
                "importable there."
            ) from error
        if not isinstance(found, Assignment):
            raise Problem(f"in {self.folder} it finds another job than it was given.")
        return found


def versions() -> dict[str, str]:
    """What must be alike wherever a run is worked on: libraries, and the code of Evident.

    Examples
    --------
    >>> sorted(versions())[:3]
    ['Evident', 'dask', 'distributed']
    """
    wire = {name: metadata.version(name) for name in ("dask", "distributed")}
    return {"Evident": code_version(), **wire, **manifest.versions()}


def demand_alike(needs: dict[str, str]) -> None:
    """Problem where this process has other versions than a run needs."""
    here = versions()
    other = [
        f"{name} {here.get(name, 'none')[:12]} instead of {needed[:12]}"
        for name, needed in needs.items()
        if here.get(name) != needed
    ]
    if other:
        raise Problem(
            f"it has {', '.join(other)}. Start it anew, with the same Python and the same copy of "
            "Evident as this process."
        )


@contextlib.contextmanager
def assigned(job: Job, begun: Begun) -> Iterator[Ticket]:
    """While the block runs, workers find the job in the run's folder.

    Parameters
    ----------
    job : Job
    begun : Begun
        The same, opened.

    Raises
    ------
    Problem
        Where the network cannot be sent.
    """
    import cloudpickle

    whole = job.anywhere()
    try:
        network = begun.network.digest, begun.network.classes
        data = cloudpickle.dumps(Assignment(whole, *network, begun.inputs.listing))
    except Exception as error:
        raise Problem(
            f"This network cannot be sent to workers: {typed_line(error)}. Define it in a module "
            "that can be imported, or leave backend=."
        ) from error
    ticket = Ticket(
        str(whole.folder), secrets.token_hex(8), hashlib.sha256(data).hexdigest(), versions()
    )
    ticket.path.parent.mkdir(parents=True)
    write_whole(ticket.path, data)
    try:
        yield ticket
    finally:
        ticket.path.unlink(missing_ok=True)
        clear(whole.folder)
