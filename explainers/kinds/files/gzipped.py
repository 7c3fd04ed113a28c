"""Files packed by gzip or bgzip, unpacked to no more than may be read."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable

from explainers.errors import Problem

PACKED = ".gz"
_MAGIC = b"\x1f\x8b"
_SAVE = "Unpack it and upload what was in it, or pack it again by gzip."


def packed_too(suffixes: Iterable[str]) -> tuple[str, ...]:
    """The suffixes, and those of the same files packed by gzip.

    Examples
    --------
    >>> packed_too([".csv", ".tsv"])
    ('.csv', '.tsv', '.csv.gz', '.tsv.gz')
    """
    known = tuple(suffixes)
    return known + tuple(suffix + PACKED for suffix in known)


def unpacked(data: bytes, most: int) -> bytes:
    """What a gzip file holds, of one member or several, as bgzip writes them.

    Parameters
    ----------
    data : bytes
    most : int
        Bytes that may come out; nothing more is unpacked.

    Raises
    ------
    Problem
        Where it is no such file, is cut off, holds more, or is packed twice.

    Examples
    --------
    >>> import gzip
    >>> unpacked(gzip.compress(b"ACGT") + gzip.compress(b"TT"), 10)
    b'ACGTTT'
    """
    if not data.startswith(_MAGIC):
        raise Problem(f"The file's name ends in .gz, but it is not packed by gzip. {_SAVE}")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            whole = file.read(most + 1)
    except EOFError as error:
        raise Problem(f"This gzip file is cut off before its end. {_SAVE}") from error
    except (OSError, zlib.error) as error:
        raise Problem(f"This gzip file is damaged. {_SAVE}") from error
    if len(whole) > most:
        raise Problem(
            f"Unpacked, this file has more than {most / 1e6:,.0f} MB. Upload a part of it."
        )
    if whole.startswith(_MAGIC):
        raise Problem(f"This file is packed twice. {_SAVE}")
    if whole[257:262] == b"ustar" or whole.startswith(b"PK\x03\x04"):
        raise Problem(f"This is an archive of files, not one packed file. {_SAVE}")
    return whole
