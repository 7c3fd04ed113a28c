"""Where a run's maps lie: an .npz a shard, or all in one zarr array."""

from __future__ import annotations

import io
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from explainers.many.keeping.folders import names_in, opened
from explainers.many.keeping.whole_files import write_whole


class MapFiles(Protocol):
    """The maps of a run, shard by shard."""

    @property
    def folder(self) -> Path:
        """Where they lie."""

    def write(self, number: int, maps: Mapping[int, np.ndarray]) -> None:
        """Keep a shard's maps by their inputs' indices. Problem where they cannot be written."""

    def has(self, number: int) -> bool:
        """Whether the maps of a shard are kept."""

    def numbers(self) -> set[int]:
        """Of the shards whose maps are kept."""

    def read(
        self, number: int, wanted: Container[int] | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of a shard's inputs that have one, in their order; of those wanted."""


class NpzMaps:
    """maps/00000.npz and so on, of whatever shapes.

    Parameters
    ----------
    folder : Path
        Of the files.

    Examples
    --------
    >>> import tempfile
    >>> maps = NpzMaps(Path(tempfile.mkdtemp()))
    >>> maps.write(2, {8: np.ones(2), 9: np.zeros(2)})
    >>> [(index, one.tolist()) for index, one in maps.read(2, {9})]
    [(9, [0.0, 0.0])]
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, number: int, maps: Mapping[int, np.ndarray]) -> None:
        """Keep a shard's maps: stacked, where they are of one shape."""
        buffer, indices = io.BytesIO(), np.array(list(maps), np.int64)
        if len({one.shape for one in maps.values()}) <= 1:
            # A shard without maps has an empty archive, so that every shard has both files.
            stacked = np.stack(list(maps.values())) if maps else np.zeros(0, np.float32)
            np.savez(buffer, index=indices, maps=stacked)
        else:
            each: dict[str, Any] = {f"map{index}": one for index, one in maps.items()}
            np.savez(buffer, index=indices, **each)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._path(number), buffer.getbuffer())

    def has(self, number: int) -> bool:
        """Whether the maps of a shard are kept."""
        return self._path(number).exists()

    def numbers(self) -> set[int]:
        """Of the shards whose maps are kept."""
        found = (name.partition(".") for name in names_in(self.folder))
        return {int(stem) for stem, _, ending in found if ending == "npz" and stem.isdecimal()}

    def read(
        self, number: int, wanted: Container[int] | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of a shard's inputs that have one."""
        with (
            opened(self._path(number)) as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            places = [
                (place, index)
                for place, index in enumerate(archive["index"].tolist())
                if wanted is None or index in wanted
            ]
            stacked = archive.get("maps") if places else None
            for place, index in places:
                yield index, archive[f"map{index}"] if stacked is None else stacked[place]

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:05d}.npz"
