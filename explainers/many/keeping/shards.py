"""A run's results on the disk: a shard's maps, then its rows, each whole or not there at all."""

from __future__ import annotations

import contextlib
import functools
import io
import zipfile
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np

from explainers.errors import Problem
from explainers.many.keeping import zarr_maps
from explainers.many.keeping.folders import names_in, opened, opened_each
from explainers.many.keeping.map_files import MapFiles, NpzMaps
from explainers.many.keeping.whole_files import PART, write_whole
from explainers.many.remote.location import is_remote

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Row: TypeAlias = dict[str, Any]
"""What is known of one input; see SCHEMA."""


OF_MAPS = (
    *("baseline_answer", "gap", "support", "opposition", "centre", "border"),
    *("deletion", "insertion", "chance", "proven", "overlap", "rank_correlation", "unchecked"),
)
"""Columns that a run without maps has not."""
_TELLS = {"proof": "proven", "agreement": "overlap"}
"""A column that each check fills."""


def schema(mapped: bool = True) -> pa.Schema:
    """The columns of the rows, a row an input; without `mapped` those of a run without maps.

    index, name, digest
        Its place in the source, from 0; what it is called; SHA-256 of its file.
    label
        The class after which its folder is named, see `explainers.many.summary.labels`.
    class, class_name
        The output that is explained, or told: the highest, unless one was asked for.
    answer, baseline_answer
        Its score on the input and on the baseline, in the form that was asked for. Without maps
        the probability of the class, or the number, where answers are numbers.
    confidence
        The probability of the class; of answers that are no classes nothing.
    gap
        The completeness gap; nothing for methods that promise none.
    support, opposition, centre, border
        See `explainers.many.evidence.Evidence`.
    deletion, insertion, chance, proven
        Of a run with the check "proof": areas under the map's curves, insertion less deletion of
        random orders, and whether the map beats these; see `explainers.checks.proof.Proof`.
    overlap, rank_correlation
        Of a run with the check "agreement": the share of the hottest tenth in common with the maps
        of other methods, and the rank correlation, each the mean over these; see
        `explainers.checks.agreement`.
    unchecked
        Why a check could not be made: a sentence, else nothing.
    seconds
        Of its share of the passes, checks included.
    error
        Why it has no answer: a sentence, else nothing.
    """
    import pyarrow as pa

    number = pa.float64()
    whole = pa.schema(
        [
            ("index", pa.int64()),
            ("name", pa.string()),
            ("digest", pa.string()),
            ("label", pa.string()),
            ("class", pa.int64()),
            ("class_name", pa.string()),
            ("answer", number),
            ("confidence", number),
            ("baseline_answer", number),
            ("gap", number),
            ("support", number),
            ("opposition", number),
            ("centre", pa.list_(number)),
            ("border", number),
            ("deletion", number),
            ("insertion", number),
            ("chance", number),
            ("proven", pa.bool_()),
            ("overlap", number),
            ("rank_correlation", number),
            ("unchecked", pa.string()),
            ("seconds", number),
            ("error", pa.string()),
        ]
    )
    return whole if mapped else pa.schema([one for one in whole if one.name not in OF_MAPS])


