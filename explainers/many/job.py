"""What a run is to do, all of it: fit to be sent to the process that does it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainers.many.networks import Given, Network
from explainers.many.question import Question
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Parse
from explainers.many.reading.members import Source
from explainers.many.remote.location import anywhere, is_alone

if TYPE_CHECKING:
    from explainers.models.spec import ModelSpec


@dataclass(frozen=True)
class Job:
    """All that a process needs to do a run's work; fit to be pickled where its network is.

    Attributes
    ----------
    model, spec, classes
        See `explainers.many.networks.opened`.
    source : str, Path, or sequence of them
    question : Question
        What is asked of each input.
    folder : Path
        Where the run is kept.
    shard : int
        Inputs a shard.
    parse : callable
        Reads a file.
    maps : str
        Where maps are kept: "npz" or "zarr".
    scratch : Path, optional
        A folder of this computer for what only this call needs; by default that of the run.
    """

    model: Given
    source: Source
    question: Question
    folder: Path
    spec: ModelSpec | None = None
    classes: tuple[str, ...] = ()
    shard: int = 256
    parse: Parse = parsed_file
    maps: str = "npz"
    scratch: Path | None = None

    @property
    def journal(self) -> Path:
        """The file that holds the place of this call, on this computer."""
        return (self.scratch or self.folder) / "journal"

    def asked(self, network: Network, spec: ModelSpec) -> dict[str, Any]:
        """All that decides the answers but the inputs, as plain data.

        Parameters
        ----------
        network : Network
            The job's, opened.
        spec : ModelSpec
            Completed by the data.
        """
        prepared = {k: v for k, v in asdict(spec).items() if k not in ("name", "weights")}
        return {
            "network": network.digest,
            "name": network.name,
            "prepared": prepared,
            **self.question.described(),
            "shard": self.shard,
            # Runs of before there was a choice go on.
            **({"maps": self.maps} if self.maps != "npz" else {}),
        }

    def anywhere(self) -> Job:
        """The same for a process that runs in another folder: its paths are whole, URLs are so.

        Examples
        --------
        >>> job = Job("signs", "photos", Question("saliency"), Path("out"))
        >>> job.anywhere().folder == Path.cwd() / "out"
        True
        """
        source: Source
        if is_alone(self.source):
            source = anywhere(self.source)
        else:
            source = [anywhere(one) for one in self.source]
        return replace(self, source=source, folder=self.folder.absolute(), scratch=None)
