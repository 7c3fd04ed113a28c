"""A run's results on the disk: a shard's maps, then its rows, each whole or not there at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from explainers.errors import Problem

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Row: TypeAlias = dict[str, Any]
"""What is known of one input; see SCHEMA."""

PART = ".part"
"""What the name of a file ends in until it is whole."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


OF_MAPS = (
    *("baseline_answer", "gap", "support", "opposition", "centre", "border"),
    *("deletion", "insertion", "chance", "proven", "overlap", "rank_correlation", "unchecked"),
)
"""Columns that a run without maps has not."""


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


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file so that it is whole or not there, whatever ends the process or the machine.

    Parameters
    ----------
    path : Path
    data : bytes

    Raises
    ------
    Problem
        Where the disk is full, or the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a"
    >>> write_whole(path, b"all")
    >>> path.read_bytes(), len(list(path.parent.iterdir()))
    (b'all', 1)
    """
    # Of its own name: another machine may still write the same, for a call that has ended.
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _keep_names(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in _FULL:
            raise Problem(
                f"The disk is full: {path.name} does not fit into {path.parent}. What was written "
                "is kept. Make room and start the same again; it goes on from there."
            ) from error
        raise Problem(f"{path} cannot be written: {error.strerror}. Choose another folder.") from (
            error
        )


class Shards:
    """The shards in a run's folder: rows/00000.parquet and maps/00000.npz, and so on.

    Those of a run without maps are rows alone, as their columns tell.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._rows, self._maps = folder / "rows", folder / "maps"

    def done(self) -> dict[int, int]:
        """Number → rows of each shard that is whole; one that cannot be read is made again."""
        found = {}
        for path in sorted(self._rows.glob("*.parquet")) if self._rows.is_dir() else []:
            with self._whole(int(path.stem)) as shard:
                if shard is not None:
                    found[int(path.stem)] = shard.metadata.num_rows
        return found

    def errors(self, number: int) -> list[str | None] | None:
        """What the rows of a shard say of their failures; None where it is not whole."""
        import pyarrow as pa

        with self._whole(number) as shard, contextlib.suppress(pa.ArrowInvalid, OSError):
            if shard is not None:
                found: list[str | None] = shard.read(columns=["error"])[0].to_pylist()
                return found
        return None

    @contextlib.contextmanager
    def _whole(self, number: int) -> Iterator[pq.ParquetFile | None]:
        """The rows of a shard, opened; None where it is not whole."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with contextlib.ExitStack() as opened:
            shard = None
            with contextlib.suppress(pa.ArrowInvalid, OSError):
                # Opened as a file: a path is taken for a data set of its folder.
                file = opened.enter_context((self._rows / f"{number:05d}.parquet").open("rb"))
                shard = opened.enter_context(pq.ParquetFile(file))
                mapped = "support" in shard.schema_arrow.names
                if mapped and not self._map_file(number).exists():
                    shard = None
            yield shard

    def _map_file(self, number: int) -> Path:
        return self._maps / f"{number:05d}.npz"

    def clear_parts(self) -> None:
        """Delete what was being written when a process ended."""
        for folder in (self._rows, self._maps, self._rows.parent):
            for path in folder.glob(f"*{PART}") if folder.is_dir() else []:
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
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._rows.mkdir(parents=True, exist_ok=True)
        if maps is not None:
            self._maps.mkdir(parents=True, exist_ok=True)
            write_whole(self._map_file(number), _archived(maps))
        named = [{**row, "name": _in_unicode(row["name"])} for row in rows]
        table = pa.Table.from_pylist(named, schema(maps is not None))
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        write_whole(self._rows / f"{number:05d}.parquet", buffer.getbuffer())

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """The rows that are there, in their order; of these columns, or all.

        Columns that there were not yet when a row was written hold None.
        """
        wanted = schema().names if columns is None else list(columns)
        for number in self.done():
            with self._whole(number) as shard:
                if shard is None:  # gone since
                    continue
                there = [name for name in wanted if name in shard.schema_arrow.names]
                found = shard.read(columns=there).to_pylist()
            lacking = dict.fromkeys(wanted)
            yield from (lacking | row for row in found)

    def maps(self, wanted: Container[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """(index, map) of every input that has one, in their order; of those that are wanted.

        Shards that hold none of these are not read.
        """
        for path in map(self._map_file, self.done()):
            if not path.exists():  # of a run without maps
                continue
            with np.load(path, allow_pickle=False) as archive:
                places = [
                    (place, index)
                    for place, index in enumerate(archive["index"].tolist())
                    if wanted is None or index in wanted
                ]
                stacked = archive.get("maps") if places else None
                for place, index in places:
                    yield index, archive[f"map{index}"] if stacked is None else stacked[place]


def _archived(maps: Mapping[int, np.ndarray]) -> memoryview:
    """The maps as .npz: stacked where they are of one shape."""
    buffer, indices = io.BytesIO(), np.array(list(maps), np.int64)
    if len({one.shape for one in maps.values()}) <= 1:
        # A shard without maps has an empty archive, so that every shard has both files.
        stacked = np.stack(list(maps.values())) if maps else np.zeros(0, np.float32)
        np.savez(buffer, index=indices, maps=stacked)
    else:
        each: dict[str, Any] = {f"map{index}": one for index, one in maps.items()}
        np.savez(buffer, index=indices, **each)
    return buffer.getbuffer()


def _in_unicode(name: str) -> str:
    """The name of a file, whose bytes may be no UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _keep_names(folder: Path) -> None:
    """Have the folder's own entries on the disk, where the system can be asked for it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
