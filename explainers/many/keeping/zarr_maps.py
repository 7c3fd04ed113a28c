"""A run's maps as one zarr array, which zarr and xarray open without loading it.

Evident's shards are zarr's: one file each, in which every map lies packed for itself, behind it
the places where they begin. So a shard is written whole, and one map is read without the others.
The layout is that of zarr 3, https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html, with
its sharding codec, https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explainers.errors import Problem
from explainers.many.keeping.folders import names_in
from explainers.many.keeping.whole_files import write_whole
from explainers.many.remote.location import is_remote
from explainers.models.spec import ModelSpec

NAME = "maps.zarr"
LEVEL = 3
"""Of zstd; more costs time and gains little on floats."""
_EMPTY = np.uint64(2**64 - 1)
"""Stands for the place and the length of what is not there."""
_SIDES = {
    "picture": ("down", "across"),
    "table": ("column",),
    "series": ("step", "variable"),
    "sequence": ("letter", "position"),
}


@dataclass(frozen=True)
class ZarrMaps:
    """maps.zarr: `maps` (inputs, …), float32, NaN where an input has no map; `input`, the indices.

    Attributes
    ----------
    folder : Path
        Of the zarr group.
    shape : tuple of int
        Of one map.
    total, shard : int
        Inputs in all, and of a shard.
    kind : str
        A key of KINDS.

    Examples
    --------
    >>> import tempfile
    >>> maps = ZarrMaps(Path(tempfile.mkdtemp()) / NAME, (2,), 10, 4, "table")
    >>> maps.write(2, {8: np.ones(2, "f4"), 9: np.zeros(2, "f4")})
    >>> [(index, one.tolist()) for index, one in ZarrMaps.opened(maps.folder).read(2, {9})]
    [(9, [0.0, 0.0])]
    """

    folder: Path
    shape: tuple[int, ...]
    total: int
    shard: int
    kind: str

    @classmethod
    def of(cls, folder: Path, spec: ModelSpec, total: int, shard: int) -> ZarrMaps:
        """Those of a new run, or one begun before.

        Parameters
        ----------
        folder : Path
            Of the run.
        spec : ModelSpec
            Completed by the data.
        total, shard : int

        Raises
        ------
        Problem
            Where maps are of several shapes.
        """
        if spec.kind == "picture" and spec.fit == "pad":
            raise Problem(
                "A zarr array holds maps of one shape; where pictures are padded, each map has its "
                'picture\'s. Leave out maps="zarr", or fit pictures otherwise.'
            )
        shape = spec.sides if spec.kind == "picture" else spec.shape
        maps = cls(folder / NAME, tuple(shape), total, shard, spec.kind)
        if maps.folder.is_dir():
            maps._describe()  # should that file have been lost, the maps would be, too
        return maps

    @classmethod
    def opened(cls, folder: Path) -> ZarrMaps:
        """Those that lie in a folder. Problem where what lies there cannot be read."""
        try:
            told = json.loads((folder / "maps" / "zarr.json").read_text(encoding="utf-8"))
            total, *shape = told["shape"]
            shard, kind = told["chunk_grid"]["configuration"]["chunk_shape"][0], told["attributes"]
            return cls(folder, tuple(shape), total, shard, kind["kind"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Problem(f"The maps in {folder} cannot be read.") from error

    def write(self, number: int, maps: Mapping[int, np.ndarray]) -> None:
        """Keep a shard's maps, each packed for itself, and behind them where each begins."""
        import pyarrow as pa

        codec = pa.Codec("zstd", LEVEL)
        parts, places, at = [], np.full((self.shard, 2), _EMPTY, "<u8"), 0
        for index, one in maps.items():
            if one.shape != self.shape:
                raise Problem(
                    f"A zarr array holds maps of one shape, here {self.shape}; that of input "
                    f'{index} has {one.shape}. Leave out maps="zarr".'
                )
            packed = codec.compress(np.ascontiguousarray(one, "<f4"), asbytes=True)
            parts.append(packed)
            places[index - number * self.shard] = at, len(packed)
            at += len(packed)
        self._describe()
        path = self._path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, b"".join([*parts, places.tobytes()]))

    def has(self, number: int) -> bool:
        """Whether the maps of a shard are kept."""
        return self._path(number).exists()

    def numbers(self) -> set[int]:
        """Of the shards whose maps are kept."""
        found = {int(name) for name in names_in(self.folder / "maps" / "c") if name.isdecimal()}
        # On a disk a folder may be there without its file.
        return found if is_remote(self.folder) else {one for one in found if self.has(one)}

    def read(
        self, number: int, wanted: Container[int] | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of a shard's inputs that have one; others are not unpacked."""
        import pyarrow as pa

        codec, size = pa.Codec("zstd"), 4 * int(np.prod(self.shape))
        with self._path(number).open("rb") as file:
            file.seek(-16 * self.shard, 2)
            end, places = file.tell(), np.frombuffer(file.read(), "<u8").reshape(self.shard, 2)
            for index, (at, length) in enumerate(places, number * self.shard):
                if at == _EMPTY or (wanted is not None and index not in wanted):
                    continue
                if int(at) + int(length) > end:
                    raise ValueError("a map lies beyond its shard")
                file.seek(int(at))
                data = codec.decompress(file.read(int(length)), size, asbytes=True)
                yield index, np.frombuffer(data, "<f4").reshape(self.shape).copy()

    def _path(self, number: int) -> Path:
        return self.folder.joinpath("maps", "c", str(number), *["0"] * len(self.shape))

    def _describe(self) -> None:
        """Write what the arrays are, and the indices; the group's own words last."""
        if (self.folder / "zarr.json").exists():
            return
        packing = [_codec("bytes", endian="little"), _codec("zstd", level=LEVEL, checksum=False)]
        inner = _codec(
            "sharding_indexed",
            chunk_shape=[1, *self.shape],
            codecs=packing,
            index_codecs=[_codec("bytes", endian="little")],
            index_location="end",
        )
        maps = _array((self.total, *self.shape), "float32", self.shard, "NaN", [inner])
        maps |= {
            "dimension_names": ["input", *_SIDES[self.kind]],
            "attributes": {"kind": self.kind},
        }
        indices = _array((self.total,), "int64", max(self.total, 1), 0, packing[:1])
        indices |= {"dimension_names": ["input"]}
        members = {"input": indices, "maps": maps}
        (self.folder / "input" / "c").mkdir(parents=True, exist_ok=True)
        (self.folder / "maps").mkdir(exist_ok=True)
        write_whole(self.folder / "input" / "c" / "0", np.arange(self.total, dtype="<i8").tobytes())
        for name, told in members.items():
            _write(self.folder / name, told)
        together = {"kind": "inline", "must_understand": False, "metadata": members}
        group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
        _write(self.folder, group | {"consolidated_metadata": together})


def _array(
    shape: tuple[int, ...], kind: str, chunk: int, fill: object, codecs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": kind,
        "chunk_grid": _codec("regular", chunk_shape=[chunk, *shape[1:]]),
        "chunk_key_encoding": _codec("default", separator="/"),
        "fill_value": fill,
        "codecs": codecs,
        "attributes": {},
    }


def _codec(name: str, **configuration: Any) -> dict[str, Any]:
    return {"name": name, "configuration": configuration}


def _write(folder: Path, told: dict[str, Any]) -> None:
    write_whole(folder / "zarr.json", (json.dumps(told, indent=1) + "\n").encode())