class Shards:
    """The shards in a run's folder: rows/00000.parquet, maps/00000.npz, and so on.

    Those of a run without maps are rows alone, as their columns tell.

    Parameters
    ----------
    folder : Path
    maps : MapFiles, optional
        Where maps are written; by default where they lie, else in .npz files.
    checks : sequence of str
        Keys of `explainers.many.checking.map_checks.CHECKS`: a shard whose maps lack one of these
        is not whole.
    """

    def __init__(
        self, folder: Path, maps: MapFiles | None = None, checks: Sequence[str] = ()
    ) -> None:
        self._rows, self._checks = folder / "rows", tuple(checks)
        if maps is None and (folder / zarr_maps.NAME / "zarr.json").exists():
            maps = zarr_maps.ZarrMaps.opened(folder / zarr_maps.NAME)
        self._maps: MapFiles = maps or NpzMaps(folder / "maps")

    def done(self) -> dict[int, int]:
        """Number → rows of each shard that is whole; one that cannot be read is made again."""
        found = {}
        for number, shard in self._each():
            if shard is not None:
                found[number] = shard.metadata.num_rows
        return found

    def errors(self, number: int) -> list[str | None] | None:
        """What the rows of a shard say of their failures; None where it is not whole."""
        import pyarrow as pa

        with self._whole(number) as shard, contextlib.suppress(pa.ArrowInvalid, OSError):
            if shard is not None:
                found: list[str | None] = shard.read(columns=["error"])[0].to_pylist()
                return found
        return None

    def _path(self, number: int) -> Path:
        return self._rows / f"{number:05d}.parquet"

    def _each(self) -> Iterator[tuple[int, pq.ParquetFile | None]]:
        """(number, rows) of each shard that there is, in their order; None for one not whole."""
        found = (name.partition(".") for name in names_in(self._rows))
        numbers = sorted(
            int(stem) for stem, _, end in found if end == "parquet" and stem.isdecimal()
        )
        mapped = self._maps.numbers() if numbers else set()
        files = opened_each([self._path(number) for number in numbers])
        for number, file in zip(numbers, files, strict=True):
            if file is None:
                yield number, None
                continue
            with file, self._parsed(file, functools.partial(mapped.__contains__, number)) as shard:
                yield number, shard

    @contextlib.contextmanager
    def _whole(self, number: int) -> Iterator[pq.ParquetFile | None]:
        """The rows of a shard, opened; None where it is not whole."""
        with contextlib.ExitStack() as stack:
            shard = None
            with contextlib.suppress(OSError):
                # Opened as a file: a path is taken for a data set of its folder.
                file = stack.enter_context(opened(self._path(number)))
                has = functools.partial(self._maps.has, number)
                shard = stack.enter_context(self._parsed(file, has))
            yield shard

    @contextlib.contextmanager
    def _parsed(
        self, file: IO[bytes], has_maps: Callable[[], bool]
    ) -> Iterator[pq.ParquetFile | None]:
        """The same of a file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with contextlib.ExitStack() as stack:
            shard = None
            with contextlib.suppress(pa.ArrowInvalid, OSError):
                shard = stack.enter_context(pq.ParquetFile(file))
                mapped = "support" in shard.schema_arrow.names
                unchecked = self._checks and set(self._checks) - set(_checks_of(shard))
                if unchecked or (mapped and not has_maps()):
                    shard = None
            yield shard

    def clear_parts(self) -> None:
        """Delete what was being written when a process ended; an object store keeps no part."""
        if is_remote(self._rows):
            return
        parts = [*self._rows.parent.glob(f"*{PART}"), *self._rows.glob(f"*{PART}")]
        for path in [*parts, *self._maps.folder.rglob(f"*{PART}")]:
            path.unlink(missing_ok=True)

    def write(
        self, number: int, rows: Sequence[Row], maps: Mapping[int, np.ndarray] | None
    ) -> None:
        """Keep a shard: maps by their inputs' indices, then the rows, which say that it is done.

        A run without maps has None.

        Raises
        ------
        Problem
            Where the disk is full, or the folder cannot be written.
        """
        if maps is not None:
            self._maps.write(number, maps)
        self.write_rows(number, rows, mapped=maps is not None)

    def write_rows(self, number: int, rows: Sequence[Row], mapped: bool = True) -> None:
        """Keep the rows of a shard, whose maps are there already."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._rows.mkdir(parents=True, exist_ok=True)
        named = [{**row, "name": _in_unicode(row["name"])} for row in rows]
        table = pa.Table.from_pylist(named, schema(mapped))
        table = table.replace_schema_metadata({"checks": " ".join(self._checks)})
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        write_whole(self._path(number), buffer.getbuffer())

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """The rows that are there, in their order; of these columns, or all.

        Columns that there were not yet when a row was written hold None.
        """
        for _, shard in self._each():
            if shard is not None:
                yield from _rows_of(shard, columns)

    def rows_of(self, number: int, columns: Sequence[str] | None = None) -> list[Row] | None:
        """The rows of a shard; None where it is not whole."""
        with self._whole(number) as shard:
            return None if shard is None else _rows_of(shard, columns)

    def checks_of(self, number: int) -> tuple[str, ...]:
        """By what the maps of a shard were checked."""
        with self._whole(number) as shard:
            return () if shard is None else _checks_of(shard)

    def maps_of(self, number: int) -> dict[int, np.ndarray]:
        """The maps of a shard, by index."""
        return dict(self._read(number))

    def maps(self, wanted: Container[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of every input that has one, in their order; of those that are wanted.

        Shards that hold none of these are not read.
        """
        done = self.done()
        mapped = self._maps.numbers()  # later: of a run that goes on, maps come before rows
        for number in done:
            if number in mapped:  # else of a run without maps
                yield from self._read(number, wanted)

    def _read(
        self, number: int, wanted: Container[int] | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        try:
            yield from self._maps.read(number, wanted)
        except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile) as error:
            raise Problem(
                f"The maps of shard {number} in {self._maps.folder} cannot be read: the file was "
                f"damaged. Delete rows/{number:05d}.parquet; they are then made again."
            ) from error


def _rows_of(shard: pq.ParquetFile, columns: Sequence[str] | None) -> list[Row]:
    wanted = schema().names if columns is None else list(columns)
    there = [name for name in wanted if name in shard.schema_arrow.names]
    lacking = dict.fromkeys(wanted)
    return [lacking | row for row in shard.read(columns=there).to_pylist()]


def _checks_of(shard: pq.ParquetFile) -> tuple[str, ...]:
    """By what its maps were checked: as it says, or, where it is older, as its columns show."""
    told = (shard.schema_arrow.metadata or {}).get(b"checks")
    if told is not None:
        return tuple(told.decode().split())
    there = [name for name in _TELLS.values() if name in shard.schema_arrow.names]
    columns = shard.read(columns=there)
    filled = {name for name in there if columns[name].null_count < len(columns)}
    return tuple(check for check, name in _TELLS.items() if name in filled)


def _in_unicode(name: str) -> str:
    """The name of a file, whose bytes may be no UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
